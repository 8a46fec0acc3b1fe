"""A larger network on an encoder's blocks, what it says of texts, and a small one that learns from it."""

from dataclasses import replace

import numpy as np
import pytest

pytestmark = pytest.mark.training

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from tokenizers import Tokenizer, models, pre_tokenizers  # noqa: E402

from sentiment_kit import CorpusError  # noqa: E402
from sentiment_kit.encoder.bundle import TOKENIZER_FILE  # noqa: E402
from sentiment_kit.encoder.network import FeedbackNetwork, Shape  # noqa: E402
from sentiment_kit.taxonomy import LANGUAGES, SENTIMENTS  # noqa: E402
from sentiment_kit.training import distillation  # noqa: E402
from sentiment_kit.training.default import Sides, Sources, finish, marks_of  # noqa: E402
from sentiment_kit.training.distillation import first_vectors, fit_large, judge, large_network, load_large  # noqa: E402
from sentiment_kit.training.examples import TokenisedExamples  # noqa: E402
from sentiment_kit.training.lessons import MeaningLesson  # noqa: E402
from sentiment_kit.training.meaning import Meanings  # noqa: E402
from sentiment_kit.training.trainer import (  # noqa: E402
    Judgements,
    Recipe,
    Surroundings,
    distilled_losses,
    predict,
    train,
)
from sentiment_kit.training.vocabulary import BEGIN, END, PAD, UNKNOWN, train_tokenizer  # noqa: E402

