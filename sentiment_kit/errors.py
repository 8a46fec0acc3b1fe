"""Every error that the package raises on purpose.

::

    SentimentKitError
    ├── InputError          SK1xx  what the caller gave cannot be analysed (also a ValueError)
    ├── FileFormatError     SK2xx  a file cannot be read or written as asked (also a ValueError)
    ├── ModelError          SK3xx  a model cannot be loaded or run
    │   └── BundleError     SK31x  a bundle file is missing, truncated or altered
    ├── MissingExtraError   SK4xx  an optional dependency is not installed (also an ImportError)
    ├── PatternError        SK5xx  a churn pattern file is not usable
    └── CorpusError         SK6xx  labelled data for training or evaluation is not usable

A message says what was found, what was wanted and what to do. The code is stable, so an error column can be counted.
"""

from __future__ import annotations


class SentimentKitError(Exception):
    """Root of the tree: catches everything that the package raises on purpose.

    Attributes:
        code: Stable identifier such as ``"SK101"``.
        message: The text without the code.
    """

    def __init__(self, code: str, message: str) -> None:
        """Store the code and the message."""
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message

    def __reduce__(self) -> tuple[type[SentimentKitError], tuple[str, str]]:
        """Keep the code and the message when the error crosses a process boundary."""
        return type(self), (self.code, self.message)


class InputError(SentimentKitError, ValueError):
    """What the caller gave cannot be analysed."""


class FileFormatError(SentimentKitError, ValueError):
    """A file cannot be read or written as asked."""


class ModelError(SentimentKitError):
    """A model cannot be loaded or run."""


class BundleError(ModelError):
    """A file of a model bundle is missing, truncated or altered."""


class MissingExtraError(SentimentKitError, ImportError):
    """An optional dependency is not installed."""

    @classmethod
    def needs(cls, extra: str, what: str) -> MissingExtraError:
        """Return the error for a feature whose extra is missing.

        Args:
            extra: Name of the extra in ``pyproject.toml``.
            what: The feature, as the user knows it.
        """
        return cls("SK401", f"{what} needs the '{extra}' extra. Install it with: pip install 'sentiment-kit[{extra}]'")


class PatternError(SentimentKitError):
    """A churn pattern file is not usable."""


class CorpusError(SentimentKitError):
    """Labelled data for training or evaluation is not usable."""
