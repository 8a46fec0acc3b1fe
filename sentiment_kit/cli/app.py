"""The commands put together. Each command imports what it needs when it runs, so that --help is quick."""

from __future__ import annotations

import typer

from sentiment_kit.cli.analyze import analyze
from sentiment_kit.cli.evaluate import evaluate
from sentiment_kit.cli.info import info
from sentiment_kit.cli.report import report
from sentiment_kit.cli.score import score

app = typer.Typer(
    name="sentiment-kit",
    help="Customer feedback in Japanese, Ukrainian, Persian and English: language, sentiment, complaint themes, and "
    "the phrases of customers who are about to leave. Offline, from one small model.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(analyze)
app.command()(score)
app.command()(report)
app.command()(evaluate)
app.command()(info)
