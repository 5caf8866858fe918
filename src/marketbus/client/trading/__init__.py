"""Orders, and what an account says: sent once, followed without a hole."""
