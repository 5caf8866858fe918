"""The live table of last values on a terminal."""
