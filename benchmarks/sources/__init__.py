"""Venues that a lane is put in front of."""
