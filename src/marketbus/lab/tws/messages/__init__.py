"""What the simulated TWS says, one module a family. Each message knows the step by which a fault can name it.

Layouts: facts read off the decoder of ibapi 10.50, field by field; tests/unit/lab/tws judge every one of them.
"""
