"""From sets and cards to examples: labels mapped, unknown kept unknown, near-duplicates on one side."""

import gzip
import hashlib
import json
import random
import string
from pathlib import Path

import pytest

pytestmark = pytest.mark.training

pq = pytest.importorskip("pyarrow.parquet")

from sentiment_kit import CorpusError  # noqa: E402
from sentiment_kit.taxonomy import THEMES  # noqa: E402
from sentiment_kit.training import corpora  # noqa: E402
from sentiment_kit.training.cards import load_cards  # noqa: E402
from sentiment_kit.training.corpora import build, own_side  # noqa: E402
from sentiment_kit.training.duplicates import Groups, bands_of, letters_of  # noqa: E402
from sentiment_kit.training.feedback import load_feedback, load_labels  # noqa: E402

CORPORA = Path(__file__).parents[2] / "corpora"


def card(**fields):
    base = {
        "set": "shop", "language": "en", "tier": "open", "licence": "CC0", "weight": 1.0,
        "sentiment": "label", "positive_is_no_complaint": True,
    }  # fmt: skip
    return {**base, **fields}


def make(tmp_path, cards, sets, feedback=()):
    for fields in cards:
        file = tmp_path / "corpora" / "cards" / fields["language"] / f"{fields['set']}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(fields), encoding="utf-8")
    for name, rows in sets.items():
        file = tmp_path / "data" / f"{name}.jsonl.gz"
        file.parent.mkdir(parents=True, exist_ok=True)
        with gzip.open(file, "wt", encoding="utf-8") as stream:
            stream.writelines(json.dumps({"id": f"{name}-{i}", **row}) + "\n" for i, row in enumerate(rows))
    if feedback:
        (tmp_path / "corpora" / "feedback").mkdir(parents=True)
        lines = [json.dumps(record) + "\n" for record in feedback]
        (tmp_path / "corpora" / "feedback" / "en.jsonl").write_text("".join(lines), encoding="utf-8")
    lines = []
    table = build(tmp_path / "data", tmp_path / "corpora", tmp_path / "out", lines.append)
    return {row["text"]: row for row in pq.read_table(table).to_pylist()}, lines


def themes(row):
    return {name: value for name, value in zip(THEMES, row["themes"], strict=True) if value >= 0}


def test_the_cards_of_the_repository_are_valid():
    cards = load_cards(CORPORA / "cards")
    assert len(cards) > 60
    assert {card.language for card in cards} == {"ja", "uk", "fa", "en"}
    restricted = {card.name for card in cards if card.tier == "restricted"}
    assert "acos" in restricted
    assert all(card.weight == 0 for card in cards if card.tier == "restricted")


@pytest.mark.parametrize("language", ["ja", "uk", "fa", "en"])
@pytest.mark.parametrize("folder", ["feedback", "churn"])
def test_the_projects_own_feedback_is_valid(folder, language):
    records = load_feedback(CORPORA / folder / f"{language}.jsonl")
    assert len(records) >= 400
    for record in records:
        assert all(record.text[span.start : span.end] == span.text for span in record.churn)
    assert {own_side(record.id) for record in records if record.id.startswith("t-")} <= {"test"}
    sides = [own_side(record.id) for record in records if not record.id.startswith("t-")]
    assert 0.12 < sides.count("test") / len(sides) < 0.28


def test_parallel_records_carry_the_same_labels():
    by_language = {
        language: {record.id: record for record in load_feedback(CORPORA / "feedback" / f"{language}.jsonl")}
        for language in ("ja", "uk", "fa", "en")
    }
    shared = set.intersection(*(set(records) for records in by_language.values()))
    assert len(shared) >= 900
    for identifier in shared:
        records = [records[identifier] for records in by_language.values()]
        assert len({(r.domain, r.sentiment, r.themes) for r in records}) == 1, identifier


@pytest.mark.parametrize("language", ["ja", "uk", "fa", "en"])
def test_the_extra_texts_and_the_readers_labels_are_valid(language):
    extra = load_feedback(CORPORA / "extra" / f"{language}.jsonl")
    assert len(extra) >= 1000
    assert not {record.id for record in extra} & {
        r.id for r in load_feedback(CORPORA / "feedback" / f"{language}.jsonl")
    }
    assert {own_side(record.id, tested=False) for record in extra} == {"train", "dev"}
    labels = load_labels(CORPORA / "labels" / f"{language}.jsonl")
    assert len(labels) >= 3000
    allowed = {
        card.name for card in load_cards(CORPORA / "cards") if card.language == language and card.tier != "restricted"
    }
    allowed |= {f"{corpora.RAW}{name}" for name in corpora.UNLABELLED[language]}
    assert {label.set for label in labels} <= allowed


