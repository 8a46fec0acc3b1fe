"""Words with a feeling of their own, from sentiment lexicons, and from English ones through bilingual word lists."""

from __future__ import annotations

import csv
import gzip
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sentiment_kit.errors import CorpusError
from sentiment_kit.taxonomy import LANGUAGES, SENTIMENTS
from sentiment_kit.text import for_model

_CLEAR = 0.6  # mean sign from which sources agree that a word is negative or positive
_UNCLEAR = 0.1
_WEAKEST = {"vader": 1.0, "emoji": 0.4}  # scores nearer to 0 say nothing; lists of whole numbers have no such scores
_LONGEST = 30


@dataclass(frozen=True)
class Word:
    """A word or a short expression of a language and the sentiment that it has by itself."""

    language: str
    text: str
    sentiment: str


def collect_words(data: Path) -> list[Word]:
    """Return the words of all lexicons, each once.

    A word is negative or positive where its sources agree. Words of the other three languages that no lexicon of
    theirs knows have the sentiment of the English words that they translate. A word is neutral where a lexicon says so,
    in English where no lexicon knows it and its translations are not known to be anything else.

    Args:
        data: Folder with ``lexical/sentiment/<language>__<name>``, tab-separated or JSON lines, and
            ``lexical/bilingual/en-<language>.tsv.gz``.

    Raises:
        CorpusError: If there is no lexicon of a language.
    """
    known = {language: _known(data / "lexical" / "sentiment", language) for language in LANGUAGES}
    english = known["en"]
    plain: dict[str, float] = {}
    for language in LANGUAGES:
        if language == "en":
            continue
        through: dict[str, list[float]] = defaultdict(list)
        pairs = list(_pairs(data / "lexical" / "bilingual" / f"en-{language}.tsv.gz"))
        for word, translation in pairs:
            through[translation].append(english.get(word, 0.0))
        found = {word: _mean(signs) for word, signs in through.items()}
        plain |= {word: 0.0 for word, translation in pairs if not known[language].get(translation)}
        known[language] = {word: sign for word, sign in found.items() if abs(sign) >= _CLEAR} | known[language]
    known["en"] = {word: sign for word, sign in plain.items() if word not in english} | english
    return [
        Word(language, text, sentiment)
        for language in LANGUAGES
        for text, sign in sorted(known[language].items())
        if (sentiment := _sentiment(sign)) is not None
    ]


def save_words(words: list[Word], file: Path) -> None:
    """Write words as lines of language, sentiment and text with tabs between."""
    lines = (f"{word.language}\t{word.sentiment}\t{word.text}\n" for word in words)
    file.write_text("".join(lines), encoding="utf-8")


def load_words(file: Path) -> list[Word]:
    """Read what `save_words` wrote."""
    rows = (line.split("\t") for line in file.read_text(encoding="utf-8").splitlines())
    return [Word(language, text, sentiment) for language, sentiment, text in rows]


def _sentiment(sign: float) -> str | None:
    if sign == 0.0:
        return SENTIMENTS[1]
    return SENTIMENTS[0 if sign < 0 else 2] if abs(sign) >= _CLEAR else None


def _known(folder: Path, language: str) -> dict[str, float]:
    """Return the mean sign that the lexicons of a language give each word, from -1 to 1."""
    signs: dict[str, list[float]] = defaultdict(list)
    files = sorted(folder.glob(f"{language}__*")) + sorted(folder.glob("emoji__*"))
    if not any(file.name.startswith(f"{language}__") for file in files):
        raise CorpusError("SK630", f"there is no lexicon {language}__<name>.tsv.gz in {folder}")
    for file in files:
        weakest = next((least for name, least in _WEAKEST.items() if name in file.name), 0.0)
        for word, score in _rows(file):
            text = for_model(word.replace(" ", "") if language == "ja" else word).text
            if text and len(text) <= _LONGEST and not 0 < abs(score) < weakest:
                signs[text].append((score > 0) - (score < 0))
    return {word: _mean(given) for word, given in signs.items()}


def _mean(signs: list[float]) -> float:
    """Return the mean of signs, which is 0 only where all of them are."""
    return sum(signs) / len(signs) or _UNCLEAR * any(signs)


def _rows(file: Path) -> Iterator[tuple[str, float]]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        if ".jsonl" in file.name:
            for line in lines:
                row = json.loads(line)
                yield row["word"], float(row["tone"])
            return
        for word, score, *_ in csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            if score != "label":  # a header
                yield word, float(score)


def _pairs(file: Path) -> Iterator[tuple[str, str]]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            word, translation, _ = line.rstrip("\n").split("\t")
            if word and translation and word.islower() and len(translation) <= _LONGEST:
                yield for_model(word).text, for_model(translation).text
