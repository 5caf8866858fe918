"""Orders: one path to the venue, written down before every step. Read desk.py first, then reconciliation.py."""
