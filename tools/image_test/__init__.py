"""The image, built from nothing and run as an engine would: `make image-test`. As root; standard library only."""
