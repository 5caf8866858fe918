"""The bus side: NATS."""
