"""Sentences join a teacher's space: gathered from real files, read by a real (tiny) encoder, learnt, and measured."""

import gzip

import numpy as np
import pytest

pytestmark = pytest.mark.training

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
pa = pytest.importorskip("pyarrow")

import pyarrow.parquet as pq  # noqa: E402
from tokenizers import Tokenizer, models, pre_tokenizers  # noqa: E402

from sentiment_kit.encoder.network import FeedbackNetwork, Shape  # noqa: E402
from sentiment_kit.taxonomy import LANGUAGES  # noqa: E402
from sentiment_kit.training.default import marks_of  # noqa: E402
from sentiment_kit.training.lessons import MeaningLesson  # noqa: E402
from sentiment_kit.training.meaning import Amounts, Meanings, collect  # noqa: E402
from sentiment_kit.training.retrieval import retrieval  # noqa: E402
from sentiment_kit.training.trainer import Learner, Recipe  # noqa: E402
from sentiment_kit.training.vocabulary import train_tokenizer  # noqa: E402

WORDS = {
    "soup": ("スープ", "суп", "سوپ"),
    "room": ("部屋", "кімната", "اتاق"),
    "train": ("電車", "поїзд", "قطار"),
    "screen": ("画面", "екран", "صفحه"),
    "doctor": ("医者", "лікар", "دکتر"),
    "price": ("値段", "ціна", "قیمت"),
    "lesson": ("授業", "урок", "درس"),
    "parcel": ("荷物", "посилка", "بسته"),
}
OTHERS = ("ja", "uk", "fa")


def write(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines("\t".join(row) + "\n" for row in rows)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    for place, code in enumerate(OTHERS):
        pairs = [(f"the {word} here", others[place]) for word, others in WORDS.items()]
        write(folder / "parallel" / f"en-{code}" / "shop.tsv.gz", pairs)
        write(folder / "parallel" / f"en-{code}" / "EVAL_held.tsv.gz", [("held out", "held out"), *pairs])
        entries = [(word, others[place], "one,two") for word, others in WORDS.items()]
        write(folder / "lexical" / "bilingual" / f"en-{code}.tsv.gz", [*entries, ("soup", "rare", "one")])
    rows = {"text": ["The soup was cold. The room was small!"], "language": ["en"], "side": ["train"]}
    pq.write_table(pa.table(rows), folder / "examples.parquet")
    return folder


@pytest.fixture(scope="module")
def teacher(tmp_path_factory):
    folder = tmp_path_factory.mktemp("teacher")
    vocabulary = {word: place for place, word in enumerate(["[UNK]", "[PAD]", "the", "here", *WORDS])}
    words = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    transformers.PreTrainedTokenizerFast(tokenizer_object=words, pad_token="[PAD]", unk_token="[UNK]").save_pretrained(
        folder
    )
    torch.manual_seed(1)
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    transformers.BertModel(transformers.BertConfig(vocab_size=len(vocabulary), **sizes)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def tokenizer():
    texts = [word for others in WORDS.values() for word in others] + [f"the {word} here" for word in WORDS]
    texts += ["the soup was cold.", "the room was small!", "held out"]
    return train_tokenizer(texts * 20, 200)


@pytest.fixture(scope="module")
def meanings(data, teacher, tokenizer):
    lines = []
    found = collect(data, data / "examples.parquet", tokenizer, teacher, Amounts(100, 8, 10), lines.append)
    assert "sentences" in lines[0]
    return found


def texts_of(meanings, tokenizer, language):
    rows = np.flatnonzero(meanings.language == LANGUAGES.index(language))
    return [tokenizer.decode(meanings.tokens[meanings.starts[row] : meanings.starts[row + 1]].tolist()) for row in rows]


def test_sentences_come_from_pairs_words_and_reviews(meanings, tokenizer):
    found = texts_of(meanings, tokenizer, "uk")
    assert found.count("суп") == 2  # a pair and a word of the list
    assert not any("rare" in text for text in found)  # the list is cut behind the words that most sources know
    english = texts_of(meanings, tokenizer, "en")
    assert {"the soup was cold.", "the room was small!"} <= set(english)
    assert not any("held out" in text for language in LANGUAGES for text in texts_of(meanings, tokenizer, language))


def test_a_translation_has_the_vector_of_its_english(meanings, tokenizer):
    assert np.allclose(np.linalg.norm(meanings.vectors.astype(float), axis=1), 1, atol=1e-2)
    rows = {code: np.flatnonzero(meanings.language == LANGUAGES.index(code)) for code in OTHERS}
    of = {
        code: dict(zip(texts_of(meanings, tokenizer, code), meanings.anchor[rows[code]].tolist(), strict=True))
        for code in OTHERS
    }
    for words in WORDS.values():  # a word stands in the pairs and then in the list, which is what the dict keeps
        assert len({of[code][word] for code, word in zip(OTHERS, words, strict=True)}) == 1
    assert len({of["uk"][words[1]] for words in WORDS.values()}) == len(WORDS)


def test_meanings_survive_a_file(meanings, tmp_path):
    meanings.save(tmp_path / "meanings.npz")
    loaded = Meanings.load(tmp_path / "meanings.npz")
    assert all((getattr(loaded, name) == value).all() for name, value in vars(meanings).items())


def untrained(tokenizer):
    torch.manual_seed(1)
    return FeedbackNetwork(Shape(tokenizer.get_vocab_size(), width=32, layers=1, heads=2, inner=48, positions=32))


def test_the_lesson_is_learnt(meanings, tokenizer):
    network = untrained(tokenizer)
    lesson = MeaningLesson(meanings, 64, marks_of(tokenizer), budget=512)
    learner = Learner(network, Recipe("x", examples=1, rate=1e-2, own_share=0.0), lesson.module)
    lesson.begin([1, 0])
    nothing = tuple(torch.zeros((), requires_grad=True) for _ in range(4))
    learner.set_rate(1.0)
    losses = [learner.step(nothing, lesson.loss(network))[4] for _ in range(100)]
    assert np.mean(losses[-10:]) < 0.7 * np.mean(losses[:10])


def test_retrieval_by_hand(tokenizer, tmp_path):
    words = [word for others in WORDS.values() for word in others]
    write(tmp_path / "parallel" / "en-ja" / "EVAL_same.tsv.gz", [(word, word) for word in words])
    moved = [*words[1:], words[0]]
    write(tmp_path / "parallel" / "en-ja" / "EVAL_wrong.tsv.gz", list(zip(words, moved, strict=True)))
    write(tmp_path / "parallel" / "en-ja" / "learnt_from.tsv.gz", [("a", "b")])
    found = {row.name: row for row in retrieval(untrained(tokenizer).eval(), tokenizer, tmp_path)}
    assert {name: (row.languages, row.pairs, row.accuracy) for name, row in found.items()} == {
        "same": ("en-ja", len(words), 1.0),
        "wrong": ("en-ja", len(words), 0.0),
    }


def test_a_round_of_the_lesson_follows_from_its_seed(meanings, tokenizer):
    lesson = MeaningLesson(meanings, 64, marks_of(tokenizer), budget=256)
    drawn = []
    for seed in ([1, 0], [1, 0], [1, 50]):
        lesson.begin(seed)
        drawn.append([part.tolist() for part in next(lesson._batches)])
    assert drawn[0] == drawn[1] != drawn[2]
