"""Churn phrases in a text: the patterns that may match, spaCy's tokens and matcher, then the context rules."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from sentiment_kit.churn.gaps import with_fixed_gaps
from sentiment_kit.churn.glance import Glance
from sentiment_kit.churn.index import PatternIndex, Token, words_of
from sentiment_kit.churn.patterns import FOLDER, ContextRule, Pattern, load_context, load_patterns
from sentiment_kit.errors import PatternError
from sentiment_kit.results import ChurnPhrase
from sentiment_kit.text import Normalised, for_matching, sentences

if TYPE_CHECKING:
    from spacy.matcher import Matcher
    from spacy.tokens import Doc

# How far before and behind a phrase a context rule looks, in characters: further away little is about the phrase, and
# a search to the ends of a very long sentence, for each of its phrases, would take minutes.
_REACH = 300

# Sudachi refuses more than 49,149 bytes; a sentence this long is cut at a character.
_MAX_SENTENCE = 4_000

# spaCy keeps every word that it has seen. Past so many it starts anew, so that memory stays flat over any stream.
_MAX_VOCABULARY = 200_000

# What a spaCy pattern may ask of a word beside its letters; only Sudachi tells any of it.
_ANNOTATIONS = {"LEMMA", "POS", "TAG", "MORPH", "DEP", "ENT_TYPE"}


@dataclass(frozen=True, slots=True)
class PhraseMatch:
    """A phrase that a pattern found, with the weight of the pattern, and whether the pattern is the user's own."""

    phrase: ChurnPhrase
    weight: float
    own: bool = False


class PhraseMatcher:
    """Finds the churn phrases of one language. Safe to share between threads."""

    def __init__(
        self,
        language: str,
        patterns: Iterable[Pattern],
        context: Iterable[ContextRule] = (),
        own: Iterable[Pattern] = (),
    ) -> None:
        """Keep the patterns; spaCy loads with the first text.

        Args:
            language: A code from `sentiment_kit.taxonomy.LANGUAGES`.
            patterns: The patterns to look for.
            context: The rules that cancel a phrase.
            own: More patterns to look for, the user's own.
        """
        self.language = language
        own = list(own)
        self._own = frozenset(pattern.id for pattern in own)
        self._patterns: dict[str, Pattern] = {}
        for pattern in [*patterns, *own]:
            if pattern.id in self._patterns:
                raise PatternError("SK504", f"two patterns have the id {pattern.id!r}; give each its own")
            self._patterns[pattern.id] = pattern
        self._context = tuple(context)
        self._engine: _Engine | None = None
        self._lock = threading.Lock()

    @classmethod
    def default(cls, language: str, extra: Iterable[Path] = ()) -> PhraseMatcher:
        """Return the matcher with the package's patterns of a language, and those of the user's own files.

        Raises:
            PatternError: If a file is not valid.
        """
        patterns = load_patterns(FOLDER / "patterns" / f"{language}.jsonl")
        own = [pattern for file in extra for pattern in load_patterns(file)]
        matcher = cls(language, patterns, load_context(FOLDER / "context" / f"{language}.jsonl"), own)
        if own:
            matcher.check(own)
        return matcher

    def check(self, patterns: Iterable[Pattern]) -> None:
        """Try patterns now, so that a faulty one stops no run halfway and none is silently without effect.

        Raises:
            PatternError: If spaCy does not accept one of them, it can match no text, or its `positive` is not found.
        """
        for pattern in patterns:
            with self._lock:
                self._engine = self._engine or _Engine(self.language, self._patterns.values())
                self._engine.check(pattern)
            if pattern.positive and not self.find(pattern.positive):
                what = f"pattern {pattern.id}: a context rule cancels what it finds in its 'positive'"
                raise PatternError("SK505", f"{what}, {pattern.positive!r}; see docs/churn.md")

    def find(self, text: str) -> list[PhraseMatch]:
        """Return the churn phrases of a raw text in their order, overlaps resolved to the longest."""
        view = for_matching(text)
        anywhere = cache(lambda rule: rule.expression.search(view.text) is not None)  # once a text, not once a phrase
        found: list[PhraseMatch] = []
        for start, end in sentences(view.text):
            for piece in range(start, end, _MAX_SENTENCE):
                found += self._find_in_sentence(view, piece, min(piece + _MAX_SENTENCE, end), anywhere)
        return found

    def _find_in_sentence(
        self, view: Normalised, start: int, end: int, anywhere: Callable[[ContextRule], bool]
    ) -> Iterator[PhraseMatch]:
        sentence = view.text[start:end]
        with self._lock:  # neither Sudachi nor spaCy's vocabulary may be used by two threads at once
            if self._engine is None or self._engine.is_full():
                self._engine = _Engine(self.language, self._patterns.values())
            spans = self._engine.spans(sentence)
        for pattern, left, right in _longest([(self._patterns[name], left, right) for name, left, right in spans]):
            places = {
                "before": sentence[max(0, left - _REACH) : left],
                "after": sentence[right : right + _REACH],
                "sentence": sentence,
            }
            if any(
                pattern.kind in rule.kinds
                and (anywhere(rule) if rule.place == "text" else rule.expression.search(places[rule.place]))
                for rule in self._context
            ):
                continue
            raw_start, raw_end = view.to_raw(start + left, start + right)
            phrase = ChurnPhrase(pattern.kind, view.raw[raw_start:raw_end], raw_start, raw_end, f"pattern:{pattern.id}")
            yield PhraseMatch(phrase, pattern.weight, pattern.id in self._own)


