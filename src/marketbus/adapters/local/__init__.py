"""What goes on between processes of one machine without a bus: the kill switch's second way."""
