"""What the model must beat: character n-grams, TF-IDF and logistic regression, trained on the same rows."""

from __future__ import annotations

import numpy as np
from joblib import Parallel, delayed, parallel_config
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier

from sentiment_kit.taxonomy import SENTIMENTS, THEMES
from sentiment_kit.text import for_model

_ROWS = 60_000
_FEWEST = 20


def _regression() -> LogisticRegression:
    return LogisticRegression(C=4.0, class_weight="balanced", solver="liblinear")


def _fit_theme(features: csr_matrix, labels: NDArray[np.int64]) -> LogisticRegression | None:
    known = labels >= 0
    if min((labels[known] == value).sum() for value in (0, 1)) < _FEWEST:
        return None
    return _regression().fit(features[known], labels[known])


class TfidfBaseline:
    """Character 2- to 5-grams with sub-linear TF-IDF and a balanced logistic regression, one language at a time."""

    def __init__(self, seed: int = 1) -> None:
        """Keep the seed of the sample of training rows."""
        self._seed = seed

    def fit(self, texts: list[str], sentiment: NDArray[np.int64], themes: NDArray[np.int64]) -> TfidfBaseline:
        """Train on rows with a known sentiment or theme.

        Args:
            texts: Raw texts.
            sentiment: Index of the sentiment or -1, (n,).
            themes: 1, 0 or -1 for unknown, (n, 12).
        """
        rows = np.flatnonzero((sentiment >= 0) | (themes >= 0).any(1))
        rows = np.random.default_rng(self._seed).permutation(rows)[:_ROWS]
        sentiment, themes = sentiment[rows], themes[rows]
        self._vectorizer = TfidfVectorizer(
            analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=3, max_features=300_000, dtype=np.float32
        )
        features = self._vectorizer.fit_transform([for_model(texts[row]).text for row in rows])
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
        features = self._vectorizer.transform([for_model(text).text for text in texts])
        sentiment = np.zeros((len(texts), len(SENTIMENTS)))
        sentiment[:, self._sentiment.classes_] = self._sentiment.predict_proba(features)
        themes = [model.predict_proba(features)[:, 1] if model else np.zeros(len(texts)) for model in self._themes]
        return sentiment, np.stack(themes, 1)
