"""Sentences of the four languages, each with an English one of its meaning, and the teacher that reads the English.

The network learns to put a sentence where an English sentence encoder puts its translation (Reimers and Gurevych 2020),
so that the four languages share one space and words that no labelled review holds get a place in it. Sentences come
from translation pairs, from word lists, and from English reviews, as they are and with some of their words put into
another language (Qin et al. 2020), which brings the words of reviews where there are no translated reviews.
"""

from __future__ import annotations

import gzip
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from sentiment_kit.taxonomy import LANGUAGES
from sentiment_kit.text import for_model
from sentiment_kit.training.arrays import load_arrays, save_arrays
from sentiment_kit.training.trainer import autocast

Report = Callable[[str], None]

_WORD = re.compile(r"[A-Za-z]{3,}")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_SHORTEST, _LONGEST = 12, 160  # characters of a review's sentence
_SWITCHED = 0.6  # share of the words with a translation that are put into another language
_TEACHER_TOKENS, _TEACHER_BATCH = 64, 256


@dataclass(frozen=True)
class Amounts:
    """How much of each source is taken.

    Attributes:
        pairs: Translation pairs a language.
        words: Entries of the word list a language, those with most sources first.
        reviews: English sentences from reviews.
    """

    pairs: int = 130_000
    words: int = 30_000
    reviews: int = 150_000


@dataclass(frozen=True)
class Meanings:
    """Sentences as tokens, with the teacher's vectors.

    Attributes:
        tokens: Ids of all sentences, one after the other, without begin and end marks.
        starts: Where each sentence begins in `tokens`; one more than there are sentences.
        language: Index into `LANGUAGES`, (n,).
        anchor: Row of `vectors` with the sentence's meaning, (n,).
        vectors: The teacher's vectors of length 1, (anchors, size).
    """

    tokens: NDArray[np.uint16]
    starts: NDArray[np.int64]
    language: NDArray[np.int64]
    anchor: NDArray[np.int64]
    vectors: NDArray[np.float16]

    def save(self, file: Path) -> None:
        """Write the arrays; the file appears when it is complete."""
        save_arrays(file, vars(self))

    @classmethod
    def load(cls, file: Path) -> Meanings:
        """Read what `save` wrote."""
        return cls(**load_arrays(file))


def collect(  # noqa: PLR0913  four places to read from
    data: Path, examples: Path, tokenizer: Tokenizer, teacher: Path, amounts: Amounts, report: Report
) -> Meanings:
    """Gather the sentences, tokenise them, and have the teacher read the English.

    Args:
        data: Folder with ``parallel/`` and ``lexical/bilingual/``; files named ``EVAL_*`` are left alone.
        examples: The table of examples; its English training side gives the reviews.
        tokenizer: The network's tokenizer.
        teacher: Folder of an English sentence encoder (transformers; mean of the last states).
        amounts: How much of each source is taken.
        report: Called with a line of progress now and then.
    """
    sentences, anchors = _gather(data, examples, amounts)
    report(f"{len(sentences):,} sentences with {len(anchors):,} meanings")
    texts = [for_model(text).text for _, text, _ in sentences]
    ids = [encoding.ids for encoding in tokenizer.encode_batch(texts, add_special_tokens=False)]
    return Meanings(
        tokens=np.array([i for line in ids for i in line], dtype=np.uint16),
        starts=np.concatenate([[0], np.cumsum([len(line) for line in ids])]).astype(np.int64),
        language=np.array([language for language, _, _ in sentences], dtype=np.int64),
        anchor=np.array([anchor for _, _, anchor in sentences], dtype=np.int64),
        vectors=read_by_teacher(teacher, anchors, report),
    )


