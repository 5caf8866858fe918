"""The faults of reliability.md in full length, over and over: the tests marked with a row of its table."""
