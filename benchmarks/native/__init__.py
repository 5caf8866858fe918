"""Programs in C that the benchmark builds for itself."""
