"""From data sets and their cards to one table of examples with a split.

The table is ``<out>/examples.parquet``; its columns are in `SCHEMA`. A row's side (``train``, ``dev``, ``test``) is a
hash of the smallest text of its group of near-duplicates, so it never moves when sets come or go around it; the sets of
tier ``restricted`` have the side ``eval`` and whatever resembles them is dropped from the others. The project's own
feedback comes after them and changes nothing in the rows before it, so that a first stage of training on the sets alone
stays valid while the feedback grows. Then come unlabelled rows, last what readers of the project say of the rows of
both.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sentiment_kit.errors import CorpusError
from sentiment_kit.taxonomy import CHURN_KINDS, LANGUAGES, SENTIMENTS, THEMES
from sentiment_kit.training.cards import Card, load_cards, look_up
from sentiment_kit.training.duplicates import Groups, bands_of, letters_of
from sentiment_kit.training.feedback import Feedback, ReaderLabel, load_feedback, load_labels

SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("set", pa.string()),
        ("language", pa.string()),
        ("side", pa.string()),
        ("weight", pa.float32()),
        ("text", pa.string()),
        ("sentiment", pa.int8()),  # index into SENTIMENTS, or -1 where unknown
        ("themes", pa.list_(pa.int8(), len(THEMES))),  # 1 complains, 0 does not, -1 unknown
        ("churn", pa.int8()),  # 1 leaves, 0 does not, -1 unknown
        ("kinds", pa.list_(pa.int8(), len(CHURN_KINDS))),  # of a text that leaves: 1 and 0 by kind; else -1
    ]
)

DEV_SHARE = 0.05
TEST_SHARE = 0.05
OWN_TEST_SHARE = 0.20
OWN_DEV_SHARE = 0.10
_TO_MEASURE = "t-"
_EXTRA = "own_extra"
_READ = "own_labels"
_WRITTEN = {"own_feedback": "feedback", "own_churn": "churn", _EXTRA: "extra"}

_WRITTEN_WEIGHT = 1.7
"""Weight of the project's own texts beside rows that its readers have labelled, of which there are over twice as many.
Heavier, they help the churn head more and begin to cost sentiment on the unseen sets."""

UNLABELLED = {
    "ja": {"crawl_school_reviews": "none stated", "economy_watchers": "CC BY 4.0"},
    "uk": {"crawl_tweets_dmytro_verner": "none stated", "ukr_forums_5k": "none stated", "ua_gec": "CC BY 4.0"},
    "fa": {"tweets_emopars": "MIT", "crawl_snappfood_comments": "none stated"},
    "en": {"imdb_reviews": "none stated", "app_reviews_scraped": "none stated"},
}
"""Files of ``raw/<language>`` with feedback and opinions, and their licences as found. Their rows, in sets whose names
begin with ``raw_``, have no labels: what a stage learns from them is the judgement of other networks, or what the
project's readers say of some of them."""

RAW = "raw_"
_RAW_ROWS, _RAW_SHORTEST, _RAW_LONGEST = 15_000, 12, 500  # of a file; characters of a row

OWN_SETS = (*_WRITTEN, _READ)
"""Set names that the project's own labelled corpora carry in the table: texts of its own, and rows of the sets that its
readers have labelled again, which stand in the table twice."""

_MAX_CHARACTERS = 4000


@dataclass(slots=True)
class Example:
    """One row of the table before its side is known."""

    id: str
    set: str
    language: str
    weight: float
    text: str
    sentiment: int
    themes: list[int]
    churn: int
    kinds: list[int] = field(default_factory=lambda: [-1] * len(CHURN_KINDS))
    side: str = ""
    group: str | None = None