WORDS = ("soup", "room", "суп", "кімната", "スープ", "部屋", "سوپ", "اتاق")
SIZES = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24}


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("encoder")
    own = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
    vocabulary = {word: place for place, word in enumerate([*own, "soup", "room"])}
    words = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    names = ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token")
    marks = dict(zip(names, own, strict=True))
    transformers.PreTrainedTokenizerFast(tokenizer_object=words, **marks).save_pretrained(folder)
    torch.manual_seed(1)
    transformers.BertModel(transformers.BertConfig(vocab_size=len(vocabulary), **SIZES)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def tokenizer():
    """A tokenizer that knows the words whole, which one trained on so few would not."""
    pieces = [*(f"▁{word}" for word in WORDS), "▁", *sorted(set("".join(WORDS)))]
    own = [(name, 0.0) for name in (PAD, UNKNOWN, BEGIN, END)]
    found = Tokenizer(models.Unigram([*own, *((piece, -float(len(own))) for piece in pieces)], unk_id=1))
    found.pre_tokenizer = pre_tokenizers.Metaspace()
    return found


@pytest.fixture(scope="module")
def examples(tokenizer):
    """Texts without any label."""
    texts = list(WORDS) * 20
    ids = [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
    n = len(texts)
    return TokenisedExamples(
        tokens=np.concatenate([np.array(line, dtype=np.uint16) for line in ids]),
        starts=np.concatenate([[0], np.cumsum([len(line) for line in ids])]).astype(np.int64),
        sentiment=np.full(n, -1), themes=np.full((n, 12), -1), churn=np.full(n, -1), kinds=np.full((n, 8), -1),
        language=np.array([place // 2 % len(LANGUAGES) for place in range(n)]),
        set=np.array(["shop"] * n), weight=np.ones(n),
    )  # fmt: skip


@pytest.fixture(scope="module")
def meanings(tokenizer):
    """Each word with the vector of the English of its meaning."""
    ids = [tokenizer.encode(word, add_special_tokens=False).ids for word in WORDS]
    vectors = np.linalg.qr(np.random.default_rng(1).normal(size=(16, 16)))[0][:2].astype(np.float16)
    return Meanings(
        np.array([number for line in ids for number in line], dtype=np.uint16),
        np.concatenate([[0], np.cumsum([len(line) for line in ids])]).astype(np.int64),
        np.array([LANGUAGES.index(code) for code in ("en", "uk", "ja", "fa") for _ in range(2)]),
        np.array([0, 1] * 4),
        vectors,
    )


def small(tokenizer):
    torch.manual_seed(1)
    return FeedbackNetwork(Shape(tokenizer.get_vocab_size(), width=32, layers=1, heads=2, inner=48, positions=32))


def test_the_blocks_are_those_of_the_encoder(encoder):
    model = transformers.AutoModel.from_pretrained(str(encoder)).eval()
    network = large_network(encoder, model.get_input_embeddings().weight.detach().numpy()).cpu().eval()
    ids = torch.tensor([[2, 5, 6, 3], [2, 6, 3, 0]])
    mask = (ids > 0).long()
    with torch.no_grad():
        states = model(input_ids=ids, attention_mask=mask).last_hidden_state
        mean = (states * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True)
        assert torch.allclose(network.pooled(ids, mask.float())[:, :16], mean, atol=1e-4)


def test_a_lesson_on_meanings_begins_with_the_mean_of_the_encoders_states(meanings, tokenizer):
    lesson = MeaningLesson(meanings, 32, marks_of(tokenizer))
    pooled = torch.randn(3, 32)
    assert torch.equal(lesson.module(pooled), pooled[:, :16])


def test_pieces_begin_where_the_encoder_has_their_english(encoder, tokenizer, meanings):
    network = small(tokenizer).eval()
    vectors = first_vectors(network, tokenizer, meanings, encoder, print)
    rows = transformers.AutoModel.from_pretrained(str(encoder)).get_input_embeddings().weight.detach().numpy()
    at = tokenizer.get_vocab()
    assert np.allclose(vectors[at["▁soup"]], rows[5], atol=1e-6)
    assert np.allclose(vectors[marks_of(tokenizer).begin], rows[2], atol=1e-6)
    usual = np.linalg.norm(rows[[5, 6]], axis=1).min()  # torch's median of two
    assert np.linalg.norm(vectors[at["▁суп"]]) == pytest.approx(usual, rel=1e-3)
    assert np.isfinite(vectors).all()


def judged(examples):
    """Return judgements that find the second of each two words negative and a customer who leaves there."""
    logits = np.zeros((len(examples), 24), np.float16)
    second = np.arange(len(examples)) % 2 == 1
    logits[:, 2], logits[second, 2], logits[second, 0] = 6, 0, 6
    logits[:, 3:15] = -6
    logits[:, 15] = np.where(second, 6, -6)
    logits[second, 16] = 6
    return Judgements(logits, np.ones(len(examples), bool), examples.digest())


def test_a_network_learns_what_the_judge_says_where_there_are_no_labels(tokenizer, examples, tmp_path):
    recipe = Recipe("heart", examples=3000, rate=5e-3, own_share=0.0, budget=512, longest=32, judged=0.5)
    network, marks, judgements = small(tokenizer), marks_of(tokenizer), judged(examples)
    train(network, examples, recipe, Surroundings(marks, tmp_path, "x", print, lambda network, part: "-", judgements))
    sentiment, _, churn, kinds = predict(network, examples, 32, marks)
    second = np.arange(len(examples)) % 2 == 1
    assert (sentiment.argmax(1) == np.where(second, 0, 2)).all()
    assert ((churn > 0) == second).all()
    assert (kinds[second].argmax(1) == 0).all()


def test_who_agrees_with_the_judge_has_less_to_learn(examples):
    logits = torch.randn(4, 3), torch.randn(4, 12), torch.randn(4), torch.randn(4, 8)
    said = distilled_losses(logits, judged(examples).logits[:4])
    assert all(loss.item() > 0 for loss in said)
    agreeing = torch.from_numpy(judged(examples).logits[:4].astype(np.float32)).split([3, 12, 1, 8], 1)
    assert distilled_losses((*agreeing[:2], agreeing[2][:, 0], agreeing[3]), judged(examples).logits[:4])[0] < said[0]


def test_a_stage_that_needs_judgements_says_so(tokenizer, examples, tmp_path):
    recipe = Recipe("heart", examples=100, rate=5e-3, own_share=0.0, budget=512, longest=32, judged=0.5)
    with pytest.raises(ValueError, match="heart learns from judgements"):
        around = Surroundings(marks_of(tokenizer), tmp_path, "x", print, lambda network, part: "-")
        train(small(tokenizer), examples, recipe, around)


@pytest.fixture
def labelled(examples):
    second = np.arange(len(examples)) % 2
    return replace(examples, sentiment=second * 2, churn=1 - second, themes=np.repeat(second[:, None], 12, 1))


@pytest.fixture
def sources(tokenizer, labelled, meanings, tmp_path):
    bundle = finish(small(tokenizer).eval(), labelled, tokenizer, tmp_path / "bundle", "test")
    prepared, templates = tmp_path / "prepared", tmp_path / "templates"
    prepared.mkdir()
    meanings.save(prepared / "meanings.npz")
    (prepared / "vectors.npy").touch()
    tokenizer.save(str(prepared / TOKENIZER_FILE))
    lines = [f"{code}\t{name}\tсуп soup\n" for code in LANGUAGES for name in SENTIMENTS]
    (prepared / "words.tsv").write_text("".join(lines), encoding="utf-8")
    (templates / "churn").mkdir(parents=True)
    for code in LANGUAGES:
        line = '{"sentiment": "negative", "churn": [], "slots": [["суп", "soup"]]}\n'
        (templates / "churn" / f"{code}.jsonl").write_text(line, encoding="utf-8")
    return Sources(prepared, templates, bundle)


def test_a_large_network_is_trained_and_judges(encoder, sources, labelled, tmp_path, monkeypatch):
    stage = Recipe("short", examples=2000, rate=5e-3, own_share=0.0, budget=512, longest=32, lessons=("meanings",))
    monkeypatch.setattr(distillation, "LARGE_STAGES", (stage,))
    said = []
    sides = Sides({}, {"train": labelled, "dev": labelled})
    network = fit_large(sides, sources, encoder, tmp_path / "run", said.append)
    assert "short: 2,000 of 2,000 texts" in said[-1]
    again = fit_large(sides, sources, encoder, tmp_path / "run", lambda line: None)
    assert torch.equal(again.sentiment.weight, network.sentiment.weight), "a rerun goes on from the checkpoint"
    network = load_large(encoder, tmp_path / "run" / "short.pt", said.append)
    assert "learnt from 2,000 texts of 2,000" in said[-1]
    with pytest.raises(CorpusError, match=r"SK634.*train_large\.py"):
        load_large(encoder, tmp_path / "run" / "large.pt", said.append)
    rows = np.arange(0, len(labelled), 2)
    tokenizer = Tokenizer.from_file(str(sources.base.file(TOKENIZER_FILE)))
    found = judge([network, network], labelled, rows, marks_of(tokenizer), said.append)
    assert found.known.nonzero()[0].tolist() == rows.tolist()
    assert (found.logits[rows, :3].argmax(1) == labelled.sentiment[rows]).all()
    found.save(sources.prepared / "judgements.npz")
    wants = replace(stage, judged=0.5)
    loaded, _ = sources.judgements(wants, labelled)
    assert (loaded.logits == found.logits).all()
    assert sources.judgements(stage, labelled) == (None, "")
    with pytest.raises(CorpusError, match=r"SK633.*prepare_judgements\.py"):
        sources.judgements(wants, replace(labelled, churn=labelled.sentiment))
    other = train_tokenizer(["soup room"] * 30, 40)
    other.save(str(sources.prepared / TOKENIZER_FILE))
    with pytest.raises(CorpusError, match="SK631"):
        fit_large(sides, sources, encoder, tmp_path / "run", said.append)
    with pytest.raises(ValueError, match="bundle"):
        fit_large(sides, replace(sources, base=None), encoder, tmp_path / "run", said.append)
