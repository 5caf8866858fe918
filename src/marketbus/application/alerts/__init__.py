"""From log records to messages in operators' hands: chosen, deduplicated, rate-limited, worded, delivered."""
