"""Words with a sentiment of their own: gathered from lexicons, carried over translations, learnt."""

import gzip
import json
from collections import Counter
from pathlib import Path

import pytest

pytestmark = pytest.mark.training

torch = pytest.importorskip("torch")

from sentiment_kit import CorpusError  # noqa: E402
from sentiment_kit.encoder.network import FeedbackNetwork, Shape  # noqa: E402
from sentiment_kit.taxonomy import SENTIMENTS  # noqa: E402
from sentiment_kit.training.default import marks_of  # noqa: E402
from sentiment_kit.training.lessons import WordLesson  # noqa: E402
from sentiment_kit.training.vocabulary import train_tokenizer  # noqa: E402
from sentiment_kit.training.words import Word, collect_words, load_words, save_words  # noqa: E402


@pytest.fixture
def data(tmp_path):
    def write(name, text):
        file = tmp_path / "lexical" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        with gzip.open(file, "wt", encoding="utf-8") as lines:
            lines.write(text)

    write("sentiment/en__a.tsv.gz", "awful\t-3\nlovely\t2\nsick\t-1\n")
    write("sentiment/en__vader.tsv.gz", "awful\t-2.5\nsick\t1.4\nmeh\t-0.3\n")
    write("sentiment/ja__a.tsv.gz", "こわれ る\t-1\n電車\t0\n")
    rows = [{"word": "Жахливий", "tone": -2}, {"word": "школа", "tone": 0}, {"word": "чудо", "tone": 1}]
    write("sentiment/uk__a.jsonl.gz", "".join(json.dumps(row) + "\n" for row in rows))
    write("sentiment/fa__a.tsv.gz", "word\tlabel\tsynset\tgloss\nبی‌ثمر\t-1\t1\t-\nعالي\t+1\t2\t-\n")
    write("sentiment/emoji__a.tsv.gz", "😍\t0.7\n💼\t0.1\nⓁ\t0.9\n")
    pairs = "lovely\tгарний\tx\nlovely\tчудо\tx\ntrain\tпоїзд\tx\nsick\tхворий\tx\nLviv\tЛьвів\tx\n"
    pairs += "awful\tсуміш\tx\nlovely\tсуміш\tx\nmeh\tтаке\tx\nwreck\tуламок\tx\nawful\tчудо\tx\nday off\tвихідний\tx\n"
    write("bilingual/en-uk.tsv.gz", "a\tb\tsources\n" + pairs)
    write("bilingual/en-ja.tsv.gz", "a\tb\tsources\nawful\tひどい\tx\ntrain\t電車\tx\nwreck\tこわれる\tx\n")
    write("bilingual/en-fa.tsv.gz", "a\tb\tsources\nawful\tافتضاح\tx\n")
    return tmp_path


def found(data):
    return {(word.language, word.text): word.sentiment for word in collect_words(data)}


def test_lexicons_are_joined_and_sources_that_disagree_say_nothing(data):
    words = found(data)
    assert words["en", "awful"] == "negative"
    assert words["en", "lovely"] == "positive"
    assert ("en", "sick") not in words
    assert ("en", "meh") not in words, "a score near 0 is no sentiment, and no neutral word either"
    assert words["uk", "школа"] == "neutral"
    assert words["ja", "こわれる"] == "negative", "the list's spaces between words are no part of them"
    assert {words[language, "😍"] for language in ("ja", "uk", "fa", "en")} == {"positive"}
    assert ("en", "💼") not in words
    assert ("en", "l") not in words, "a letter in a circle is a letter to the model"


def test_english_sentiment_goes_over_translations_where_no_lexicon_knows_the_word(data):
    words = found(data)
    assert words["ja", "ひどい"] == words["fa", "افتضاح"] == "negative"
    assert words["uk", "гарний"] == "positive"
    assert ("uk", "суміш") not in words, "it translates a good word and a bad one"
    assert ("uk", "хворий") not in words
    assert words["uk", "чудо"] == "positive", "the language's own lexicon goes first"
    assert words["en", "train"] == "neutral"
    assert ("en", "wreck") not in words, "one of its translations is negative"
    assert ("en", "day off") not in words, "expressions would be neutral, words not"
    assert ("en", "a") not in words, "the names of the columns are no words"
    assert not any(text.lower() == "lviv" for _, text in words), "names are left out"


