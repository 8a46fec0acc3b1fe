"""Churn phrases in a text: a pre-filter that most texts stop at, then spaCy's matcher, then the context rules."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sentiment_kit.churn.patterns import FOLDER, ContextRule, Pattern, load_context, load_patterns
from sentiment_kit.errors import PatternError
from sentiment_kit.results import ChurnPhrase
from sentiment_kit.text import Normalised, for_matching, sentences

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.matcher import Matcher

# Sudachi refuses more than 49,149 bytes; a sentence this long is cut at a character.
_MAX_SENTENCE = 4_000


@dataclass(frozen=True, slots=True)
class PhraseMatch:
    """A phrase that a pattern found, with the weight of the pattern."""

    phrase: ChurnPhrase
    weight: float


class PhraseMatcher:
    """Finds the churn phrases of one language. Safe to share between threads."""

    def __init__(self, language: str, patterns: Iterable[Pattern], context: Iterable[ContextRule] = ()) -> None:
        """Keep the patterns; spaCy loads when a text first passes the pre-filter.

        Args:
            language: A code from `sentiment_kit.taxonomy.LANGUAGES`.
            patterns: The patterns to look for.
            context: The rules that cancel a phrase.
        """
        self.language = language
        self._patterns = {pattern.id: pattern for pattern in patterns}
        self._context = tuple(context)
        self._prefilter = _prefilter(self._patterns.values())
        self._lock = threading.Lock()

    @classmethod
    def default(cls, language: str, extra: Iterable[Path] = ()) -> PhraseMatcher:
        """Return the matcher with the package's patterns of a language, and those of the user's own files.

        Raises:
            PatternError: If a file is not valid.
        """
        patterns = load_patterns(FOLDER / "patterns" / f"{language}.jsonl")
        for file in extra:
            patterns += load_patterns(file)
        return cls(language, patterns, load_context(FOLDER / "context" / f"{language}.jsonl"))

    def find(self, text: str) -> list[PhraseMatch]:
        """Return the churn phrases of a raw text in their order, overlaps resolved to the longest."""
        view = for_matching(text)
        if not self._prefilter.search(view.text):
            return []
        found: list[PhraseMatch] = []
        for start, end in sentences(view.text):
            for piece in range(start, end, _MAX_SENTENCE):
                stop = min(piece + _MAX_SENTENCE, end)
                if self._prefilter.search(view.text, piece, stop):
                    found += self._find_in_sentence(view, piece, stop)
        return found

    def _find_in_sentence(self, view: Normalised, start: int, end: int) -> Iterator[PhraseMatch]:
        sentence = view.text[start:end]
        for pattern, left, right in self._longest(sentence):
            if self._cancelled(pattern.kind, sentence, left, right, view.text):
                continue
            raw_start, raw_end = view.to_raw(start + left, start + right)
            phrase = ChurnPhrase(pattern.kind, view.raw[raw_start:raw_end], raw_start, raw_end, f"pattern:{pattern.id}")
            yield PhraseMatch(phrase, pattern.weight)

    def _longest(self, sentence: str) -> list[tuple[Pattern, int, int]]:
        """Return non-overlapping matches as (pattern, start, end); the longest wins, then the heaviest."""
        nlp, matcher = self._spacy
        with self._lock:  # Sudachi's tokenizer must not be shared by two threads at once
            doc = nlp.make_doc(sentence)
        spans = [
            (self._patterns[doc.vocab.strings[key]], doc[first].idx, doc[last - 1].idx + len(doc[last - 1]))
            for key, first, last in matcher(doc)
        ]
        spans.sort(key=lambda span: (span[1] - span[2], -span[0].weight, span[0].id))
        kept: list[tuple[Pattern, int, int]] = []
        for span in spans:
            if all(span[2] <= other[1] or span[1] >= other[2] for other in kept):
                kept.append(span)
        return sorted(kept, key=lambda span: span[1])

    def _cancelled(self, kind: str, sentence: str, left: int, right: int, text: str) -> bool:
        places = {"before": sentence[:left], "after": sentence[right:], "sentence": sentence, "text": text}
        return any(kind in rule.kinds and rule.expression.search(places[rule.place]) for rule in self._context)

    @cached_property
    def _spacy(self) -> tuple[Language, Matcher]:
        import spacy
        from spacy.matcher import Matcher

        nlp = spacy.blank(self.language)
        matcher = Matcher(nlp.vocab)
        for pattern in self._patterns.values():
            tokens = pattern.tokens
            if isinstance(tokens, str):
                tokens = [{"TEXT": token.text} for token in nlp.make_doc(for_matching(tokens).text)]
            try:
                matcher.add(pattern.id, [tokens])
            except ValueError as error:
                raise PatternError("SK503", f"pattern {pattern.id}: spaCy does not accept it: {error}") from error
        return nlp, matcher


def _prefilter(patterns: Iterable[Pattern]) -> re.Pattern[str]:
    """Return an expression that every text with a match contains: for each pattern its most telling token."""
    needs = {need for pattern in patterns for need in (_needed(pattern),)}
    if None in needs:  # a pattern without a single literal: spaCy must look at every text
        return re.compile("")
    return re.compile("|".join(sorted(filter(None, needs), key=lambda need: (-len(need), need))) or r"(?!)")


def _needed(pattern: Pattern) -> str | None:
    if isinstance(pattern.tokens, str):
        return re.escape(for_matching(pattern.tokens).text)
    needs = [need for token in pattern.tokens if (need := _needed_by_token(token))]
    # The longest of the shortest alternatives says most.
    return max(needs, key=lambda need: min(map(len, need.split("|"))), default=None)


def _needed_by_token(token: dict[str, Any]) -> str | None:
    if str(token.get("OP", "1")) in {"?", "*", "!"} or str(token.get("OP", "1")).startswith(("{0", "{,")):
        return None
    for attribute in ("LOWER", "TEXT", "ORTH", "LEMMA", "NORM"):
        wanted = token.get(attribute)
        if wanted is None:
            continue
        if isinstance(wanted, dict) and "REGEX" in wanted and attribute != "LEMMA":
            return re.sub(r"(?<!\\)[\^$]", "", wanted["REGEX"]) or None
        words = [wanted] if isinstance(wanted, str) else wanted.get("IN", []) if isinstance(wanted, dict) else []
        if attribute in {"LEMMA", "NORM"}:
            words = [_stem(word) for word in words]
        if words and all(words):
            return "|".join(sorted(map(re.escape, set(words))))
    return None


def _stem(lemma: str) -> str:
    """Return what every inflected form of a lemma begins with: in Japanese its leading kanji."""
    match = re.match(r"[\u3400-\u9fff々]+", lemma)
    return match[0][:1] if match else ""
