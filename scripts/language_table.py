"""Print the language-detection table as Markdown: accuracy a language and a source, neighbours refused, microseconds.

The half of the texts that ``scripts/build_language_profiles.py`` did not learn from is reported, with the whole set in
brackets beside it. Sets named ``reviews_*`` were never learnt from. langdetect, seeded, runs on a sample of the same
texts in the same process. Times are CPU time, the best of several rounds.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from build_language_profiles import build_half, read_texts

from sentiment_kit.language import detect
from sentiment_kit.taxonomy import LANGUAGES

LONG = 20
CORPORA = ("flores200_devtest", "ntrex128", "tatoeba", "lingua_sentences", "lingua_wordpairs")
SAME_LANGUAGE = {"prs": "fa"}
NO_TRUTH = ("mixed",)
ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Item:
    """A text whose language is known."""

    text: str
    language: str
    source: str
    held_out: bool
    long: bool


def read_items(data: Path, per_set: int) -> list[Item]:
    """Read the identification sets whole, and a bounded number of texts of each labelled set of our languages."""
    items = []
    for path in sorted((data / "lid").glob("*.gz")):
        name = path.name.removesuffix(".jsonl.gz")
        for text, language in read_texts(path):
            if language not in NO_TRUTH:
                items.append(_item(text, SAME_LANGUAGE.get(language, language), name))
    for language in LANGUAGES:
        for path in sorted((data / "train" / language).glob("*.gz")):
            texts = [text for text, _ in read_texts(path) if not (language == "uk" and russian_by_letters(text))]
            random.Random(0).shuffle(texts)
            items += [_item(text, language, "train sets") for text in texts[:per_set]]
    return items


def _item(text: str, language: str, source: str) -> Item:
    held_out = source.startswith("reviews_") or not build_half(text)
    return Item(text, language, source, held_out, sum(map(str.isalpha, text)) >= LONG)


def russian_by_letters(text: str) -> bool:
    """Say whether a row of a Ukrainian set has Russian letters and no Ukrainian one."""
    letters = set(text.lower())
    return bool(letters & set("ыэъё")) and not letters & set("іїєґ")


def share(items: Iterable[Item], predict: Callable[[str], str]) -> float | None:
    """Return the percentage answered rightly: the code for our languages, ``und`` for the others."""
    right = [predict(i.text) == (i.language if i.language in LANGUAGES else "und") for i in items]
    return 100 * sum(right) / len(right) if right else None


def cell(items: list[Item], predict: Callable[[str], str], *, whole: bool = True) -> str:
    """Return ``held-out (whole)`` as text."""
    held_out = share([i for i in items if i.held_out], predict)
    everything = share(items, predict)
    if held_out is None or everything is None:
        return "-"
    return f"{held_out:.2f} ({everything:.2f})" if whole else f"{held_out:.2f}"


def seeded_langdetect() -> Callable[[str], str]:
    """Return langdetect alone, seeded, with every language that is not ours called ``und``."""
    from langdetect.detector_factory import PROFILES_DIRECTORY, DetectorFactory
    from langdetect.lang_detect_exception import LangDetectException

    factory = DetectorFactory()
    factory.seed = 0
    factory.load_profile(PROFILES_DIRECTORY)

    def predict(text: str) -> str:
        detector = factory.create()
        detector.append(text)
        try:
            code = detector.detect()
        except LangDetectException:
            return "und"
        return code if code in LANGUAGES else "und"

    return predict


def microseconds(texts: list[str], predict: Callable[[str], str], rounds: int) -> float:
    """Return CPU time a text, the best round."""
    best = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        for text in texts:
            predict(text)
        best = min(best, time.process_time() - start)
    return 1e6 * best / max(1, len(texts))


def ours_table(
    items: list[Item], predict: Callable[[str], str], baseline: Callable[[str], str], size: int
) -> list[str]:
    """Return the rows for our four languages."""
    lines = [
        "| language | source | texts held out | all % | 20+ letters % | langdetect % (sample) |",
        "|---|---|---|---|---|---|",
    ]
    for language in LANGUAGES:
        for source in (*CORPORA, "train sets", *sorted({i.source for i in items if i.source.startswith("reviews_")})):
            chosen = [i for i in items if i.language == language and i.source == source]
            if chosen:
                held_out = [i for i in chosen if i.held_out]
                sampled = random.Random(0).sample(held_out, min(size, len(held_out)))
                lines.append(
                    f"| {language} | {source} | {len(held_out)} | {cell(chosen, predict)} "
                    f"| {cell([i for i in chosen if i.long], predict)} | {cell(sampled, baseline, whole=False)} |"
                )
        sentences = [i for i in items if i.language == language and i.source in CORPORA[:4]]
        longer = cell([i for i in sentences if i.long], predict)
        lines.append(f"| **{language}** | **all sentences** | | **{cell(sentences, predict)}** | **{longer}** | |")
    return lines


def neighbours_table(
    items: list[Item], predict: Callable[[str], str], baseline: Callable[[str], str], size: int
) -> list[str]:
    """Return a row for each other language, hardest first, and their mean."""
    groups: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        if item.language not in LANGUAGES and item.long:
            suffix = f" ({item.source})" if item.source.startswith("reviews_") else ""
            groups[item.language + suffix].append(item)
    rows = []
    for name, chosen in groups.items():
        held_out = [i for i in chosen if i.held_out]
        sampled = random.Random(0).sample(held_out, min(size, len(held_out)))
        rates = [
            share(texts, answer) or 0.0
            for texts, answer in ((held_out, predict), (chosen, predict), (sampled, baseline))
        ]
        rows.append((rates, name, len(held_out)))
    lines = ["| other language | texts held out | `und` % | langdetect not ours % (sample) |", "|---|---|---|---|"]
    for (rate, whole, base), name, count in sorted(rows):
        lines.append(f"| {name} | {count} | {rate:.2f} ({whole:.2f}) | {base:.1f} |")
    means = [sum(column) / max(1, len(rows)) for column in zip(*(rates for rates, *_ in rows), strict=True)]
    lines.append(f"| **mean of {len(rows)}** | | **{means[0]:.2f}** ({means[1]:.2f}) | {means[2]:.1f} |")
    return lines


def time_table(
    items: list[Item], predict: Callable[[str], str], baseline: Callable[[str], str], size: int
) -> list[str]:
    """Return CPU time a text for our languages."""
    lines = ["| texts of | characters a text | µs a text | langdetect µs a text | ratio |", "|---|---|---|---|---|"]
    for language in (*LANGUAGES, "all four"):
        texts = [
            i.text
            for i in items
            if i.source in CORPORA and language in (i.language, "all four") and i.language in LANGUAGES
        ]
        sampled = random.Random(0).sample(texts, min(10 * size, len(texts)))
        mine, theirs = microseconds(sampled, predict, ROUNDS), microseconds(sampled[:size], baseline, 1)
        letters = sum(map(len, sampled)) / max(1, len(sampled))
        lines.append(f"| {language} | {letters:.0f} | {mine:.0f} | {theirs:.0f} | {theirs / mine:.0f} |")
    return lines


def confidence_table(items: list[Item]) -> list[str]:
    """Return how often answers of each confidence are right, on held-out texts."""
    bins: dict[int, list[bool]] = defaultdict(list)
    for item in items:
        if item.held_out:
            guess = detect(item.text)
            right = guess.code == (item.language if item.language in LANGUAGES else "und")
            bins[min(9, int(10 * guess.confidence))].append(right)
    lines = ["| confidence | answers | right % |", "|---|---|---|"]
    return lines + [
        f"| {k / 10:.1f}-{k / 10 + 0.1:.1f} | {len(v)} | {100 * sum(v) / len(v):.1f} |" for k, v in sorted(bins.items())
    ]


def documents_table(folder: Path) -> list[str]:
    """Return a row for each sample document whose language is in its name."""
    lines = ["| document | whole | lines of 20+ letters | right % |", "|---|---|---|---|"]
    for path in sorted(folder.glob("*_*.txt")):
        language, text = path.stem.rsplit("_", 1)[1], path.read_text(encoding="utf-8")
        long_lines = [line for line in text.splitlines() if sum(map(str.isalpha, line)) >= LONG]
        right = sum(detect(line).code == language for line in long_lines)
        lines.append(
            f"| {path.name} | {detect(text).code} | {len(long_lines)} | {100 * right / max(1, len(long_lines)):.1f} |"
        )
    return lines


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with lid/ and train/")
    parser.add_argument("--documents", type=Path, help="folder with documents named NNN_<language>.txt (optional)")
    parser.add_argument("--sample", type=int, default=100, help="texts of each cell given to langdetect (default 100)")
    parser.add_argument("--per-set", type=int, default=1500, help="texts of each labelled set (default 1500)")
    options = parser.parse_args()
    items, baseline = read_items(options.data, options.per_set), seeded_langdetect()

    def predict(text: str) -> str:
        return detect(text).code

    sections = [
        ours_table(items, predict, baseline, options.sample),
        neighbours_table(items, predict, baseline, options.sample),
        time_table(items, predict, baseline, options.sample),
        confidence_table(items),
    ]
    if options.documents:
        sections.append(documents_table(options.documents))
    sys.stdout.write("\n\n".join("\n".join(lines) for lines in sections) + "\n")


if __name__ == "__main__":
    main()
