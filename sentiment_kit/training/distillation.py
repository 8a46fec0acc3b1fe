"""A larger network, trained on the same labels, whose judgement of each text the small one learns beside them.

Its blocks are those of the English sentence encoder, which has read far more than there is to learn from here; its
tokens are the small network's, each begun as the mean of the English words nearest in meaning (Minixhofer et al. 2022),
so that all four languages are read by the same blocks. Its weights are no part of the bundled model.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from sentiment_kit.encoder.bundle import TOKENIZER_FILE
from sentiment_kit.encoder.network import Block, FeedbackNetwork, Part, Shape
from sentiment_kit.encoder.torch import load_network
from sentiment_kit.errors import CorpusError
from sentiment_kit.taxonomy import CHURN_KINDS, SENTIMENTS, THEMES
from sentiment_kit.training.default import MEANINGS_FILE, Sides, Sources, check_tokenizer, glance, marks_of
from sentiment_kit.training.examples import TokenisedExamples
from sentiment_kit.training.lessons import padded
from sentiment_kit.training.meaning import Meanings, read_by_teacher
from sentiment_kit.training.trainer import Judgements, Marks, Recipe, Surroundings, autocast, predict, train

Report = Callable[[str], None]

_NEAREST = 5  # English words that a piece begins as the mean of
_SHARPNESS = 20.0  # of the softmax over their cosines
_SAMPLE = 40_000  # sentences that the map into the encoder's space is computed from
_RIDGE = 10.0
_ENGLISH = re.compile(r"▁?(?:[A-Za-z]{2,}|[0-9]+|[!-/:-@]+)")
_POSITIONS = 128
_BATCH = 512
_ROUND = 20_000

OUTPUTS = len(SENTIMENTS) + len(THEMES) + 1 + len(CHURN_KINDS)

LONGEST = 96
"""Tokens of a text that are read to judge it, as many as the small network learns from."""


class PostNormBlock(Block):
    """A transformer block that normalises after adding (Vaswani et al. 2017), as BERT's do."""

    def forward(self, states: Tensor, bias: Tensor) -> Tensor:
        """Return new states; `states` (batch, tokens, width), `bias` (batch, 1, 1, tokens) is added to the scores."""
        states = self.norm_attention(states + self.dropout(self.attend(states, bias)))
        inner = self.outer(functional.gelu(self.inner(states)))
        result: Tensor = self.norm_inner(states + self.dropout(inner))
        return result


def large_network(encoder: Path, pieces: NDArray[np.float32]) -> FeedbackNetwork:
    """Return a network with the blocks of an English sentence encoder and untrained heads, on the GPU if there is one.

    Args:
        encoder: Folder of a BERT (transformers).
        pieces: Initial vectors of the tokens, (vocabulary, width of the encoder).
    """
    from transformers import AutoModel

    model = AutoModel.from_pretrained(str(encoder))
    config, weights = model.config, model.state_dict()
    layers, inner = config.num_hidden_layers, config.intermediate_size
    positions = min(_POSITIONS, config.max_position_embeddings)
    torch.manual_seed(1)
    shape = Shape(len(pieces), config.hidden_size, layers, config.num_attention_heads, inner, positions)
    network = FeedbackNetwork(shape)
    network.blocks = nn.ModuleList(PostNormBlock(shape, _DROPOUT) for _ in range(layers))
    network.norm_out = nn.Identity()  # type: ignore[assignment]
    places = weights["embeddings.position_embeddings.weight"][:positions]
    state = {
        "tokens.weight": torch.from_numpy(pieces),
        "positions.weight": places + weights["embeddings.token_type_embeddings.weight"][0],
    }
    for end in ("weight", "bias"):
        state[f"norm_tokens.{end}"] = weights[f"embeddings.LayerNorm.{end}"]
        for layer in range(layers):
            state |= _block(weights, layer, end)
    heads = {name: tensor for name, tensor in network.state_dict().items() if name not in state}
    network.load_state_dict(heads | state)
    return network.to("cuda" if torch.cuda.is_available() else "cpu")


_DROPOUT = 0.1


def _block(weights: dict[str, Tensor], layer: int, end: str) -> dict[str, Tensor]:
    """Return the weights or biases of one of BERT's blocks by their names here."""
    there, here = f"encoder.layer.{layer}", f"blocks.{layer}"
    mixed = [weights[f"{there}.attention.self.{name}.{end}"] for name in ("query", "key", "value")]
    return {
        f"{here}.queries_keys_values.{end}": torch.cat(mixed),
        f"{here}.output.{end}": weights[f"{there}.attention.output.dense.{end}"],
        f"{here}.norm_attention.{end}": weights[f"{there}.attention.output.LayerNorm.{end}"],
        f"{here}.inner.{end}": weights[f"{there}.intermediate.dense.{end}"],
        f"{here}.outer.{end}": weights[f"{there}.output.dense.{end}"],
        f"{here}.norm_inner.{end}": weights[f"{there}.output.LayerNorm.{end}"],
    }