def _longest(spans: list[tuple[Pattern, int, int]]) -> list[tuple[Pattern, int, int]]:
    """Return the spans without overlaps, in order; the longest wins, then the heaviest."""
    kept: list[tuple[Pattern, int, int]] = []
    for span in sorted(spans, key=lambda span: (span[1] - span[2], -span[0].weight, span[0].id)):
        if all(span[2] <= other[1] or span[1] >= other[2] for other in kept):
            kept.append(span)
    return sorted(kept, key=lambda span: span[1])


class _Engine:
    """spaCy's tokenizer and matchers for one language's patterns."""

    def __init__(self, language: str, patterns: Iterable[Pattern]) -> None:
        import spacy

        self._nlp = spacy.blank(language)
        self._tokens = {pattern.id: self._tokens_of(pattern) for pattern in patterns}
        self._index = PatternIndex(self._tokens)
        self._glance = Glance(self._tokens) if language == "ja" else None
        self._matchers: dict[str, Matcher] = {}

    def is_full(self) -> bool:
        """Say whether spaCy has seen so many words that it should start anew."""
        return len(self._nlp.vocab.strings) > _MAX_VOCABULARY

    def spans(self, sentence: str) -> list[tuple[str, int, int]]:
        """Return every match in a sentence as (pattern id, start, end), overlaps included."""
        return self._read(sentence) if self._is_worth_reading(sentence) else []

    def _read(self, sentence: str) -> list[tuple[str, int, int]]:
        doc = self._nlp.make_doc(sentence)
        return [
            (name, doc[first].idx, doc[last - 1].idx + len(doc[last - 1]))
            for name in self._index.candidates((token.text, token.lemma_) for token in doc)
            for _, first, last in self._match(name, doc)
        ]

    def _is_worth_reading(self, sentence: str) -> bool:
        """Say whether a pattern may match, by characters and, in Japanese, by Sudachi's words: most sentences end here.

        What takes time is spaCy's `Doc`, most of all in Japanese.
        """
        if self._glance is None:
            return self._index.may_match(sentence)
        if not self._glance.may_match(sentence):
            return False
        morphemes = cast(Any, self._nlp.tokenizer).tokenizer.tokenize(sentence)
        read = ((word.surface(), word.dictionary_form() or word.surface()) for word in morphemes)
        # White space is a word to Sudachi, to spaCy as a rule none.
        return bool(self._index.candidates(word for word in read if word[0].strip()))

    def check(self, pattern: Pattern) -> None:
        """Raise a `PatternError` for a pattern that cannot be matched, or is not found in its own sentence."""
        doc = self._nlp.make_doc("a")
        tokens = self._tokens[pattern.id]
        for attribute in sorted(_ANNOTATIONS & {name.upper() for token in tokens for name in token}):
            if not doc.has_annotation(attribute):
                what = f"{attribute} is not known of words in {self._nlp.lang!r}; list the words themselves"
                raise PatternError("SK503", f"pattern {pattern.id}: {what}")
        self._match(pattern.id, doc)
        for word in chain.from_iterable(map(words_of, tokens)):
            if (read := for_matching(word).text) != word:
                what = f"{word!r} is never found, because {read!r} is read in its place; see View in docs/churn.md"
                raise PatternError("SK503", f"pattern {pattern.id}: {what}")
        view = for_matching(pattern.positive).text
        found = {name for start, end in sentences(view) for name, _, _ in self.spans(view[start:end])}
        if pattern.positive and pattern.id not in found:
            raise PatternError("SK505", f"pattern {pattern.id} is not found in its 'positive', {pattern.positive!r}")

    def _match(self, name: str, doc: Doc) -> list[tuple[int, int, int]]:
        try:
            if name not in self._matchers:
                self._matchers[name] = self._compile(name)
            matches: list[tuple[int, int, int]] = self._matchers[name](doc)
        except (ValueError, AttributeError) as error:
            raise PatternError("SK503", f"pattern {name}: spaCy does not accept it: {error}") from error
        return matches

    def _compile(self, name: str) -> Matcher:
        from spacy.matcher import Matcher

        matcher = Matcher(self._nlp.vocab)
        matcher.add(name, with_fixed_gaps(self._tokens[name]))
        return matcher

    def _tokens_of(self, pattern: Pattern) -> list[Token]:
        if isinstance(pattern.tokens, str):
            return [{"TEXT": token.text} for token in self._nlp.make_doc(for_matching(pattern.tokens).text)]
        return pattern.tokens
