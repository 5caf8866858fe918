"""`python -m benchmarks [CASE…] [--seconds N]`."""

import sys

from benchmarks.command import main

if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