@torch.no_grad()
def first_vectors(
    network: FeedbackNetwork, tokenizer: Tokenizer, meanings: Meanings, encoder: Path, report: Report
) -> NDArray[np.float32]:
    """Return initial vectors of the tokens in an English encoder's table, (vocabulary, width of the encoder).

    A piece of English letters, digits or signs begins as the mean of the encoder's pieces of it; any other as the mean
    of the English words that the small network puts nearest to it, with its vectors mapped into the encoder's space.

    Args:
        network: A small network that has learnt meanings.
        tokenizer: Its tokenizer.
        meanings: Sentences with the encoder's vectors, from which the map is computed.
        encoder: Folder of the encoder.
        report: Called with a line of progress now and then.
    """
    from transformers import AutoModel, AutoTokenizer

    theirs, marks = AutoTokenizer.from_pretrained(str(encoder)), marks_of(tokenizer)
    rows = AutoModel.from_pretrained(str(encoder)).get_input_embeddings().weight.detach()
    pieces = sorted(tokenizer.get_vocab(), key=tokenizer.get_vocab().__getitem__)
    english = [number for number, piece in enumerate(pieces) if _ENGLISH.fullmatch(piece)]
    words = [pieces[number].strip("▁") for number in english]
    spelled = [theirs.encode(word, add_special_tokens=False) for word in words]
    begun = torch.stack([rows[ids].mean(0) for ids in spelled])
    whole = [n for n, ids in enumerate(spelled) if len(ids) == 1 and pieces[english[n]].startswith("▁")]
    placed = _pooled(network, [[number] for number in range(len(pieces))], marks) @ _map(network, meanings, marks)
    placed = functional.normalize(placed, dim=1)
    known = torch.from_numpy(read_by_teacher(encoder, [words[n] for n in whole], report).astype(np.float32))
    vectors = torch.zeros(len(pieces), rows.shape[1])
    usual = begun.norm(dim=1).median()
    for start in range(0, len(pieces), _BATCH):
        cosines, nearest = (placed[start : start + _BATCH] @ known.T).topk(min(_NEAREST, len(whole)))
        mean = ((_SHARPNESS * cosines).softmax(1)[:, :, None] * begun[whole][nearest]).sum(1)
        vectors[start : start + _BATCH] = mean * usual / mean.norm(dim=1, keepdim=True)  # a mean is shorter
    vectors[english] = begun
    own = (theirs.pad_token_id, theirs.mask_token_id, theirs.cls_token_id, theirs.sep_token_id)
    for number, row in zip((marks.padding, marks.unknown, marks.begin, marks.end), own, strict=True):
        if row is not None:
            vectors[number] = rows[row]
    return vectors.numpy()


def _pooled(network: FeedbackNetwork, texts: list[list[int]], marks: Marks) -> Tensor:
    """Return the network's pooled vectors of texts with a 1 at the end."""
    parts = [texts[start : start + _BATCH] for start in range(0, len(texts), _BATCH)]
    return functional.pad(torch.cat([network.pooled(*padded(part, marks)) for part in parts]), (0, 1), value=1.0)


def _map(network: FeedbackNetwork, meanings: Meanings, marks: Marks) -> Tensor:
    """Return the linear map from pooled vectors to those of their meanings, by ridge regression."""
    rows = np.random.default_rng(1).permutation(len(meanings.language))[:_SAMPLE]
    rows = rows[np.argsort(np.diff(meanings.starts)[rows], kind="stable")]
    longest = network.shape.positions - 2
    texts = [meanings.tokens[meanings.starts[row] : meanings.starts[row + 1]][:longest].tolist() for row in rows]
    pooled = _pooled(network, texts, marks)
    wanted = torch.from_numpy(meanings.vectors[meanings.anchor[rows]].astype(np.float32))
    found: Tensor = torch.linalg.solve(pooled.T @ pooled + _RIDGE * torch.eye(pooled.shape[1]), pooled.T @ wanted)
    return found


