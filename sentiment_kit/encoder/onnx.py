"""The default encoder: the bundle's int8 network in ONNX Runtime."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sentiment_kit.encoder.base import Floats, Scores, combine_windows, sigmoid, softmax
from sentiment_kit.encoder.batches import length_buckets, pad
from sentiment_kit.encoder.bundle import ONNX_FILE, TOKENIZER_FILE, Bundle, Calibration
from sentiment_kit.encoder.tokenizer import Windows, WindowTokenizer
from sentiment_kit.errors import ModelError

_BUDGET = 1024
"""Tokens of a batch. From 512 to 4,096 the speed on two cores is the same; the memory of a run is 468 to 556 MB."""

_OUTPUTS = ("sentiment", "themes", "churn", "kinds")


class OnnxEncoder:
    """Scores texts with a bundle's ONNX network.

    Every product of the network is quantised by row, so a text's scores do not depend on what else is in its batch.
    """

    def __init__(self, bundle: Bundle, threads: int | None = None) -> None:
        """Load the network and the tokenizer.

        Args:
            bundle: The bundle; its files are checked first.
            threads: Threads of one call; by default one for each core that the process may use.

        Raises:
            BundleError: If a file is missing, truncated or altered.
            ModelError: If ONNX Runtime does not accept the network.
        """
        import onnxruntime

        self.name = bundle.name
        self.threads = threads or available_cores()
        self._bundle = bundle
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Spinning threads gain a few percent and burn the cores that a service needs.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(
                str(bundle.file(ONNX_FILE)), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # ONNX Runtime raises its own exceptions, which share no base class
            if isinstance(error, ModelError):
                raise
            raise ModelError("SK321", f"ONNX Runtime cannot load {bundle.folder / ONNX_FILE}: {error}") from error
        self.tokenizer = bundle_tokenizer(bundle)
        self._padding = int(bundle.manifest["tokens"]["padding"])

    def score(self, texts: Sequence[str], languages: Sequence[str]) -> list[Scores]:
        """Return the scores of raw texts in their order."""
        tokenised = self.tokenizer.windows(texts)
        windows = [window for text in tokenised for window in text.windows]
        logits = self.run(windows)
        results: list[Scores] = []
        first = 0
        for text, language in zip(tokenised, languages, strict=True):
            last = first + len(text.windows)
            own = tuple(array[first:last] for array in logits)
            results.append(combine(text, own, self._bundle.calibration[language]))
            first = last
        return results

    def theme_thresholds(self, language: str) -> Floats:
        """Return the probability over which each theme counts in a language."""
        return self._bundle.theme_thresholds(language)

    def run(self, windows: list[list[int]]) -> tuple[Floats, ...]:
        """Return the logits of each window; windows that are alike ("good", "good") are computed once."""
        if not windows:
            return ()
        places: dict[tuple[int, ...], int] = {}
        row_of = [places.setdefault(tuple(window), len(places)) for window in windows]
        unique = list(places)
        arrays: list[Floats] = []
        for bucket in length_buckets([len(window) for window in unique], _BUDGET):
            ids, mask = pad([unique[place] for place in bucket], self._padding)
            outputs = self._session.run(_OUTPUTS, {"ids": ids, "mask": mask})
            if not arrays:
                arrays = [np.empty((len(unique), *output.shape[1:]), np.float32) for output in outputs]
            for array, output in zip(arrays, outputs, strict=True):
                array[bucket] = output
        return tuple(array[row_of] for array in arrays)


def combine(text: Windows, logits: Sequence[Floats], calibration: Calibration) -> Scores:
    """Put the windows of one text together and calibrate.

    The sentiment is that of the whole, so windows count by their tokens; a complaint or a threat to leave counts
    wherever it stands, so for themes and churn the highest window decides.

    Args:
        text: The windows.
        logits: Logits of sentiment (windows, 3), themes (windows, 12), churn (windows,) and its kinds (windows, 8).
        calibration: That of the text's language.
    """
    sentiment, themes, churn, kinds = logits
    lengths = [len(window) for window in text.windows]
    leaving = calibration.churn_scale * churn.max(keepdims=True) + calibration.churn_shift
    return Scores(
        sentiment=softmax(
            combine_windows(sentiment, lengths) / np.float32(calibration.temperature)
            + np.asarray(calibration.bias, np.float32)
        ),
        themes=sigmoid(themes.max(0) / np.float32(calibration.theme_temperature)),
        churn=float(sigmoid(leaving)[0]),
        kinds=sigmoid(kinds[churn.argmax()]),
        n_tokens=text.n_tokens,
        n_windows=len(text.windows),
    )


def bundle_tokenizer(bundle: Bundle) -> WindowTokenizer:
    """Return the tokenizer of a bundle."""
    tokens = bundle.manifest["tokens"]
    file: Path = bundle.file(TOKENIZER_FILE)
    return WindowTokenizer.from_file(file, tokens["window"], tokens["overlap"], tokens["begin"], tokens["end"])


def available_cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
