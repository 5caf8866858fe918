"""Ways from one venue to a consumer: ours, and what users run today."""
