"""``sentiment-kit evaluate``: the figures of a model on labelled feedback, beside those of baselines."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from sentiment_kit.cli.options import Model, Patterns, Threads
from sentiment_kit.errors import CorpusError, MissingExtraError
from sentiment_kit.taxonomy import LANGUAGES

if TYPE_CHECKING:
    from sentiment_kit.analyzer import Analyzer

_ORDINARY = 6000


def evaluate(
    corpora: Annotated[
        Path, typer.Option("--corpora", help="Folder with feedback/ and churn/ of the project's own.")
    ] = Path("corpora"),
    examples: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--examples", help="Table of examples that scripts/build_corpora.py wrote. By default own texts."),
    ] = None,
    side: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option("--side", help="Sides to measure: test (the default), dev, eval; may be repeated."),
    ] = None,
    churn: Annotated[bool, typer.Option("--churn", help="Measure churn phrases and risk instead.")] = False,
    suites: Annotated[
        bool, typer.Option("--suites", help="Run the suites instead: negation, neutral questions, swapped names.")
    ] = False,
    baselines: Annotated[
        bool, typer.Option("--baselines", help="Train TF-IDF + logistic regression too (minutes; needs --examples).")
    ] = False,
    by_set: Annotated[bool, typer.Option("--by-set", help="Add a row for each set.")] = False,
    output: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--json", metavar="FILE", help="Write the figures as JSON too."),
    ] = None,
    model: Model = None,
    patterns: Patterns = None,
    threads: Threads = None,
) -> None:
    """Measure a model on labelled texts and print a table in Markdown.

    Run it in a checkout, which has the texts: the test part of corpora/feedback and corpora/churn. With --examples
    the rows of that table are measured; beside --churn it only adds false alarms among its positive reviews. Intervals
    are 95 % bootstrap intervals. Needs the 'train' extra.

    Examples:
      sentiment-kit evaluate
      sentiment-kit evaluate --churn
      sentiment-kit evaluate --suites
      sentiment-kit evaluate --examples build/corpora/examples.parquet --side dev --side eval --baselines
    """
    from sentiment_kit.analyzer import Analyzer

    if suites:
        given = {"--churn": churn, "--examples": examples, "--side": side, "--by-set": by_set, "--baselines": baselines}
        _refuse("--suites", given)
    elif churn:
        _refuse("--churn", {"--side": side, "--by-set": by_set, "--baselines": baselines})
    try:
        import datasets  # noqa: F401
        import sklearn  # noqa: F401
    except ImportError as error:
        raise MissingExtraError.needs("train", "evaluate") from error
    if not (corpora / "feedback").is_dir():
        found = f"there is no folder {corpora / 'feedback'}"
        raise CorpusError("SK621", f"{found}; run it in a checkout, or name its corpora with --corpora")
    if baselines and examples is None:
        raise CorpusError("SK622", "--baselines learn from the training texts; name the table with --examples")
    analyzer = Analyzer(model, patterns=patterns or (), threads=threads)
    if suites:
        rows = _suites(analyzer, corpora)
    elif churn:
        rows = _churn(analyzer, corpora, examples)
    else:
        rows = _model(analyzer, corpora, examples, side or ["test"], baselines=baselines, by_set=by_set)
    if output is not None:
        text = json.dumps(rows, ensure_ascii=False, indent=1, default=asdict)
        output.write_text(text + "\n", encoding="utf-8")


def _refuse(mode: str, given: dict[str, Any]) -> None:
    """Refuse options that would have no effect on what is measured."""
    idle = [name for name, value in given.items() if value]
    if idle:
        raise CorpusError("SK627", f"{', '.join(idle)} cannot be used with {mode}; leave out one or the other")


def _model(  # noqa: PLR0917
    analyzer: Analyzer, corpora: Path, examples: Path | None, sides: list[str], *, baselines: bool, by_set: bool
) -> list[dict[str, Any]]:
    from sentiment_kit.training.evaluation import compare, load_sides, markdown

    wanted = ["train", "dev", *sides] if baselines else sides
    features = None
    if baselines:
        from sentiment_kit.training.baseline import character_ngrams

        features = {"TF-IDF": character_ngrams()}
    tables = load_sides(examples, corpora, wanted)
    rows = compare(analyzer.encoder, tables, lambda line: print(line, file=sys.stderr), features, by_set=by_set)
    rows = [row for row in rows if row["side"] in sides]
    print(markdown(rows))
    return rows


def _suites(analyzer: Analyzer, corpora: Path) -> list[dict[str, Any]]:
    from sentiment_kit.training.evaluation import markdown
    from sentiment_kit.training.suites import run_suites

    rows = [_plain(figures) for figures in run_suites(analyzer, corpora / "suites")]
    print(markdown([{name: value for name, value in row.items() if name != "wrong"} for row in rows]))
    for row in rows:
        for text in row["wrong"]:
            print(f"wrong: {row['language']} {row['suite']}: {text}", file=sys.stderr)
    return rows


def _churn(analyzer: Analyzer, corpora: Path, examples: Path | None) -> list[dict[str, Any]]:
    from sentiment_kit.training.churn_figures import churn_figures
    from sentiment_kit.training.corpora import own_side
    from sentiment_kit.training.evaluation import markdown, ordinary_reviews
    from sentiment_kit.training.feedback import load_feedback

    rows: list[dict[str, Any]] = []
    for language in LANGUAGES:
        ordinary = ordinary_reviews(examples, language, _ORDINARY) if examples is not None else []
        for corpus in ("churn", "feedback"):
            records = load_feedback(corpora / corpus / f"{language}.jsonl")
            held_out = [record for record in records if own_side(record.id) == "test"]
            for figures in churn_figures(analyzer, language, held_out, ordinary):
                rows.append({"language": language, "corpus": corpus, **_plain(figures)})
                print(f"{language} {corpus} {figures.system}: F1 {figures.f1}", file=sys.stderr)
    by_kind = [_kinds_row(row) for row in rows if row["system"] == "both"]
    print(markdown([{name: value for name, value in row.items() if name != "recall by kind"} for row in rows]))
    print()
    print(markdown(by_kind))
    return rows


def _plain(figures: Any) -> dict[str, Any]:  # noqa: ANN401  a dataclass
    assert is_dataclass(figures)  # noqa: S101
    return {
        name.replace("_", " "): getattr(figures, name) for name in vars(figures) if getattr(figures, name) is not None
    }


def _kinds_row(row: dict[str, Any]) -> dict[str, Any]:
    return {"language": row["language"], "corpus": row["corpus"], "recall by kind": "", **row["recall by kind"]}
