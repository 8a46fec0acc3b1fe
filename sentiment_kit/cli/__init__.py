"""The command line: one file a command, and the only place of the package that prints."""

from __future__ import annotations

import io
import sys

from sentiment_kit.cli.app import app
from sentiment_kit.errors import SentimentKitError


def main() -> None:
    """Run the command line; an expected failure is one line on standard error and exit code 1."""
    for stream in (sys.stdin, sys.stdout):
        if isinstance(stream, io.TextIOWrapper):  # a redirect may have the encoding of the machine, not of the texts
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        app()
    except SentimentKitError as error:
        print(f"error {error}", file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:  # the reader of our output has gone, as in `sentiment-kit analyze ... | head`
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:  # no permission, a full disk
        print(f"error {error}", file=sys.stderr)
        sys.exit(1)
