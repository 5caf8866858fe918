"""What the supervisor answers over HTTP: health for machines and people, metrics for Prometheus."""
