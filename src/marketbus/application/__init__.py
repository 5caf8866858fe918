"""What the bus does, one module per use case."""
