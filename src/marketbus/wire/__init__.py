"""The contract on the bus: subjects, payloads, RPC."""
