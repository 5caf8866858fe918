"""What an order may not do: one rule after the other, and the book that counts and reserves."""
