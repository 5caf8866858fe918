"""Composition root: configuration, supervisor, command line."""
