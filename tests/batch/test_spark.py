"""Spark's ``mapInPandas``, for real. It needs pyspark and Java, which `make install` does not bring.

To run it: ``apt install default-jre-headless``, ``pip install pyspark``, ``pytest tests/batch/test_spark.py``.
"""

import os
import shutil
import sys

import pytest

from sentiment_kit.batch.predictor import Predictor
from sentiment_kit.batch.rows import COLUMNS

pytestmark = [
    pytest.mark.skipif(shutil.which("java") is None, reason="needs Java (apt install default-jre-headless)"),
    # Spark's own, about the interfaces that it uses
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::ResourceWarning"),
]

TEXTS = ["Third email, still no answer. I won't be ordering here again.", None, "とても美味しかったです。", ""]


@pytest.fixture(scope="module")
def spark():
    sql = pytest.importorskip("pyspark.sql", reason="needs pyspark (pip install pyspark)", exc_type=ImportError)
    # A session made in Python heeds this variable, not spark.pyspark.python; without it Spark takes any python3.
    os.environ["PYSPARK_PYTHON"] = sys.executable
    session = (
        sql.SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", "2")
        .getOrCreate()
    )
    yield session
    session.stop()


def test_map_in_pandas(spark):
    predictor = Predictor("review")
    frame = spark.createDataFrame([(n, text) for n, text in enumerate(TEXTS)], "n bigint, review string")
    scored = frame.mapInPandas(predictor, predictor.spark_schema(frame.schema.simpleString()))
    assert scored.columns == ["n", "review", *COLUMNS]
    rows = [row.asDict() for row in scored.orderBy("n").collect()]
    assert [row["review"] for row in rows] == TEXTS
    assert [row["sk_language"] for row in rows] == ["en", None, "ja", None]
    assert [row["sk_churn_level"] for row in rows][:2] == ["high", None]
    assert [row["sk_error"] for row in rows] == [
        None, "SK102: wanted a text (str), found None", None, "SK101: the text is empty"
    ]  # fmt: skip
    wanted = predictor({"review": TEXTS})
    assert [row["sk_negative"] for row in rows] == wanted["sk_negative"]
