"""The callable for other engines gives back the type that it was given, with the columns that `score` writes."""

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from sentiment_kit import InputError
from sentiment_kit.batch.predictor import Predictor
from sentiment_kit.batch.rows import COLUMNS

TEXTS = ["Third email, still no answer. I won't be ordering here again.", None, "Das war leider nicht gut.", ""]
LANGUAGES = ["en", None, "und", None]
ERRORS = [None, "SK102: wanted a text (str), found None", None, "SK101: the text is empty"]


@pytest.fixture(scope="module")
def predictor():
    return Predictor("review")


def test_it_can_be_sent_to_another_process_and_is_small(predictor):
    predictor({"review": ["Great!"]})
    packed = pickle.dumps(predictor)
    assert pickle.loads(packed) == predictor
    assert len(packed) < 500
    code = "import pickle, sys; p = pickle.load(sys.stdin.buffer); print(*p({'review': [7]})['sk_error'])"
    done = subprocess.run([sys.executable, "-c", code], input=packed, capture_output=True, timeout=300, check=True)
    assert done.stdout.decode().strip() == "SK102: wanted a text (str), found int (7)"


@pytest.mark.parametrize("patterns", ["mine.en.jsonl", Path("mine.en.jsonl"), ["mine.en.jsonl"]])
def test_one_file_of_patterns_or_several(patterns):
    assert Predictor(patterns=patterns).options.patterns == ("mine.en.jsonl",)


def test_lists(predictor):
    batch = {"n": [1, 2, 3, 4], "review": TEXTS}
    got = predictor(batch)
    assert list(got) == ["n", "review", *COLUMNS]
    assert (got["n"], got["sk_language"], got["sk_error"]) == ([1, 2, 3, 4], LANGUAGES, ERRORS)
    assert got["sk_churn_level"][0] == "high"
    assert list(batch) == ["n", "review"]


def test_arrays(predictor):
    got = predictor({"review": np.array(TEXTS, dtype=object)})
    assert {type(column) for column in got.values()} == {np.ndarray}
    assert got["sk_language"].tolist() == LANGUAGES
    assert got["sk_negative"].dtype == np.float64
    assert np.isnan(got["sk_negative"]).tolist() == [False, True, True, True]
    assert predictor({"review": np.array(["Great!"])})["sk_language"].tolist() == ["en"]


def test_arrow(predictor):
    got = predictor(predictor(pa.table({"review": TEXTS, "n": [1, 2, 3, 4]})))
    assert got.column_names == ["review", "n", *COLUMNS]
    assert got.select(list(COLUMNS)).schema == pa.schema(list(COLUMNS.items()))
    assert got["sk_error"].to_pylist() == ERRORS


def test_pandas_and_iterators_of_frames(predictor):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"review": TEXTS, "n": [1, 2, 3, 4]}, index=[7, 7, 8, 9])
    got = predictor(frame)
    assert list(got.columns) == ["review", "n", *COLUMNS]
    assert got.index.tolist() == [7, 7, 8, 9]
    assert [None if pandas.isna(error) else error for error in got["sk_error"]] == ERRORS
    assert got["sk_negative"].dtype == np.float64
    assert list(frame.columns) == ["review", "n"]
    first, second = predictor(iter([frame, frame.iloc[:0]]))
    assert first.equals(got)
    assert (list(second.columns), len(second)) == (list(got.columns), 0)


@pytest.mark.training
def test_datasets_map_for_real(predictor):
    datasets = pytest.importorskip("datasets")
    data = datasets.Dataset.from_dict({"review": [*TEXTS[2:], *TEXTS[:2]], "n": [1, 2, 3, 4]})
    got = data.map(predictor, batched=True, batch_size=1, features=predictor.features(data.features))
    assert got.column_names == ["review", "n", *COLUMNS]
    assert got["sk_language"][:] == [*LANGUAGES[2:], *LANGUAGES[:2]]
    assert got["sk_error"][:] == [*ERRORS[2:], *ERRORS[:2]]


def test_what_it_cannot_take(predictor):
    with pytest.raises(InputError, match="SK109.*no column 'review'.*'text'"):
        predictor({"text": ["Great!"]})
    with pytest.raises(InputError, match="SK108.*found <class 'list'>"):
        predictor(["Great!"])


def test_the_schema_for_spark(predictor):
    schema = predictor.spark_schema("struct<review:string,n:bigint>")
    assert schema.startswith("struct<review:string,n:bigint,sk_language:string,sk_language_confidence:double,")
    assert schema.endswith(",sk_error:string>")