def test_a_readers_labels_stand_beside_those_of_the_set(tmp_path):
    labels = tmp_path / "corpora" / "labels" / "en.jsonl"
    labels.parent.mkdir(parents=True)
    label = {"set": "shop", "id": "train/en/shop-0", "sentiment": "negative", "themes": ["delay"], "churn": ["exit"]}
    labels.write_text(json.dumps(label) + "\n" + json.dumps({**label, "id": "of a copy"}) + "\n", encoding="utf-8")
    text = "fine, but I waited for a month and will not wait again"
    make(tmp_path, [card()], {"train/en/shop": [{"text": text, "sentiment": "positive"}]})
    rows = {row["set"]: row for row in pq.read_table(tmp_path / "out" / "examples.parquet").to_pylist()}
    assert set(rows) == {"shop", "own_labels"}
    assert rows["own_labels"]["side"] == rows["shop"]["side"]
    assert (rows["shop"]["sentiment"], rows["own_labels"]["sentiment"]) == (2, 0)
    assert [name for name, value in themes(rows["own_labels"]).items() if value] == ["delay"]
    assert rows["own_labels"]["churn"] == 1
    assert rows["own_labels"]["kinds"] == [1, 0, 0, 0, 0, 0, 0, 0]


def test_a_reader_may_label_a_line_without_labels(tmp_path):
    line = "The tram stopped between two stops and the driver read us a poem"
    raw = tmp_path / "data" / "raw" / "en" / "imdb_reviews.txt.gz"
    raw.parent.mkdir(parents=True)
    with gzip.open(raw, "wt", encoding="utf-8") as file:
        file.write(f"{line}\nAnother line that nobody has read\n")
    name = f"raw_imdb_reviews-{hashlib.sha256(line.encode()).hexdigest()[:12]}"
    labels = tmp_path / "corpora" / "labels" / "en.jsonl"
    labels.parent.mkdir(parents=True)
    label = {"set": "raw_imdb_reviews", "id": name, "sentiment": "positive", "themes": [], "churn": []}
    labels.write_text(json.dumps(label) + "\n", encoding="utf-8")
    make(tmp_path, [card()], {"train/en/shop": [{"text": "fine", "label": "positive"}]})
    rows = pq.read_table(tmp_path / "out" / "examples.parquet").to_pylist()
    read = [row for row in rows if row["set"] == "own_labels"]
    assert [(row["text"], row["side"], row["sentiment"], row["churn"]) for row in read] == [(line, "train", 2, 0)]


def test_labels_of_a_restricted_set_are_refused(tmp_path):
    labels = tmp_path / "corpora" / "labels" / "en.jsonl"
    labels.parent.mkdir(parents=True)
    label = {"set": "shop", "id": "eval/en/shop-0", "sentiment": "negative", "themes": [], "churn": []}
    labels.write_text(json.dumps(label) + "\n", encoding="utf-8")
    with pytest.raises(CorpusError, match="SK605"):
        make(
            tmp_path,
            [card(tier="restricted", weight=0.0)],
            {"eval/en/shop": [{"text": "not to be learnt from", "sentiment": "positive"}]},
        )


@pytest.mark.parametrize(
    "broken", [{"sentiment": "mixed"}, {"themes": ["rudeness"]}, {"churn": ["left"]}, {"set": None}]
)
def test_a_bad_label_is_named(tmp_path, broken):
    label = {"set": "shop", "id": "1", "sentiment": "negative", "themes": [], "churn": [], **broken}
    label = {key: value for key, value in label.items() if value is not None}
    (tmp_path / "en.jsonl").write_text(json.dumps(label) + "\n", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"SK611.*line 1"):
        load_labels(tmp_path / "en.jsonl")


