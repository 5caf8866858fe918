"""`marketbus check`: is everything there, and if not, what to do."""
