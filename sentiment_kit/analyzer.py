"""The one path from texts to analyses: detect, encode, score, flag."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from sentiment_kit.churn.evidence import sentence_match, sentence_spans
from sentiment_kit.churn.matcher import PhraseMatcher
from sentiment_kit.churn.risk import assess, counted, raises_alone
from sentiment_kit.encoder.base import Encoder, Scores
from sentiment_kit.encoder.bundle import Bundle, bundle_folder
from sentiment_kit.errors import InputError
from sentiment_kit.language import detect
from sentiment_kit.results import Analysis, ChurnRisk, LanguageGuess, Sentiment, ThemeScore
from sentiment_kit.taxonomy import LANGUAGES, SENTIMENTS, THEMES, UNDETERMINED

_STREAM_CHUNK = 256
_SHOWN = 40


class Analyzer:
    """Finds the language, sentiment, complaint themes and churn risk of customer feedback.

    One analyzer may be shared by many threads.

    >>> analyzer = Analyzer()
    >>> analyzer.analyze("The room was spotless and quiet.").sentiment.label
    'positive'
    """

    def __init__(
        self,
        model: str | Path | None = None,
        *,
        patterns: str | Path | Iterable[str | Path] = (),
        threads: int | None = None,
    ) -> None:
        """Load a model.

        Args:
            model: A bundle's folder, a folder with a Hugging Face sequence classification checkpoint, or the name of
                one on the hub (the last two need the ``train`` extra). By default the bundled model.
            patterns: A file of churn patterns of your own, or several, each named ``<anything>.<language>.jsonl``.
            threads: Threads that one call uses; by default one for each core that the process may use.

        Raises:
            ModelError: If the model cannot be loaded; a `BundleError` where a file is missing, truncated or altered.
            MissingExtraError: If the model needs an extra that is not installed.
            PatternError: If a pattern file is not usable.
        """
        self.encoder: Encoder = _load_encoder(model, threads)
        self._thresholds = {language: self.encoder.theme_thresholds(language) for language in LANGUAGES}
        own: dict[str, list[Path]] = {language: [] for language in LANGUAGES}
        for file in map(Path, [patterns] if isinstance(patterns, str | Path) else patterns):
            own[_pattern_language(file)].append(file)
        self._matchers = {language: PhraseMatcher.default(language, own[language]) for language in LANGUAGES}

    def analyze(self, text: str, language: str | None = None) -> Analysis:
        """Analyse one text.

        Args:
            text: The feedback, as the customer wrote it.
            language: Its language (``"ja"``, ``"uk"``, ``"fa"``, ``"en"``); by default it is detected.

        Raises:
            InputError: If the text is empty, blank or no ``str``, or the language is none of the four.
        """
        _check_language(language)
        problem = _problem(text)
        if problem is not None:
            raise problem
        return self.analyze_many([text], [language])[0]

    def analyze_many(self, texts: Sequence[str], languages: str | Sequence[str | None] | None = None) -> list[Analysis]:
        """Analyse several texts at once: one analysis for each, in their order.

        A text that cannot be analysed (empty, None, a number) gets an analysis whose ``error`` says why.

        Args:
            texts: The feedback.
            languages: One language for all, or one for each (None where it is to be detected).

        Raises:
            InputError: If `texts` is a single string or no sequence, the lengths differ, or a language is none of the
                four.
        """
        if isinstance(texts, str | bytes) or not isinstance(texts, Sequence):
            raise InputError(
                "SK103", f"analyze_many takes a list of texts, found {_describe(texts)}; for one text use analyze"
            )
        given = _languages_for(languages, len(texts))
        results: list[Analysis | None] = [None] * len(texts)
        good: list[tuple[int, str, LanguageGuess]] = []
        for index, (text, language) in enumerate(zip(texts, given, strict=True)):
            problem = _problem(text)
            if problem is not None:
                results[index] = _failed(text, problem)
                continue
            guess = detect(text) if language is None else LanguageGuess(language, 1.0)
            if guess.code == UNDETERMINED:
                results[index] = Analysis(text, guess)
            else:
                good.append((index, text, guess))
        if good:
            scores = self.encoder.score([text for _, text, _ in good], [guess.code for _, _, guess in good])
            risks = self._risks([(text, guess.code) for _, text, guess in good], scores)
            for (index, text, guess), score, risk in zip(good, scores, risks, strict=True):
                results[index] = self._assemble(text, guess, score, risk)
        return [result for result in results if result is not None]

    def stream(self, texts: Iterable[str], languages: str | None = None) -> Iterator[Analysis]:
        """Analyse any iterable in its order, with the memory of a few hundred texts however long it is.

        Args:
            texts: The feedback.
            languages: One language for all, or None to detect each.
        """
        if isinstance(texts, str | bytes):
            raise InputError("SK103", f"stream takes an iterable of texts, found {_describe(texts)}")
        iterator = iter(texts)
        while chunk := list(islice(iterator, _STREAM_CHUNK)):
            yield from self.analyze_many(chunk, languages)

    async def analyze_async(self, text: str, language: str | None = None) -> Analysis:
        """Analyse one text without blocking the event loop; raises what `analyze` raises."""
        return await asyncio.to_thread(self.analyze, text, language)

    def _risks(self, texts: Sequence[tuple[str, str]], scores: Sequence[Scores]) -> list[ChurnRisk]:
        """Return the churn risk of each (text, language)."""
        found = [
            counted(self._matchers[language].find(text), score.churn, _positive(score))
            for (text, language), score in zip(texts, scores, strict=True)
        ]
        unexplained = [
            row
            for row, (matches, score) in enumerate(zip(found, scores, strict=True))
            if not matches and raises_alone(score.churn, _positive(score))
        ]
        surest = self._surest_sentences([texts[row] for row in unexplained])
        for row, (span, sentence) in zip(unexplained, surest, strict=True):
            head, kinds, kinds_of_sentence = scores[row].churn, scores[row].kinds, sentence.kinds
            assert head is not None and kinds is not None and kinds_of_sentence is not None  # noqa: S101, PT018  it raised
            # Together they name the right kind more often than either does.
            kind = int((kinds + kinds_of_sentence).argmax())
            found[row] = [sentence_match(texts[row][0], span, kind, head)]
        return [assess(matches, score.churn, _positive(score)) for matches, score in zip(found, scores, strict=True)]

    def _surest_sentences(self, texts: Sequence[tuple[str, str]]) -> list[tuple[tuple[int, int], Scores]]:
        """Return the sentence of each (text, language) in which the churn head is surest: its offsets and scores."""
        spans = [sentence_spans(text) for text, _ in texts]
        pieces = [(text[a:b], language) for (text, language), own in zip(texts, spans, strict=True) for a, b in own]
        if not pieces:
            return []
        scores = iter(self.encoder.score([text for text, _ in pieces], [language for _, language in pieces]))
        read = [[(span, next(scores)) for span in own] for own in spans]
        return [max(own, key=lambda sentence: sentence[1].churn or 0.0) for own in read]

    def _assemble(self, text: str, guess: LanguageGuess, scores: Scores, risk: ChurnRisk) -> Analysis:
        themes = dict.fromkeys(THEMES, 0.0) if scores.themes is None else _named(THEMES, scores.themes.tolist())
        over = [
            ThemeScore(name, score)
            for (name, score), threshold in zip(themes.items(), self._thresholds[guess.code], strict=True)
            if score >= threshold
        ]
        sentiment = _named(SENTIMENTS, scores.sentiment.astype(float).tolist())
        return Analysis(
            text=text,
            language=guess,
            sentiment=Sentiment(max(sentiment, key=lambda name: sentiment[name]), sentiment),
            theme_scores=themes,
            themes=tuple(sorted(over, key=lambda theme: -theme.score)),
            churn=risk,
            n_tokens=scores.n_tokens,
            n_windows=scores.n_windows,
        )


def _positive(scores: Scores) -> float:
    return float(scores.sentiment[SENTIMENTS.index("positive")])


def _named(names: Sequence[str], values: Sequence[float]) -> dict[str, float]:
    return dict(zip(names, values, strict=True))


def _load_encoder(model: str | Path | None, threads: int | None) -> Encoder:
    folder = bundle_folder(model)
    if folder is not None:
        from sentiment_kit.encoder.onnx import OnnxEncoder

        return OnnxEncoder(Bundle.open(folder), threads)
    from sentiment_kit.encoder.torch import TransformersEncoder

    return TransformersEncoder(str(model))


def _problem(text: object) -> InputError | None:
    if not isinstance(text, str):
        return InputError("SK102", f"wanted a text (str), found {_describe(text)}")
    if not text.strip():
        return InputError("SK101", "the text is empty" if not text else "the text is blank: white space only")
    return None


def _failed(text: object, problem: InputError) -> Analysis:
    shown = text if isinstance(text, str) else repr(text)[:_SHOWN]
    return Analysis(shown, LanguageGuess(UNDETERMINED, 0.0), error=str(problem))


def _describe(value: object) -> str:
    if isinstance(value, bytes):
        return f"bytes ({value[:_SHOWN]!r}); decode them first, for instance value.decode('utf-8')"
    if value is None:
        return "None"
    shown = repr(value)
    return f"{type(value).__name__} ({shown[:_SHOWN]}{'...' if len(shown) > _SHOWN else ''})"


def _languages_for(languages: str | Sequence[str | None] | None, count: int) -> Sequence[str | None]:
    if languages is None or isinstance(languages, str):
        _check_language(languages)
        return [languages] * count
    if len(languages) != count:
        raise InputError("SK105", f"{count} texts and {len(languages)} languages; wanted one language for each text")
    for language in languages:
        _check_language(language)
    return languages


def _check_language(language: str | None) -> None:
    if language is not None and language not in LANGUAGES:
        raise InputError("SK104", f"language {language!r} is none of {', '.join(LANGUAGES)}; leave it out to detect it")


def _pattern_language(file: Path) -> str:
    language = file.name.removesuffix(".jsonl").rpartition(".")[2]
    if language not in LANGUAGES:
        raise InputError(
            "SK106", f"the name of pattern file {file} gives no language; wanted <name>.<{'|'.join(LANGUAGES)}>.jsonl"
        )
    return language
