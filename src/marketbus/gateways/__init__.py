"""The venue side: one folder, one venue."""
