"""Gather words with a sentiment of their own from lexicons and bilingual word lists, for the lesson on words."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from sentiment_kit.taxonomy import LANGUAGES, SENTIMENTS
from sentiment_kit.training.default import WORDS_FILE
from sentiment_kit.training.words import collect_words, save_words


def main() -> None:
    """Read the options, gather, write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with lexical/sentiment and lexical/bilingual")
    parser.add_argument("--text", type=Path, default=Path("build/text"), help="folder to write to (build/text)")
    options = parser.parse_args()
    words = collect_words(options.data)
    options.text.mkdir(parents=True, exist_ok=True)
    save_words(words, options.text / WORDS_FILE)
    counts = Counter((word.language, word.sentiment) for word in words)
    for language in LANGUAGES:
        print(f"{language}: " + ", ".join(f"{counts[language, name]:,} {name}" for name in SENTIMENTS))


if __name__ == "__main__":
    main()
