"""The values that an analysis returns: frozen, comparable, and plain JSON through ``to_dict``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class LanguageGuess:
    """The language of a text.

    Attributes:
        code: ``"ja"``, ``"uk"``, ``"fa"``, ``"en"``, or ``"und"`` where it is none of these or cannot be told.
        confidence: How sure the guess is, in 0..1.
    """

    code: str
    confidence: float

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {"code": self.code, "confidence": self.confidence}


@dataclass(frozen=True, slots=True)
class Sentiment:
    """The overall sentiment of a text.

    Attributes:
        label: The most probable of ``"negative"``, ``"neutral"``, ``"positive"``.
        scores: Calibrated probability of each of the three; they sum to 1.
    """

    label: str
    scores: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {"label": self.label, "scores": dict(self.scores)}


@dataclass(frozen=True, slots=True)
class ThemeScore:
    """A complaint theme over its threshold.

    Attributes:
        name: A name from `sentiment_kit.taxonomy.THEMES`.
        score: Probability in 0..1 that the customer complains about it.
    """

    name: str
    score: float

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {"name": self.name, "score": self.score}


@dataclass(frozen=True, slots=True)
class ChurnPhrase:
    """A stretch of the text that shows the customer leaving or cooling down.

    Attributes:
        kind: A name from `sentiment_kit.taxonomy.CHURN_KINDS`.
        text: The stretch, letter for letter: ``raw[start:end] == text``.
        start: Offset of its first character in the text that the caller gave, in code points.
        end: Offset after its last character.
        source: ``"pattern:<id>"``, or ``"model"`` where the churn head alone raised it.
    """

    kind: str
    text: str
    start: int
    end: int
    source: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {"kind": self.kind, "text": self.text, "start": self.start, "end": self.end, "source": self.source}


@dataclass(frozen=True, slots=True)
class ChurnRisk:
    """The risk that the writer leaves without another word.

    Attributes:
        level: ``"none"``, ``"low"``, ``"medium"`` or ``"high"``.
        score: Risk in 0..1, from the phrases and the model together.
        phrases: The evidence, in the order of the text.
    """

    level: str
    score: float
    phrases: tuple[ChurnPhrase, ...] = ()

    @property
    def flagged(self) -> bool:
        """Whether there is any sign of churn."""
        return self.level != "none"

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "level": self.level,
            "score": self.score,
            "flagged": self.flagged,
            "phrases": [phrase.to_dict() for phrase in self.phrases],
        }


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything that was found out about one text.

    Attributes:
        text: The text as the caller gave it (for an input that is no text: its ``repr``, shortened).
        language: The language, detected or given.
        sentiment: None where the language is ``"und"`` or the input could not be analysed.
        theme_scores: Probability of each of the twelve complaint themes; empty where `sentiment` is None.
        themes: The themes over their thresholds, highest first.
        churn: None where `sentiment` is None.
        n_tokens: Number of model tokens of the whole text; 0 where the model did not run.
        n_windows: Number of windows that the text was read in; 0 where the model did not run.
        error: Why the input could not be analysed, with a stable code (``"SK101: ..."``), or None.
    """

    text: str
    language: LanguageGuess
    sentiment: Sentiment | None = None
    theme_scores: dict[str, float] = field(default_factory=dict)
    themes: tuple[ThemeScore, ...] = ()
    churn: ChurnRisk | None = None
    n_tokens: int = 0
    n_windows: int = 0
    error: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types: the shape of the CLI's JSON lines."""
        return {
            "text": self.text,
            "language": self.language.to_dict(),
            "sentiment": self.sentiment.to_dict() if self.sentiment else None,
            "themes": [theme.to_dict() for theme in self.themes],
            "theme_scores": dict(self.theme_scores),
            "churn": self.churn.to_dict() if self.churn else None,
            "n_tokens": self.n_tokens,
            "n_windows": self.n_windows,
            "error": self.error,
        }
