"""One suite for every gateway: numbered cards, each run for the gateways that declare what it needs.

A gateway joins by a registration in `tests/contract/gateways`; docs/adding-a-gateway.md has the table of cards.
"""