def test_labels_and_stars(tmp_path):
    rows, _ = make(
        tmp_path,
        [card(), card(set="stars", sentiment="stars"), card(set="nps", sentiment="nps")],
        {
            "train/en/shop": [
                {"text": "good one", "sentiment": "positive"},
                {"text": "mixed feelings here", "sentiment": "mixed"},
            ],
            "train/en/stars": [
                {"text": f"this has {n} stars {'abcde'[n - 1] * 3}", "stars": n} for n in (1, 2, 3, 4, 5)
            ],
            "train/en/nps": [
                {"text": f"score given {word}", "aspects": {"nps_score": score}}
                for word, score in (("low", 3), ("passive", 8), ("high", 10))
            ],
        },
    )
    got = {text: row["sentiment"] for text, row in rows.items()}
    assert got["good one"] == 2
    assert got["mixed feelings here"] == -1
    assert [got[f"this has {n} stars {'abcde'[n - 1] * 3}"] for n in (1, 2, 3, 4, 5)] == [0, 0, -1, 2, 2]
    assert [got[f"score given {word}"] for word in ("low", "passive", "high")] == [0, -1, 2]


def test_unknown_themes_stay_unknown(tmp_path):
    themed = card(
        set="themed",
        themes={"when": "aspect_negative", "map": [["^food", ["quality"]]], "covers": ["quality", "staff"]},
    )
    rows, _ = make(
        tmp_path,
        [themed],
        {
            "train/en/themed": [
                {"text": "cold soup", "sentiment": "negative", "aspects": [{"category": "FOOD#X", "polarity": "NEG"}]},
                {
                    "text": "fine soup",
                    "sentiment": "neutral",
                    "aspects": [{"category": "food", "polarity": "positive"}],
                },
                {"text": "no aspects", "sentiment": "negative"},
                {"text": "lovely soup", "sentiment": "positive", "aspects": []},
            ]
        },
    )
    assert themes(rows["cold soup"]) == {"quality": 1, "staff": 0}
    assert themes(rows["fine soup"]) == {"quality": 0, "staff": 0}
    assert themes(rows["no aspects"]) == {}
    assert themes(rows["lovely soup"]) == dict.fromkeys(THEMES, 0)


def test_what_resembles_evaluation_never_trains(tmp_path):
    long = "The battery of this telephone died after two weeks and the shop did not want to know about it at all"
    rows, lines = make(
        tmp_path,
        [card(), card(set="held", tier="restricted", weight=0.0)],
        {
            "eval/en/held": [{"text": long, "sentiment": "negative"}],
            "train/en/shop": [
                {"text": long.upper() + "!!!", "sentiment": "negative"},
                {"text": long.replace("two weeks", "two week"), "sentiment": "negative"},
                {"text": "something else entirely", "sentiment": "positive"},
                {"text": "Something else, entirely!", "sentiment": "positive"},
            ],
        },
    )
    assert {text: row["side"] for text, row in rows.items() if row["set"] == "held"} == {long: "eval"}
    assert [text for text, row in rows.items() if row["set"] == "shop"] == ["something else entirely"]
    assert "dropped 3" in lines[-1]


def test_near_duplicates_share_a_side_and_sides_do_not_move(tmp_path):
    base = [f"Review number {word} about a very ordinary kettle that boils water well enough" for word in "abcdefghij"]
    rows, _ = make(
        tmp_path,
        [card()],
        {"train/en/shop": [{"text": t, "sentiment": "positive"} for t in [*base, *[b + " ok" for b in base]]]},
    )
    for text in base:
        assert rows[text]["side"] == rows[text + " ok"]["side"]
    rng = random.Random(3)
    words = ["".join(rng.choices(string.ascii_lowercase, k=7)) for _ in range(5000)]
    many = [{"text": " ".join(rng.sample(words, 12)), "sentiment": "positive"} for _ in range(600)]
    assert len({own_side(str(n)) for n in range(100)}) == 3
    assert {own_side(f"t-{n}") for n in range(100)} == {"test"}
    one, _ = make(tmp_path / "one", [card()], {"train/en/shop": many})
    half, _ = make(tmp_path / "half", [card()], {"train/en/shop": many[::2]})
    assert all(one[text]["side"] == row["side"] for text, row in half.items() if text in one)


