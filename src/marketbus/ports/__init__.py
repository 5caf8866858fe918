"""What the application needs, as small protocols."""
