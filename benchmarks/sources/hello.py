"""The event by which a peer's consumer learns that its subscription has arrived: ZeroMQ does not say."""

EVENT_HELLO = "eBenchmarkHello"
