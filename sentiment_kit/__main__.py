"""Run the command line with ``python -m sentiment_kit``."""

from sentiment_kit.cli import main

main()
