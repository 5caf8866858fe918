"""The core under the compiler's sanitizers: `make native-test`, beside the suite, which it would slow down."""
