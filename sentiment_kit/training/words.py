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

_CLEAR = 0.6  # mean sign from which a word counts as negative or positive
_UNCLEAR = 0.1  # stands for a mean that says nothing and is not that of a neutral word
_WEAKEST = {"vader": 1.0, "emoji": 0.4}  # a score nearer to 0 is unclear; lists of whole numbers have no such scores
_LONGEST = 30


@dataclass(frozen=True)
class Word:
    """A word or a short expression of a language and the sentiment that it has by itself."""

    language: str
    text: str
    sentiment: str


def collect_words(data: Path) -> list[Word]:
    """Return the words of the lexicons, each once; those on whose sign the lexicons are not clear are left out.

    Words of the other three languages that no lexicon of theirs knows have the sentiment of the English words that they
    translate. A word is neutral where its lexicons say so, and a single English word also where no lexicon knows it and
    none of its translations is known to be anything else.

    Args:
        data: Folder with ``lexical/sentiment/<language>__<name>.tsv.gz`` or ``.jsonl.gz``, ``emoji__<name>.tsv.gz`` for
            all languages, and ``lexical/bilingual/en-<language>.tsv.gz``.

    Raises:
        CorpusError: If there is no lexicon or no bilingual list of a language.
    """
    known = {language: _known(data / "lexical" / "sentiment", language) for language in LANGUAGES}
    translations: dict[str, list[float]] = defaultdict(list)
    carried: dict[str, dict[str, float]] = {}
    for language in LANGUAGES:
        if language == "en":
            continue
        through_english: dict[str, list[float]] = defaultdict(list)
        for english, word in _pairs(data / "lexical" / "bilingual" / f"en-{language}.tsv.gz"):
            through_english[word].append(known["en"].get(english, 0.0))
            if english not in known["en"] and " " not in english:
                translations[english].append(known[language].get(word, 0.0))
        carried[language] = {
            word: mean for word, signs in through_english.items() if abs(mean := _mean(signs)) >= _CLEAR
        }
    carried["en"] = {word: 0.0 for word, signs in translations.items() if not any(signs)}
    return [
        Word(language, text, sentiment)
        for language in LANGUAGES
        for text, mean in sorted((carried[language] | known[language]).items())
        if (sentiment := _sentiment(mean)) is not None
    ]


def save_words(words: list[Word], file: Path) -> None:
    """Write words as lines of language, sentiment and text with tabs between."""
    lines = (f"{word.language}\t{word.sentiment}\t{word.text}\n" for word in words)
    file.write_text("".join(lines), encoding="utf-8")


def load_words(file: Path) -> list[Word]:
    """Read what `save_words` wrote.

    Raises:
        CorpusError: If a line is not valid, or a language has no word of a sentiment.
    """
    words = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        language, sentiment, text = [*line.split("\t"), "", "", ""][:3]
        if language not in LANGUAGES or sentiment not in SENTIMENTS or not text:
            raise CorpusError("SK632", f"{file}, line {number}: wanted language, sentiment, word with tabs between")
        words.append(Word(language, text, sentiment))
    found = {(word.language, word.sentiment) for word in words}
    missing = [f"{name} {language}" for language in LANGUAGES for name in SENTIMENTS if (language, name) not in found]
    if missing:
        raise CorpusError("SK632", f"{file} has no {', no '.join(missing)} word; scripts/prepare_words.py makes it")
    return words


def _sentiment(mean: float) -> str | None:
    if mean == 0.0:
        return SENTIMENTS[1]
    return SENTIMENTS[0 if mean < 0 else 2] if abs(mean) >= _CLEAR else None


def _mean(signs: list[float]) -> float:
    """Return the mean of signs, which is 0 only where all of them are."""
    return sum(signs) / len(signs) or _UNCLEAR * any(signs)


def _known(folder: Path, language: str) -> dict[str, float]:
    """Return the mean sign that the lexicons of a language, and those of emoji, give each word, from -1 to 1."""
    files = sorted(folder.glob(f"{language}__*"))
    if not files:
        raise CorpusError("SK630", f"there is no lexicon {language}__<name>.tsv.gz or .jsonl.gz in {folder}")
    signs: dict[str, list[float]] = defaultdict(list)
    for file in files + sorted(folder.glob("emoji__*")):
        weakest = next((least for name, least in _WEAKEST.items() if name in file.name), 0.0)
        for word, score in _rows(file):
            text = for_model(word.replace(" ", "") if language == "ja" else word).text
            folded = file.name.startswith("emoji") and text.isascii()  # a letter in a circle is a letter to the model
            if 0 < len(text) <= _LONGEST and not folded:
                sign = (score > 0) - (score < 0)
                signs[text].append(sign if abs(score) >= weakest else _UNCLEAR * sign)
    return {word: _mean(given) for word, given in signs.items()}


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
    """Yield English words in small letters with a translation, as the model reads them; names have a capital."""
    if not file.is_file():
        raise CorpusError("SK630", f"there is no bilingual word list {file}")
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        next(lines, None)  # the names of the columns
        for line in lines:
            word, translation, _ = line.rstrip("\n").split("\t")
            english, other = for_model(word).text, for_model(translation).text
            if word.islower() and 0 < len(english) <= _LONGEST and 0 < len(other) <= _LONGEST:
                yield english, other
