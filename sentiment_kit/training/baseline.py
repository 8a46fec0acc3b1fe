"""What the model must beat: linear models on character n-grams and on a bag of embeddings, trained on the same rows."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from joblib import Parallel, delayed, parallel_config
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from tokenizers import Tokenizer

from sentiment_kit.taxonomy import SENTIMENTS, THEMES
from sentiment_kit.text import for_model

_ROWS = 60_000
_FEWEST = 20


class Features(Protocol):
    """Turns texts in the model's view into rows of numbers."""

    def fit_transform(self, texts: list[str]) -> Any:  # noqa: ANN401  a dense or a sparse matrix
        """Learn from texts and return their features."""
        ...

    def transform(self, texts: list[str]) -> Any:  # noqa: ANN401
        """Return the features of other texts."""
        ...


def character_ngrams() -> Features:
    """Return character 2- to 5-grams inside words with sub-linear TF-IDF."""
    features: Features = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=3, max_features=300_000, dtype=np.float32
    )
    return features


class BagOfEmbeddings:
    """The mean of the initial vectors of a text's pieces, at unit length."""

    def __init__(self, tokenizer: Tokenizer, vectors: NDArray[np.float32]) -> None:
        """Keep the tokenizer and its vectors, (vocabulary, width)."""
        self._tokenizer, self._vectors = tokenizer, vectors

    def fit_transform(self, texts: list[str]) -> NDArray[np.float32]:
        """Return the features; there is nothing to learn."""
        return self.transform(texts)

    def transform(self, texts: list[str]) -> NDArray[np.float32]:
        """Return the features, (n, width)."""
        features = np.zeros((len(texts), self._vectors.shape[1]), np.float32)
        for row, encoding in enumerate(self._tokenizer.encode_batch(texts, add_special_tokens=False)):
            if encoding.ids:
                mean = self._vectors[encoding.ids].mean(0)
                features[row] = mean / max(float(np.linalg.norm(mean)), 1e-9)
        return features


class LinearBaseline:
    """A balanced logistic regression for each sentiment and theme, one language at a time."""

    def __init__(self, features: Features, seed: int = 1) -> None:
        """Keep what makes the features, and the seed of the sample of training rows."""
        self._features, self._seed = features, seed

    def fit(self, texts: list[str], sentiment: NDArray[np.int64], themes: NDArray[np.int64]) -> LinearBaseline:
        """Train on rows with a known sentiment or theme, at most 60,000.

        Args:
            texts: Raw texts.
            sentiment: Index of the sentiment or -1, (n,).
            themes: 1, 0 or -1 for unknown, (n, 12).
        """
        rows = np.flatnonzero((sentiment >= 0) | (themes >= 0).any(1))
        rows = np.random.default_rng(self._seed).permutation(rows)[:_ROWS]
        sentiment, themes = sentiment[rows], themes[rows]
        features = self._features.fit_transform([for_model(texts[row]).text for row in rows])
        known = sentiment >= 0
        # Large arrays would be shared as read-only maps, which liblinear does not accept.
        with parallel_config(backend="loky", n_jobs=-1, max_nbytes=None):
            self._sentiment = OneVsRestClassifier(_regression(), n_jobs=-1).fit(features[known], sentiment[known])
            self._themes: list[LogisticRegression | None] = Parallel()(
                delayed(_fit_theme)(features, themes[:, theme]) for theme in range(len(THEMES))
            )
        return self

    def predict(self, texts: list[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return probabilities of sentiment (n, 3) and of themes (n, 12; 0 where a theme had too few rows)."""
        features = self._features.transform([for_model(text).text for text in texts])
        sentiment = np.zeros((len(texts), len(SENTIMENTS)))
        sentiment[:, self._sentiment.classes_] = self._sentiment.predict_proba(features)
        themes = [model.predict_proba(features)[:, 1] if model else np.zeros(len(texts)) for model in self._themes]
        return sentiment, np.stack(themes, 1)


def _regression() -> LogisticRegression:
    return LogisticRegression(C=4.0, class_weight="balanced", solver="liblinear")


def _fit_theme(features: Any, labels: NDArray[np.int64]) -> LogisticRegression | None:  # noqa: ANN401
    known = labels >= 0
    if min((labels[known] == value).sum() for value in (0, 1)) < _FEWEST:
        return None
    return _regression().fit(features[known], labels[known])
