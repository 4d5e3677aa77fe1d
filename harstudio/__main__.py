"""``python -m harstudio``."""

import sys

from harstudio.cli import main

if __name__ == "__main__":
    sys.exit(main())