def build(data: Path, corpora: Path, out: Path, report: Callable[[str], None]) -> Path:
    """Build the table of examples.

    Args:
        data: Folder with ``train/<language>/<set>.jsonl.gz`` and ``eval/<language>/<set>.jsonl.gz``, and if need be
            ``raw/<language>/<name>.txt.gz`` as `UNLABELLED` names them.
        corpora: The project's ``corpora`` folder: cards, and its own texts and labels.
        out: Folder to write ``examples.parquet`` and ``counts.json`` to.
        report: Called with a line of progress now and then.

    Returns:
        The path of the table.

    Raises:
        CorpusError: If there are no sets, a set has no card, or a record is not valid.
    """
    cards = load_cards(corpora / "cards")
    sets: list[Example] = []
    for example in _all_sets(data, cards):
        sets.append(example)
        if len(sets) % 100_000 == 0:
            report(f"read {len(sets):,} texts")
    if not sets:
        raise CorpusError("SK606", f"no texts under {data}; wanted train/<language>/<set>.jsonl.gz (corpora/README.md)")
    own = list(_own_examples(corpora))
    report(f"read {len(sets):,} texts and {len(own):,} of the project's own; looking for near-duplicates")
    groups = Groups()
    dropped: Counter[str] = Counter()
    kept = _place_sets(sets, groups, dropped)
    own_kept = _place_own(own, sets, groups, dropped)
    raw = _place_raw(list(_raw_examples(data)), len(sets) + len(own), groups, dropped)
    kept = [*kept, *own_kept, *raw, *_labelled(kept + raw, corpora, dropped)]
    out.mkdir(parents=True, exist_ok=True)
    table = out / "examples.parquet"
    rows = [{name: getattr(example, name) for name in SCHEMA.names} for example in kept]
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), table, compression="zstd")
    counts = {"kept": _counts(kept), "dropped": dict(dropped)}
    (out / "counts.json").write_text(json.dumps(counts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    report(f"wrote {len(kept):,} examples to {table}; dropped {sum(dropped.values()):,} ({dict(dropped)})")
    return table


def _all_sets(data: Path, cards: list[Card]) -> Iterator[Example]:
    by_name = {(card.language, card.name): card for card in cards}
    for tier, side in (("eval", "eval"), ("train", "")):
        for language in LANGUAGES:
            for file in sorted((data / tier / language).glob("*.jsonl.gz")):
                card = by_name.get((language, file.name.removesuffix(".jsonl.gz")))
                if card is None:
                    raise CorpusError("SK603", f"{file} has no card; write corpora/cards/{language}/<set>.json")
                if side != "eval" and card.tier == "restricted":
                    raise CorpusError("SK604", f"{file} is restricted and lies among the training sets")
                yield from _set_examples(file, card, side)


def _own_examples(corpora: Path) -> Iterator[Example]:
    for name, folder in _WRITTEN.items():
        for language in LANGUAGES:
            file = corpora / folder / f"{language}.jsonl"
            for record in load_feedback(file) if file.exists() else []:
                side = own_side(record.id, tested=name != _EXTRA)
                kinds = {span.kind for span in record.churn}
                yield _judged(f"{name}-{language}-{record.id}", name, language, record.text, record, kinds, side)


def _labelled(placed: list[Example], corpora: Path, dropped: Counter[str]) -> list[Example]:
    """Return a copy of each row that a reader of the project has labelled, with those labels, on its side."""
    rows = {(example.language, example.set, example.id): example for example in placed}
    found = []
    for language in LANGUAGES:
        file = corpora / "labels" / f"{language}.jsonl"
        for label in load_labels(file) if file.exists() else []:
            row = rows.get((language, label.set, label.id))
            if row is None:  # a copy that another row stands for
                dropped["label whose row is not in the table"] += 1
                continue
            if row.side == "eval":
                raise CorpusError("SK605", f"{file}: {label.set} is restricted, its rows are not to be learnt from")
            name = f"{_READ}-{language}-{label.set}-{label.id}"
            found.append(_judged(name, _READ, language, row.text, label, label.churn, row.side))
    return found


def _judged(  # noqa: PLR0913  the fields of an example
    identifier: str,
    name: str,
    language: str,
    text: str,
    judgement: Feedback | ReaderLabel,
    kinds: Collection[str],
    side: str,
) -> Example:
    """Return the example of a text that the project's own people have labelled in all respects."""
    return Example(
        id=identifier,
        set=name,
        language=language,
        weight=_WRITTEN_WEIGHT if name in _WRITTEN else 1.0,
        text=text,
        sentiment=SENTIMENTS.index(judgement.sentiment),
        themes=[int(theme in judgement.themes) for theme in THEMES],
        churn=int(bool(kinds)),
        kinds=_kinds(kinds),
        side=side,
    )


def own_rows(corpora: Path) -> list[dict[str, Any]]:
    """Return the project's own feedback as rows of the table, near-duplicates included."""
    return [{name: getattr(example, name) for name in SCHEMA.names} for example in _own_examples(corpora)]


def _kinds(found: Collection[str]) -> list[int]:
    return [int(kind in found) if found else -1 for kind in CHURN_KINDS]


def own_side(identifier: str, *, tested: bool = True) -> str:
    """Return the side of a record of the project's own: by a hash of its id, so translations stay together.

    An id that begins with ``t-`` was written to measure by: its side is ``test``.

    Args:
        identifier: The record's id.
        tested: Whether the corpus has a test side; one that a single reader has labelled has none.
    """
    if tested and identifier.startswith(_TO_MEASURE):
        return "test"
    return _side(identifier, OWN_TEST_SHARE if tested else 0.0, OWN_DEV_SHARE)


def _set_examples(file: Path, card: Card, side: str) -> Iterator[Example]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            row: dict[str, Any] = json.loads(line)
            if card.dropped(row) or not row["text"].strip():
                continue
            sentiment = card.sentiment_of(row)
            themes = card.theme_targets(row, sentiment)
            key = look_up(row, card.group) if card.group else None
            yield Example(
                id=row["id"],
                set=card.name,
                language=card.language,
                weight=card.weight,
                text=row["text"][:_MAX_CHARACTERS],
                sentiment=-1 if sentiment is None else SENTIMENTS.index(sentiment),
                themes=[-1 if target is None else target for target in themes],
                churn=int(bool(row.get(card.churn_field))) if card.churn_field else -1,
                side=side,
                group=None if key is None else f"{card.name}/{key}",
            )


def _place_sets(sets: list[Example], groups: Groups, dropped: Counter[str]) -> list[Example]:
    """Give the rows of the sets their sides; drop copies and what resembles an evaluation text."""
    letters = [letters_of(example.text) for example in sets]
    for example, text in zip(sets, letters, strict=True):
        groups.add(_keys(example, text))
    smallest: dict[int, str] = {}
    evaluation: set[int] = set()
    for row, (example, text) in enumerate(zip(sets, letters, strict=True)):
        group = groups.group(row)
        smallest[group] = min(text, smallest.get(group, text))
        if example.side:
            evaluation.add(group)
    kept: list[Example] = []
    copies: set[tuple[str, str, str]] = set()
    for row, (example, text) in enumerate(zip(sets, letters, strict=True)):
        group = groups.group(row)
        copy = (example.language, text, example.side)
        if not example.side and group in evaluation:
            dropped["resembles an evaluation text"] += 1
        elif copy in copies:
            dropped["copy"] += 1
        else:
            copies.add(copy)
            example.side = example.side or _side(smallest[group], TEST_SHARE, DEV_SHARE)
            kept.append(example)
    return kept


def _place_own(own: list[Example], sets: list[Example], groups: Groups, dropped: Counter[str]) -> list[Example]:
    """Keep the project's own rows, but none that would be learnt in one place and measured in another."""
    for example in own:
        groups.add(_keys(example, letters_of(example.text)))
    groups_of_own = [groups.group(len(sets) + row) for row in range(len(own))]
    with_set = {groups.group(row) for row in range(len(sets))}
    measured = {groups.group(row) for row, example in enumerate(sets) if example.side == "eval"}
    measured |= {group for group, example in zip(groups_of_own, own, strict=True) if example.side != "train"}
    kept: list[Example] = []
    for group, example in zip(groups_of_own, own, strict=True):
        if example.side == "train" and group in measured:
            dropped["own text that resembles a held-out one"] += 1
        elif example.side != "train" and group in with_set:
            dropped["held-out own text that resembles one of a set"] += 1
        else:
            kept.append(example)
    return kept


def _raw_examples(data: Path) -> Iterator[Example]:
    """Yield some lines of each file of `UNLABELLED` that is there, those whose hash is smallest."""
    nothing = [-1] * len(THEMES)
    for language, files in UNLABELLED.items():
        for name in files:
            file = data / "raw" / language / f"{name}.txt.gz"
            if not file.is_file():
                continue
            with gzip.open(file, "rt", encoding="utf-8") as lines:
                texts = {line.strip() for line in lines if _RAW_SHORTEST <= len(line.strip()) <= _RAW_LONGEST}
            chosen = sorted(texts, key=lambda text: hashlib.sha256(text.encode()).digest())[:_RAW_ROWS]
            for text in chosen:
                row, key = f"{RAW}{name}", hashlib.sha256(text.encode()).hexdigest()[:12]
                yield Example(f"{row}-{key}", row, language, 1.0, text, -1, nothing, -1, side="train")


def _place_raw(raw: list[Example], before: int, groups: Groups, dropped: Counter[str]) -> list[Example]:
    """Keep the unlabelled rows that resemble no other."""
    for example in raw:
        groups.add(_keys(example, letters_of(example.text)))
    taken = {groups.group(row) for row in range(before)}
    kept: list[Example] = []
    for row, example in enumerate(raw, before):
        group = groups.group(row)
        if group in taken:
            dropped["unlabelled text that resembles another"] += 1
        else:
            taken.add(group)
            kept.append(example)
    return kept


def _keys(example: Example, letters: str) -> list[bytes]:
    keys = [f"{example.language}/".encode() + band for band in bands_of(letters)]
    return [*keys, example.group.encode()] if example.group else keys


def _side(key: str, test_share: float, dev_share: float) -> str:
    fraction = int.from_bytes(hashlib.sha256(key.encode("utf-8", "replace")).digest()[:8], "big") / 2**64
    return "test" if fraction < test_share else "dev" if fraction < test_share + dev_share else "train"


def _counts(examples: list[Example]) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = {}
    for example in examples:
        row = counts.setdefault(f"{example.language}/{example.set}", Counter())
        row[example.side] += 1
        row[SENTIMENTS[example.sentiment] if example.sentiment >= 0 else "no sentiment"] += 1
        row["with a theme"] += int(1 in example.themes)
    return {name: dict(row) for name, row in sorted(counts.items())}
