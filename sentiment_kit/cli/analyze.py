"""``sentiment-kit analyze``: texts from the command line or standard input, results to read or as JSON lines."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Annotated, Optional

import typer

from sentiment_kit.cli.options import Language, Model, Patterns, Threads


def analyze(
    texts: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Argument(metavar="[TEXT]...", help="Texts. Without any, each line of standard input is one."),
    ] = None,
    lang: Language = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a text, the same as Analysis.to_dict().")
    ] = False,
    model: Model = None,
    patterns: Patterns = None,
    threads: Threads = None,
) -> None:
    """Analyse texts: language, sentiment, complaint themes, churn phrases.

    Examples:
      sentiment-kit analyze "Third email, no answer. I won't be ordering here again."

      sentiment-kit analyze --json < reviews.txt > reviews.jsonl
    """
    from sentiment_kit.analyzer import Analyzer
    from sentiment_kit.cli.display import console, print_analysis

    if texts is None and sys.stdin.isatty():
        print("Type a text a line; end with Ctrl-D.", file=sys.stderr)
    analyzer = Analyzer(model, patterns=patterns or (), threads=threads)
    out = console()
    failed = False
    for analysis in analyzer.stream(texts if texts is not None else _lines(sys.stdin), lang):
        failed = failed or analysis.error is not None
        if as_json:
            sys.stdout.write(json.dumps(analysis.to_dict(), ensure_ascii=False) + "\n")
        else:
            print_analysis(out, analysis)
    if failed and texts is not None:
        raise typer.Exit(1)


def _lines(stream: Iterable[str]) -> Iterable[str]:
    return (line.rstrip("\r\n") for line in stream)
