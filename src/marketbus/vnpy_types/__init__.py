"""Domain objects to vnpy objects and back."""
