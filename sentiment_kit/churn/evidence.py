"""The evidence of the churn head: the sentence that raised it, given as a phrase where no pattern found one."""

from __future__ import annotations

from sentiment_kit.churn.matcher import PhraseMatch
from sentiment_kit.results import ChurnPhrase
from sentiment_kit.taxonomy import CHURN_KINDS
from sentiment_kit.text import sentences

HEAD_SOURCE = "model"
"""The `ChurnPhrase.source` of a sentence that the head chose."""


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Return the offsets of a raw text's sentences, without the white space around them."""
    spans = []
    for start, end in sentences(text):
        sentence = text[start:end]
        spans.append((start + len(sentence) - len(sentence.lstrip()), start + len(sentence.rstrip())))
    return spans


def sentence_match(text: str, span: tuple[int, int], kind: int, probability: float) -> PhraseMatch:
    """Return a sentence as a churn phrase.

    Args:
        text: The raw text.
        span: Offsets of the sentence that raised the head.
        kind: Index into `CHURN_KINDS` of the most probable kind.
        probability: The head's probability for the whole text.
    """
    start, end = span
    return PhraseMatch(ChurnPhrase(CHURN_KINDS[kind], text[start:end], start, end, HEAD_SOURCE), probability)
