"""The n-grams of the network: what they depend on, and that storing and exporting keep them."""

import numpy as np
import pytest

pytestmark = pytest.mark.training

torch = pytest.importorskip("torch")

import onnx  # noqa: E402
import onnxruntime  # noqa: E402

from sentiment_kit.encoder.network import Dropout, FeedbackNetwork, Shape, from_stored, to_stored  # noqa: E402
from sentiment_kit.training.default import marks_of, new_network  # noqa: E402
from sentiment_kit.training.export import OUTPUTS, export_onnx  # noqa: E402
from sentiment_kit.training.vocabulary import PAD, spelling, train_tokenizer  # noqa: E402

TEXTS = ["the soup was cold", "料理が冷たかった", "суп був холодний", "سوپ سرد بود", "soup"]


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer([*TEXTS, "the cold soup", "soupspoon", "冷たい料理"] * 20, 120)


@pytest.fixture(scope="module")
def network(tokenizer):
    vectors = np.random.default_rng(1).normal(0, 0.1, (tokenizer.get_vocab_size(), 32)).astype(np.float32)
    network = new_network(tokenizer, vectors, grams=tokenizer.get_vocab_size() + 1500, layers=1).cpu().eval()
    torch.manual_seed(2)
    torch.nn.init.normal_(network.grams.weights.weight)
    return network


def padded(texts, width, marks):
    ids = np.full((len(texts), width), marks.padding, np.int64)
    for row, text in enumerate(texts):
        ids[row, : len(text)] = text
    return torch.from_numpy(ids), torch.from_numpy((np.arange(width) < np.array(list(map(len, texts)))[:, None]) * 1)


def encoded(tokenizer, texts):
    marks = marks_of(tokenizer)
    ids = [[marks.begin, *tokenizer.encode(text, add_special_tokens=False).ids, marks.end] for text in texts]
    return padded(ids, max(map(len, ids)), marks)


def test_pieces_are_spelled_and_special_ones_are_characters_of_their_own(tokenizer):
    table = spelling(tokenizer)
    vocabulary = tokenizer.get_vocab()
    lengths = (table > 0).sum(1)
    assert lengths[vocabulary[PAD]] == 0
    assert lengths[vocabulary["<s>"]] == 1
    ordinary = {piece: number for piece, number in vocabulary.items() if not piece.startswith("<")}
    assert all(lengths[number] == len(piece) for piece, number in ordinary.items())
    numbers = {}
    for piece, number in ordinary.items():
        for character, code in zip(piece, table[number], strict=False):
            assert numbers.setdefault(character, code) == code
    assert len(set(numbers.values())) == len(numbers)


def test_runs_of_characters_do_not_depend_on_how_a_word_falls_into_pieces(tokenizer, network):
    marks, vocabulary = marks_of(tokenizer), tokenizer.get_vocab()
    whole = [vocabulary["▁soup"]]
    parts = [vocabulary["▁"], *(vocabulary[letter] for letter in "soup")]
    found = []
    for text in (whole, parts):
        ids, mask = padded([[marks.begin, *text, marks.end]], 12, marks)
        rows, kept = network.grams._runs(network.grams._characters(ids, mask.float()))
        found.append(sorted(rows[kept > 0].tolist()))
    assert found[0] == found[1]
    assert len(found[0]) == 6 + 5 + 4  # <s>, ▁, s, o, u, p and </s> in runs of two, three and four


def test_a_window_of_long_words_loses_the_same_runs_beside_a_longer_one(network, tokenizer, monkeypatch):
    monkeypatch.setattr("sentiment_kit.encoder.network._ROOM", 2)
    marks, lengths = marks_of(tokenizer), (spelling(tokenizer) > 0).sum(1)
    longest = int(lengths.argmax())
    window = [marks.begin, *[longest] * 20, marks.end]
    assert lengths[window].sum() > 2 * len(window)
    alone, beside = (
        network.grams._characters(*(part.long() for part in padded([window], width, marks))) for width in (22, 40)
    )
    assert alone.shape[1] < beside.shape[1]
    assert (alone[0] == beside[0, : alone.shape[1]]).all()
    assert (beside[0, alone.shape[1] :] == 0).all()
    scores = [network(*padded([window], width, marks), "grams")[0] for width in (22, 40)]
    assert torch.allclose(*scores, atol=1e-6)


def test_neighbours_and_padding_change_nothing(network, tokenizer):
    ids, mask = encoded(tokenizer, TEXTS)
    together = network(ids, mask, "grams")[0]
    for row, text in enumerate(TEXTS):
        alone = network(*encoded(tokenizer, [text]), "grams")[0]
        assert torch.allclose(together[row], alone[0], atol=1e-6)


def test_storing_and_exporting_keep_the_scores(network, tokenizer, tmp_path):
    stored = to_stored(network.state_dict())
    assert {str(stored[f"{name}.int8"].dtype) for name in ("tokens.weight", "grams.weights.weight")} == {"torch.int8"}
    restored = FeedbackNetwork(network.shape).eval()
    restored.load_state_dict(from_stored(stored))
    ids, mask = encoded(tokenizer, TEXTS)
    wanted = network(ids, mask)
    for logits, again in zip(wanted, restored(ids, mask), strict=True):
        assert torch.allclose(logits, again, atol=0.03)
    export_onnx(network, tmp_path / "exact.onnx", quantise=False)
    export_onnx(network, tmp_path / "small.onnx")
    small = onnx.load(tmp_path / "small.onnx").graph.initializer
    rows = network.shape.grams
    assert [(list(table.dims), table.data_type) for table in small if table.dims[:1] == [rows]] == [
        ([rows, 16], onnx.TensorProto.INT8),
        ([rows, 1], onnx.TensorProto.FLOAT),
    ]
    for name, tolerance in (("exact", 1e-4), ("small", 0.05)):
        session = onnxruntime.InferenceSession(str(tmp_path / f"{name}.onnx"))
        found = session.run(list(OUTPUTS), {"ids": ids.numpy(), "mask": mask.numpy()})
        for logits, array in zip(wanted, found, strict=True):
            assert np.abs(logits.detach().numpy() - array).max() < tolerance


def test_weights_of_a_model_without_characters_load():
    network = FeedbackNetwork(Shape(50, width=16, layers=1, heads=2, inner=16, grams=90)).eval()
    torch.nn.init.normal_(network.grams.weights.weight)
    state = network.state_dict()
    assert not any("spelling" in name for name in state)
    older = {name: tensor.half() for name, tensor in state.items() if "grams" not in name}  # embeddings in fp16
    grams = {name: tensor for name, tensor in to_stored(state).items() if "grams" in name}
    again = FeedbackNetwork(network.shape).eval()
    again.load_state_dict(from_stored({**older, **grams}))
    ids, mask = torch.arange(12).reshape(2, 6), torch.ones(2, 6)
    assert torch.allclose(network(ids, mask)[0], again(ids, mask)[0], atol=0.03)


def test_dropout_hides_its_share_and_keeps_the_mean():
    torch.manual_seed(3)
    states = Dropout(0.1)(torch.ones(500, 333))
    assert (states == 0).float().mean() == pytest.approx(26 / 256, abs=0.005)
    assert states.mean() == pytest.approx(1, abs=0.005)
    assert len(states.unique()) == 2


def test_dropout_changes_nothing_where_nothing_is_dropped():
    states = torch.randn(3, 5)
    assert torch.equal(Dropout(0.5).eval()(states), states)
    assert torch.equal(Dropout(0.0)(states), states)
