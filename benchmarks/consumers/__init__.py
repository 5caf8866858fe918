"""Processes that consume ticks and keep a ledger of them."""
