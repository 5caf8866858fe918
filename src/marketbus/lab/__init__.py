"""Simulated counterparties on the venues' real protocols, over one deterministic market."""