def _gather(data: Path, examples: Path, amounts: Amounts) -> tuple[list[tuple[int, str, int]], list[str]]:
    """Return the sentences as (language, text, row of the meaning) and the English texts of the meanings."""
    rng = random.Random(1)
    anchors: dict[str, int] = {}
    sentences: list[tuple[int, str, int]] = []

    def add(language: int, text: str, meaning: str) -> None:
        sentences.append((language, text, anchors.setdefault(meaning, len(anchors))))

    english = LANGUAGES.index("en")
    words: dict[int, dict[str, list[str]]] = {}
    for language, code in enumerate(LANGUAGES):
        if code == "en":
            continue
        pairs = list(_pairs(data / "parallel" / f"en-{code}"))
        rng.shuffle(pairs)
        entries = _entries(data / "lexical" / "bilingual" / f"en-{code}.tsv.gz")[: amounts.words]
        for meaning, text in [*pairs[: amounts.pairs], *entries]:
            add(language, text, meaning)
        words[language] = {}
        for word, translation in entries:
            words[language].setdefault(word.lower(), []).append(translation)
    for text in _review_sentences(examples, amounts.reviews, rng):
        add(english, text, text)
        language = rng.choice(list(words))
        switched = _switch(text, words[language], rng)
        if switched != text:
            add(language, switched, text)
    sentences += [(english, text, row) for text, row in list(anchors.items()) if rng.random() < 0.25]  # noqa: PLR2004
    return sentences, list(anchors)


def _pairs(folder: Path) -> Iterator[tuple[str, str]]:
    for file in sorted(folder.glob("*.tsv.gz")):
        if file.name.startswith("EVAL_"):
            continue
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            for line in lines:
                english, _, other = line.rstrip("\n").partition("\t")
                if english.strip() and other.strip() and len(english) < 2 * _LONGEST:
                    yield english.strip(), other.split("\t")[0].strip()[: 2 * _LONGEST]


def _entries(file: Path) -> list[tuple[str, str]]:
    """Return the word pairs of a list, those that most sources know first."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        rows = [line.rstrip("\n").split("\t") for line in lines]
    rows.sort(key=lambda row: -row[2].count(","))
    return [(row[0], row[1]) for row in rows if row[0] and row[1]]


def _review_sentences(examples: Path, count: int, rng: random.Random) -> list[str]:
    table = pq.read_table(examples, columns=["text"], filters=[("language", "=", "en"), ("side", "=", "train")])
    texts = [value.as_py() for value in table["text"]]
    rng.shuffle(texts)
    found: dict[str, None] = {}
    for text in texts:
        for sentence in _SENTENCE_END.split(" ".join(text.split())):
            if _SHORTEST <= len(sentence) <= _LONGEST:
                found[sentence] = None
        if len(found) >= count:
            break
    return list(found)[:count]


def _switch(sentence: str, words: dict[str, list[str]], rng: random.Random) -> str:
    """Return the sentence with some of its words put into another language."""

    def put(match: re.Match[str]) -> str:
        found = words.get(match[0].lower())
        return rng.choice(found) if found and rng.random() < _SWITCHED else match[0]

    return _WORD.sub(put, sentence)


@torch.no_grad()
def read_by_teacher(folder: Path, texts: list[str], report: Report) -> NDArray[np.float16]:
    """Return the teacher's vectors of English texts, each of length 1, (n, size): the mean of its last states."""
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(folder))
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = AutoModel.from_pretrained(str(folder)).to(device).eval()
    out = np.zeros((len(texts), model.config.hidden_size), np.float16)
    order = np.argsort([len(text) for text in texts], kind="stable")
    for start in range(0, len(order), _TEACHER_BATCH):
        rows = order[start : start + _TEACHER_BATCH]
        batch = tokenizer(
            [texts[row] for row in rows], padding=True, truncation=True, max_length=_TEACHER_TOKENS, return_tensors="pt"
        ).to(device)
        with autocast(device):
            states = model(**batch).last_hidden_state.float()
        keep = batch["attention_mask"][:, :, None].float()
        mean = (states * keep).sum(1) / keep.sum(1)
        out[rows] = torch.nn.functional.normalize(mean, dim=1).half().cpu().numpy()
        if start % (200 * _TEACHER_BATCH) == 0:
            report(f"the teacher has read {start + len(rows):,} of {len(texts):,}")
    return out
