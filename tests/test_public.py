"""The public names, and what importing them costs."""

import subprocess
import sys

import sentiment_kit

HEAVY = ["torch", "transformers", "spacy", "onnxruntime", "tokenizers", "pyarrow", "numpy", "langdetect"]


def run(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_public_names_are_these():
    assert sentiment_kit.__all__ == [
        "Analysis",
        "Analyzer",
        "BundleError",
        "ChurnPhrase",
        "ChurnRisk",
        "CorpusError",
        "FileFormatError",
        "InputError",
        "LanguageGuess",
        "MissingExtraError",
        "ModelError",
        "PatternError",
        "Sentiment",
        "SentimentKitError",
        "ThemeScore",
        "__version__",
    ]
    assert all(getattr(sentiment_kit, name) is not None for name in sentiment_kit.__all__)
    assert dir(sentiment_kit) == sorted(sentiment_kit.__all__)


def test_importing_the_package_loads_nothing_heavy():
    loaded = run(f"import sys, sentiment_kit; print([name for name in {HEAVY} if name in sys.modules])")
    assert loaded == "[]"


def test_importing_the_package_is_quick():
    code = "import time; t = time.perf_counter(); import sentiment_kit; print(time.perf_counter() - t)"
    assert min(float(run(code)) for _ in range(3)) < 0.15


def test_help_is_quick_and_loads_nothing_heavy():
    code = (
        "import sys, time; t = time.perf_counter()\n"
        "from sentiment_kit.cli.app import app\n"
        "try: app(['--help'])\n"
        "except SystemExit: pass\n"
        f"print(time.perf_counter() - t, [name for name in {HEAVY} if name in sys.modules])"
    )
    seconds, loaded = min(run(code).splitlines()[-1].split(" ", 1) for _ in range(3))
    assert float(seconds) < 0.5
    assert loaded == "[]"


def test_scoring_does_not_load_the_training_libraries():
    # spaCy itself loads torch where it is installed, so torch is not in this list.
    code = (
        "import sys; from sentiment_kit import Analyzer; Analyzer().analyze('Never again, I cancelled my account.')\n"
        "print([name for name in ('transformers', 'datasets', 'sklearn', 'pandas') if name in sys.modules])"
    )
    assert run(code) == "[]"


def test_unknown_names_are_attribute_errors():
    try:
        sentiment_kit.nonsense  # noqa: B018
    except AttributeError as error:
        assert "nonsense" in str(error)
    else:
        raise AssertionError("no AttributeError")
