"""The bus and disk side: each module implements a port."""
