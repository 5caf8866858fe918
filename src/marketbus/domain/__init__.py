"""What things are. Pure: no I/O, no clock, no SDK."""