def test_words_have_the_spelling_that_the_model_reads(data):
    texts = {text for language, text in found(data) if language == "fa"}
    assert "عالی" in texts
    assert "عالي" not in texts


@pytest.mark.parametrize("missing", ["sentiment/fa__a.tsv.gz", "bilingual/en-ja.tsv.gz"])
def test_a_missing_list_is_named(data, missing):
    (data / "lexical" / missing).unlink()
    with pytest.raises(CorpusError, match=f"SK630.*{Path(missing).name[:4]}"):
        collect_words(data)


WORDS = [
    Word(language, text, sentiment)
    for language, texts in {
        "ja": ("不良", "電車", "素敵"),
        "uk": ("погано", "поїзд", "гарно"),
        "fa": ("بد", "قطار", "خوب"),
        "en": ("awful", "train", "lovely"),
    }.items()
    for text, sentiment in zip(texts, ("negative", "neutral", "positive"), strict=True)
]


def test_words_survive_their_file(tmp_path):
    save_words(WORDS, tmp_path / "words.tsv")
    assert load_words(tmp_path / "words.tsv") == WORDS


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no negative ja"),
        ("en\tgood\tnice\n", "line 1"),
        ("en\tpositive\n", "line 1"),
        ("en\tpositive\tnice", "uk"),
    ],
)
def test_a_file_of_words_that_is_not_whole_is_refused(tmp_path, text, told):
    (tmp_path / "words.tsv").write_text(text, encoding="utf-8")
    with pytest.raises(CorpusError, match=f"SK632.*{told}"):
        load_words(tmp_path / "words.tsv")


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer([word.text for word in WORDS] * 40 + ["、"] * 20, 90)


def network_for(tokenizer):
    torch.manual_seed(1)
    shape = Shape(tokenizer.get_vocab_size(), width=32, layers=1, heads=2, inner=48, positions=32, grams=600)
    return FeedbackNetwork(shape)


@pytest.mark.parametrize("with_grams", [True, False])
def test_the_lesson_teaches_them(tokenizer, with_grams):
    network = network_for(tokenizer).train()
    lesson = WordLesson(WORDS, tokenizer, marks_of(tokenizer), with_grams, size=24)
    optimiser = torch.optim.AdamW([p for name, p in network.named_parameters() if "grams" not in name], 3e-3)
    losses, reached = [], False
    for step in range(60):
        if step % 20 == 0:
            lesson.begin([7, step])
        network.zero_grad()
        loss = lesson.loss(network)
        loss.backward()
        losses.append(loss.item())
        reached |= network.grams.weights.weight.grad is not None
        optimiser.step()
    assert sum(losses[-5:]) < 0.7 * sum(losses[:5])
    assert reached == with_grams


def test_a_round_of_the_lesson_follows_from_its_seed(tokenizer):
    network = network_for(tokenizer).eval()
    lesson = WordLesson(WORDS, tokenizer, marks_of(tokenizer), size=24)
    rounds = []
    for seed in ([1, 0], [1, 0], [1, 5]):
        lesson.begin(seed)
        rounds.append([lesson.loss(network).item() for _ in range(3)])
    assert rounds[0] == rounds[1] != rounds[2]


def test_a_batch_has_each_language_and_sentiment_as_often_and_no_word_that_cannot_be_spelled(tokenizer):
    strange = Word("en", "lovely𒀀", "positive")
    lesson = WordLesson([*WORDS, strange], tokenizer, marks_of(tokenizer), size=50)
    lesson.begin([1])
    drawn = [line for _ in range(40) for line in lesson.draw()]
    assert len(drawn) == 40 * 48
    assert Counter(sentiment for _, sentiment in drawn) == dict.fromkeys(SENTIMENTS, 40 * 16)
    lines = {line for line, _ in drawn}
    assert {"awful", "awful awful", "不良、不良"} <= lines
    assert not any("𒀀" in line for line in lines)
    assert max(len(line.split()) for line in lines) == 3
