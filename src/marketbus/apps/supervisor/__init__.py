"""`marketbus up`: the bus, one process per gateway, and what to do when one of them ends."""
