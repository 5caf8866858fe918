"""`marketbus permits`: users and roles in, nats-server's configuration, keys and certificates out."""
