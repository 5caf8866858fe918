"""What marketbus carries on this machine, next to what its users run today. `python -m benchmarks`."""
