"""How results look in a terminal."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sentiment_kit.results import Analysis
from sentiment_kit.taxonomy import CHURN_LEVELS, LANGUAGES, SENTIMENTS, UNDETERMINED

if TYPE_CHECKING:
    from sentiment_kit.batch.summary import Summary

_SENTIMENT_STYLE = {"negative": "red", "neutral": "yellow", "positive": "green"}
_LEVEL_STYLE = {"none": "dim", "low": "yellow", "medium": "dark_orange", "high": "bold red"}
_PHRASE_STYLE = "bold reverse"
_AROUND = 60


def console() -> Console:
    """Return a console on standard output that wraps nothing and keeps customers' brackets as they are."""
    return Console(soft_wrap=True, highlight=False, markup=False, emoji=False)


def print_analysis(out: Console, analysis: Analysis) -> None:
    """Print one analysis: the text with its churn phrases marked, then what was found."""
    out.print(highlighted(analysis))
    if analysis.error is not None:
        out.print(Text(f"    error {analysis.error}", "red"))
        return
    if analysis.sentiment is None or analysis.churn is None:
        out.print(
            Text("    language not one of ja, uk, fa, en, or not to be told; not scored (--lang overrides)", "dim")
        )
        return
    score = analysis.sentiment.scores[analysis.sentiment.label]
    line = Text("    ").append(analysis.language.code).append("  ")
    line.append(f"{analysis.sentiment.label} {score:.2f}", _SENTIMENT_STYLE[analysis.sentiment.label])
    if analysis.themes:
        line.append("  themes: " + ", ".join(f"{theme.name} {theme.score:.2f}" for theme in analysis.themes))
    line.append("  churn: ").append(
        f"{analysis.churn.level} {analysis.churn.score:.2f}", _LEVEL_STYLE[analysis.churn.level]
    )
    out.print(line)
    for phrase in analysis.churn.phrases:
        out.print(Text("    ").append(f"{phrase.kind}: ", "bold").append(phrase.text))


def highlighted(analysis: Analysis, around: int | None = None) -> Text:
    """Return the text with its churn phrases marked by colour and by ⟦ ⟧, which plain output keeps.

    Args:
        analysis: The analysis.
        around: Characters to show before the first phrase and after the last; by default the whole text.
    """
    phrases = analysis.churn.phrases if analysis.churn else ()
    first, last = 0, len(analysis.text)
    if around is not None and phrases:
        first, last = max(0, phrases[0].start - around), min(last, phrases[-1].end + around)
    result = Text("…" if first else "")
    place = first
    for phrase in phrases:
        result.append(_one_line(analysis.text[place : phrase.start]))
        result.append(f"⟦{_one_line(phrase.text)}⟧", _PHRASE_STYLE)
        place = phrase.end
    result.append(_one_line(analysis.text[place:last]))
    return result.append("…" if last < len(analysis.text) else "")


def _one_line(text: str) -> str:
    return text.replace("\r", " ").replace("\n", " ").encode("utf-8", "replace").decode()


def print_summary(out: Console, summary: Summary) -> None:
    """Print what a run found: counts by language, complaint themes, churn, and the surest leaving customers."""
    table = Table(title=f"{summary.rows:,} rows", title_justify="left", box=None, pad_edge=False)
    for name in ("language", "rows", *SENTIMENTS):
        table.add_column(name, justify="left" if name == "language" else "right")
    for code in (*LANGUAGES, UNDETERMINED):
        if summary.languages[code]:
            counts = [summary.sentiments[code, label] for label in SENTIMENTS]
            table.add_row(code, f"{summary.languages[code]:,}", *(f"{count:,}" if count else "-" for count in counts))
    out.print(table)
    _print_counts(out, "complaint themes", summary.themes)
    _print_counts(out, "churn risk", Counter({level: summary.levels[level] for level in reversed(CHURN_LEVELS)}))
    _print_counts(out, "churn phrases", summary.kinds)
    for code, count in summary.errors.most_common():
        out.print(Text(f"{count:,} rows not scored, such as {summary.messages[code]}", "red"))
    examples = summary.examples()
    if examples:
        out.print(Text("\nAbout to leave, in their own words:", "bold"))
    for analysis in examples:
        assert analysis.churn is not None  # noqa: S101  only flagged analyses are kept
        kinds = ", ".join(dict.fromkeys(phrase.kind for phrase in analysis.churn.phrases))
        head = Text(f"  {analysis.language.code} ").append(
            f"{analysis.churn.level:<6}", _LEVEL_STYLE[analysis.churn.level]
        )
        out.print(head.append(f" {kinds}\n      ").append_text(highlighted(analysis, _AROUND)))


def _print_counts(out: Console, title: str, counts: Counter[str]) -> None:
    shown = [f"{name} {count:,}" for name, count in counts.most_common() if count]
    if shown:
        out.print(Text(f"{title}: ", "bold").append(", ".join(shown)))