def load_large(encoder: Path, checkpoint: Path, report: Report) -> FeedbackNetwork:
    """Return a trained large network.

    Args:
        encoder: Folder of the encoder that its blocks began as.
        checkpoint: What `fit_large` left of its last stage.
        report: Told how many texts it has learnt from.

    Raises:
        CorpusError: If there is no such file.
    """
    if not checkpoint.is_file():
        raise CorpusError("SK634", f"there is no {checkpoint}; scripts/train_large.py makes it")
    saved = torch.load(checkpoint, weights_only=True, map_location="cpu")
    report(f"{checkpoint} has learnt from {saved['done']:,} texts of {LARGE_STAGES[-1].examples:,}")
    state = saved["network"]
    network = large_network(encoder, np.zeros(state["tokens.weight"].shape, np.float32))
    network.load_state_dict(state)
    return network


def read(network: FeedbackNetwork, texts: TokenisedExamples, marks: Marks) -> tuple[NDArray[np.float32], ...]:
    """Return a network's logits as `predict` does, with products in bf16 where training has them."""
    with autocast(next(network.parameters()).device):
        return predict(network, texts, LONGEST, marks)


def judge(
    networks: Sequence[FeedbackNetwork],
    examples: TokenisedExamples,
    rows: NDArray[np.int64],
    marks: Marks,
    report: Report,
) -> Judgements:
    """Return what trained networks say of some of the texts, as the mean of their logits.

    Args:
        networks: The networks, with the same tokens.
        examples: The texts that a small network will learn from.
        rows: Which of them are judged.
        marks: Ids of the tokenizer's marks.
        report: Called with a line of progress now and then.
    """
    said, known = np.zeros((len(examples), OUTPUTS), np.float16), np.zeros(len(examples), bool)
    for start in range(0, len(rows), _ROUND):
        part = rows[start : start + _ROUND]
        texts = examples.select(part)
        for network in networks:
            sentiment, themes, churn, kinds = read(network, texts, marks)
            said[part] += np.concatenate([sentiment, themes, churn[:, None], kinds], 1) / len(networks)
        known[part] = True
        report(f"judged {start + len(part):,} of {len(rows):,} texts")
    return Judgements(said, known, examples.digest())


_PLACED = Recipe(
    "placed",
    examples=60_000,
    rate=1e-3,
    own_share=0.50,
    part="transformer",
    budget=4096,
    seed=11,
    lessons=("meanings",),
    theme_weight=12,
    churn_weight=2,
    round_size=20_000,
    block_rate=1.5e-4,
)
LARGE_STAGES = (
    _PLACED,
    replace(_PLACED, name="large", examples=260_000, rate=8e-4, seed=12, lessons=("meanings", "templates", "words")),
)
"""The large network on the mixture of the last stages of the small one, first beside meanings, which its new tokens
have to find their place among, then beside all lessons in turns."""


def fit_large(sides: Sides, sources: Sources, encoder: Path, folder: Path, report: Report) -> FeedbackNetwork:
    """Train the large network; a rerun continues from the last checkpoint.

    Args:
        sides: Examples with the sides ``train`` and ``dev``.
        sources: What the lessons are made from; the network of its base says where the tokens begin.
        encoder: Folder of the English sentence encoder.
        folder: Where checkpoints go.
        report: Called with a line of progress after each round.

    Raises:
        BundleError: If the weights of the base are missing, truncated or altered.
        CorpusError: If a file is missing, or the base has another tokenizer.
        ValueError: If there is no base.
    """
    sources.check()
    if sources.base is None:
        raise ValueError("the large network needs a bundle, whose network says where its tokens begin")
    prepared = sources.prepared / TOKENIZER_FILE
    if not prepared.is_file():
        raise CorpusError("SK635", f"there is no {prepared}; scripts/prepare_text.py makes it")
    tokenizer = Tokenizer.from_file(str(prepared))
    check_tokenizer(tokenizer, sources.base)
    meanings = Meanings.load(sources.prepared / MEANINGS_FILE)
    pieces = first_vectors(load_network(sources.base), tokenizer, meanings, encoder, report)
    network = large_network(encoder, pieces)
    marks, examples = marks_of(tokenizer), sides.tokens["train"]
    folder.mkdir(parents=True, exist_ok=True)
    before = f"{network.shape} {hashlib.sha256(pieces.tobytes()).hexdigest()}"

    def evaluate(network: FeedbackNetwork, part: Part) -> str:
        return glance(network, sides.tokens["dev"], marks, part)

    for recipe in LARGE_STAGES:
        lesson, made_from = sources.lesson(recipe, network.shape, tokenizer)
        before = f"{before} {examples.digest()}{made_from} {recipe}"
        train(network, examples, recipe, Surroundings(marks, folder, before, report, evaluate), lesson)
    return network
