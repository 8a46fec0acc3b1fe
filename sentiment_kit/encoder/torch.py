"""Encoders in torch: the bundle's own weights, and any Hugging Face sequence classification checkpoint."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sentiment_kit.encoder.base import Floats, Scores, combine_windows, softmax
from sentiment_kit.encoder.batches import length_buckets, pad
from sentiment_kit.encoder.bundle import WEIGHTS_FILE, Bundle
from sentiment_kit.encoder.onnx import bundle_tokenizer, combine
from sentiment_kit.encoder.tokenizer import cut
from sentiment_kit.errors import MissingExtraError, ModelError
from sentiment_kit.taxonomy import SENTIMENTS, THEMES

if TYPE_CHECKING:
    from sentiment_kit.encoder.network import FeedbackNetwork

_BUDGET = 4096
_LONGEST = 512

_SENTIMENT_OF_LABEL = {
    **{f"{stars} star{'s' if stars > 1 else ''}": name
       for stars, name in enumerate(("negative", "negative", "neutral", "positive", "positive"), 1)},
    "very negative": "negative",
    "very positive": "positive",
    "neg": "negative",
    "neu": "neutral",
    "pos": "positive",
    **{name: name for name in SENTIMENTS},
}  # fmt: skip


class TorchEncoder:
    """Scores texts with a bundle's weights in torch: slower than ONNX, the reference for its integer products."""

    def __init__(self, bundle: Bundle) -> None:
        """Load the weights.

        Raises:
            MissingExtraError: If torch is not installed.
            BundleError: If a file is missing, truncated or altered.
        """
        self.name = f"{bundle.name} (torch)"
        self._bundle = bundle
        self._network = load_network(bundle)
        self._tokenizer = bundle_tokenizer(bundle)
        self._padding = int(bundle.manifest["tokens"]["padding"])

    def score(self, texts: Sequence[str], languages: Sequence[str]) -> list[Scores]:
        """Return the scores of raw texts in their order."""
        import torch

        results = []
        for text, language in zip(self._tokenizer.windows(texts), languages, strict=True):
            ids, mask = pad(text.windows, self._padding)
            with torch.inference_mode():
                logits = [array.numpy() for array in self._network(torch.from_numpy(ids), torch.from_numpy(mask))]
            results.append(combine(text, logits, self._bundle.calibration[language]))
        return results

    def theme_thresholds(self, language: str) -> Floats:
        """Return the probability over which each theme counts in a language."""
        return self._bundle.theme_thresholds(language)


def load_network(bundle: Bundle) -> FeedbackNetwork:
    """Return a bundle's network with its weights, in evaluation mode.

    Raises:
        MissingExtraError: If torch is not installed.
        BundleError: If the weights are missing, truncated or altered.
    """
    try:
        from safetensors.torch import load_file

        from sentiment_kit.encoder.network import FeedbackNetwork, Shape, from_stored
    except ImportError as error:
        raise MissingExtraError.needs("train", "Running or retraining a model in torch") from error
    network = FeedbackNetwork(Shape(**bundle.manifest["shape"]))
    network.load_state_dict(from_stored(load_file(bundle.file(WEIGHTS_FILE))))
    return network.eval()