def test_groups_of_a_card_stay_together(tmp_path):
    rows, _ = make(
        tmp_path,
        [card(group="aspects.review")],
        {
            "train/en/shop": [
                {
                    "text": f"{part} of review {'ABCDEFGHIJKLMNOPQRST'[n]}{n}",
                    "sentiment": "positive",
                    "aspects": {"review": n},
                }
                for n in range(20)
                for part in ("Beginning", "Middle", "End")
            ]
        },
    )
    for n in range(20):
        assert len({row["side"] for text, row in rows.items() if text.endswith(f"{'ABCDEFGHIJKLMNOPQRST'[n]}{n}")}) == 1


@pytest.mark.parametrize(
    ("cards", "sets", "wanted"),
    [
        ([card()], {"train/en/other": [{"text": "x"}]}, "SK603.*has no card"),
        ([card(tier="restricted")], {"train/en/shop": [{"text": "x"}]}, "SK604.*restricted"),
        ([card(language="de")], {}, "SK602.*'de'"),
        ([card(sentiment="mood")], {}, "SK602.*'mood'"),
        ([card(themes={"when": "always", "map": [["x", ["weather"]]], "covers": []})], {}, "SK602.*weather"),
        ([], {}, "SK601"),
        ([card()], {}, "SK606.*no texts under"),
    ],
)
def test_what_is_refused(tmp_path, cards, sets, wanted):
    (tmp_path / "data").mkdir()
    with pytest.raises(CorpusError, match=f"(?s){wanted}"):
        make(tmp_path, cards, sets)


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"sentiment": "angry"}, "SK611.*line 1.*'angry'"),
        ({"themes": ["weather"]}, "SK611.*'weather'"),
        ({"churn": [{"kind": "exit", "text": "not there"}]}, "SK611.*not in the text"),
        ({"churn": [{"kind": "sigh", "text": "gone"}]}, "SK611.*'sigh'"),
    ],
)
def test_bad_feedback(tmp_path, change, wanted):
    record = {
        "id": "1", "text": "gone now", "domain": "shop", "register": "plain",
        "sentiment": "negative", "themes": [], "churn": [],
    }  # fmt: skip
    file = tmp_path / "en.jsonl"
    file.write_text(json.dumps({**record, **change}), encoding="utf-8")
    with pytest.raises(CorpusError, match=wanted):
        load_feedback(file)
    file.write_text(f"{json.dumps(record)}\n{json.dumps(record)}\n", encoding="utf-8")
    with pytest.raises(CorpusError, match="SK612.*line 2"):
        load_feedback(file)


def test_minhash_bands():
    one = letters_of("The courier never came and nobody called me back about the parcel")
    other = letters_of("THE COURIER NEVER CAME, and nobody called me back about the parcel!!")
    assert bands_of(one) == bands_of(other)
    assert not set(bands_of(one)) & set(bands_of(letters_of("A wonderful little café with very friendly people in it")))
    groups = Groups()
    rows = [groups.add(keys) for keys in ([b"a"], [b"b"], [b"c", b"a"], [b"b", b"c"], [b"d"])]
    assert [groups.group(row) for row in rows] == [0, 0, 0, 0, 4]


def test_unlabelled_lines_come_in_unless_they_resemble_another_row(tmp_path, monkeypatch):
    monkeypatch.setattr(corpora, "_RAW_ROWS", 4)
    lines = [
        "The lift in the east wing smells of wet dog again",
        "Nobody answers at the desk after nine in the evening",
        "nobody answers at the desk after nine in the evening!!",
        "A measured text that stands in an evaluation set too",
        "short",
        "x" * 501,
    ]
    raw = tmp_path / "data" / "raw" / "en" / "imdb_reviews.txt.gz"
    raw.parent.mkdir(parents=True)
    with gzip.open(raw, "wt", encoding="utf-8") as file:
        file.write("\n".join(lines))
    measured = {"text": lines[3], "label": "positive"}
    rows, _ = make(
        tmp_path, [card(), card(set="held", tier="restricted")],
        {"train/en/shop": [{"text": "fine", "label": "positive"}], "eval/en/held": [measured]},
    )  # fmt: skip
    unlabelled = [row for row in rows.values() if row["set"] == "raw_imdb_reviews"]
    assert {row["text"] for row in unlabelled} in ({lines[0], lines[1]}, {lines[0], lines[2]})
    assert rows[lines[3]]["set"] == "held"
    assert {(row["side"], row["sentiment"], row["churn"]) for row in unlabelled} == {("train", -1, -1)}
    assert not any(themes(row) for row in unlabelled)
