"""The SDK: what an application needs to use the bus."""