class TransformersEncoder:
    """Scores sentiment with a Hugging Face sequence classification checkpoint; it has no themes and no churn head."""

    def __init__(self, name: str, *, local_only: bool = False) -> None:
        """Load a checkpoint from a folder, or by its name on the Hugging Face hub.

        Args:
            name: A folder, or a name such as ``"owner/model"``.
            local_only: Whether to use what is on this machine and never the network.

        Raises:
            MissingExtraError: If torch or transformers is not installed.
            ModelError: If the checkpoint cannot be loaded or used, or its labels are no sentiments.
        """
        try:
            from transformers import AutoModelForSequenceClassification, AutoTokenizer
        except ImportError as error:
            raise MissingExtraError.needs("train", f"The model {name!r}") from error
        local = local_only or Path(name).is_dir()
        try:
            self._tokenizer: Any = AutoTokenizer.from_pretrained(name, local_files_only=local)
            self._model: Any = AutoModelForSequenceClassification.from_pretrained(name, local_files_only=local)
        except (OSError, ValueError, ImportError) as error:  # a tokenizer may need a library of its own
            raise ModelError("SK322", f"cannot load the checkpoint {name!r}: {error}") from error
        self._model.eval()
        self._lock = threading.Lock()
        self.name = name
        self._columns = _sentiment_columns(name, self._model.config.id2label)
        self._marks = _marks(name, self._tokenizer)
        limit = min(self._tokenizer.model_max_length, getattr(self._model.config, "max_position_embeddings", _LONGEST))
        # RoBERTa counts positions from 2, so the last two of its embeddings cannot be used.
        self._window = int(min(limit, _LONGEST)) - 2

    def score(self, texts: Sequence[str], languages: Sequence[str]) -> list[Scores]:
        """Return the scores of raw texts in their order; long texts are windowed like everywhere else."""
        import torch

        pieces: list[list[int]] = []
        owners: list[list[int]] = []
        counts: list[int] = []
        for text in texts:
            windows, count = self._windows(text)
            owners.append(list(range(len(pieces), len(pieces) + len(windows))))
            pieces += windows
            counts.append(count)
        logits = np.zeros((len(pieces), self._model.config.num_labels), np.float32)
        for bucket in length_buckets([len(piece) for piece in pieces], _BUDGET):
            ids, mask = pad([pieces[position] for position in bucket], self._tokenizer.pad_token_id or 0)
            with torch.inference_mode():
                output = self._model(input_ids=torch.from_numpy(ids), attention_mask=torch.from_numpy(mask))
            logits[bucket] = output.logits.float().numpy()
        return [self._scores(logits[own], [len(pieces[i]) for i in own], count)
                for own, count in zip(owners, counts, strict=True)]  # fmt: skip

    def theme_thresholds(self, language: str) -> Floats:
        """Return thresholds that nothing reaches: the checkpoint knows no themes."""
        return np.full(len(THEMES), 2.0, np.float32)

    def _windows(self, text: str) -> tuple[list[list[int]], int]:
        whole = text.encode("utf-8", "replace").decode()  # tokenizers refuse a lone surrogate
        with self._lock:  # neither the fast tokenizers nor those in Python are made for several threads
            ids: list[int] = self._tokenizer(whole, add_special_tokens=False, verbose=False)["input_ids"]
        begin, end = self._marks
        body = self._window - len(begin) - len(end)
        return [[*begin, *piece, *end] for piece in cut(ids, body, body - self._window // 4)], len(ids)

    def _scores(self, logits: Floats, lengths: list[int], n_tokens: int) -> Scores:
        probabilities = softmax(combine_windows(logits, lengths))
        sentiment = np.array([probabilities[columns].sum() for columns in self._columns], np.float32)
        return Scores(sentiment, None, None, None, n_tokens, len(lengths))


def _marks(name: str, tokenizer: Any) -> tuple[list[int], list[int]]:  # noqa: ANN401
    """Return the ids that a tokenizer puts before and after a text, read off a word: each kind tells them otherwise."""
    plain, marked = (tokenizer("good", add_special_tokens=wanted)["input_ids"] for wanted in (False, True))
    for start in range(len(marked) - len(plain) + 1):
        if plain and marked[start : start + len(plain)] == plain:
            return marked[:start], marked[start + len(plain) :]
    raise ModelError(
        "SK324",
        f"the tokenizer of {name!r} gives {marked} for a text and {plain} for its tokens alone; wanted these tokens "
        "with marks around them. Use another checkpoint.",
    )


def _sentiment_columns(name: str, labels: dict[int, str]) -> list[list[int]]:
    """Return, for each of the three sentiments, the columns of the checkpoint that mean it."""
    meanings = {column: _SENTIMENT_OF_LABEL.get(label.lower()) for column, label in labels.items()}
    if None in meanings.values() or not {"negative", "positive"} <= set(meanings.values()):
        raise ModelError(
            "SK323",
            f"the labels of {name!r} are {', '.join(map(str, labels.values()))}; wanted negative, neutral, positive "
            "or 1 to 5 stars. Set id2label in the checkpoint's config.json.",
        )
    return [[column for column, meaning in meanings.items() if meaning == sentiment] for sentiment in SENTIMENTS]
