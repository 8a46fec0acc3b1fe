"""Compare scoring a file end to end with what people use today, on the same texts in one run; print Markdown.

(a) the bundled ONNX network alone, on input tokenised beforehand: what the rest of the pipeline costs;
(b) the transformers pipeline with a network of the shape of XLM-R base. Its weights are random: speed does not depend
    on them. Its tokenizer is the bundled one, as no hub is asked; XLM-R's own makes about as many tokens;
(c) langdetect before (b), as it is usually done.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import transformers
from langdetect import DetectorFactory, LangDetectException, detect

from sentiment_kit.batch.run import score_file
from sentiment_kit.encoder.bundle import TOKENIZER_FILE, Bundle, default_folder
from sentiment_kit.encoder.onnx import OnnxEncoder, available_cores
from sentiment_kit.taxonomy import LANGUAGES
from sentiment_kit.training.examples import load_table
from sentiment_kit.training.feedback import load_feedback

_XLM_R_BASE = {
    "vocab_size": 250_002,
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
    "max_position_embeddings": 514,
    "num_labels": 3,
}


def main() -> None:
    """Read the options, time each system, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", type=Path, default=Path("corpora"), help="folder with feedback/<language>.jsonl")
    parser.add_argument("--examples", type=Path, help="table of real reviews (build_corpora.py) in place of --corpora")
    parser.add_argument("--texts", type=int, default=8000, help="texts for us, a quarter a language (8000)")
    parser.add_argument("--few", type=int, default=160, help="of these for the large network (160)")
    parser.add_argument("--rounds", type=int, default=2, help="rounds; the best is shown (2)")
    options = parser.parse_args()
    texts = _texts(options)
    few = texts[: options.few]
    torch.set_num_threads(available_cores())
    bundle = Bundle.open(default_folder())
    pipeline = _xlm_r(bundle)
    DetectorFactory.seed = 0
    systems: dict[str, tuple[Callable[[], object], int]] = {
        "sentiment-kit score, CSV in, Parquet out": (_end_to_end(texts), len(texts)),
        "(a) the ONNX network alone, tokenised": (_bare(bundle, texts), len(texts)),
        "(b) transformers pipeline, XLM-R base": (lambda: pipeline(few, batch_size=8), len(few)),
        "(c) langdetect, then (b)": (lambda: ([_langdetect(t) for t in few], pipeline(few, batch_size=8)), len(few)),
    }
    best = dict.fromkeys(systems, 0.0)
    for _ in range(options.rounds):
        for name, (run, count) in systems.items():
            begun = time.perf_counter()
            run()
            best[name] = max(best[name], count / (time.perf_counter() - begun))
    ours = next(iter(best.values()))
    print(f"{len(texts):,} texts, {np.mean([len(t) for t in texts]):.0f} characters on average, "
          f"{available_cores()} cores\n")  # fmt: skip
    print("| system | texts/s | ours is times as fast |\n|---|---|---|")
    for name, speed in best.items():
        print(f"| {name} | {speed:,.1f} | {ours / speed:.2f} |")


def _texts(options: argparse.Namespace) -> list[str]:
    count, rng = options.texts // len(LANGUAGES), np.random.default_rng(1)
    columns = []
    table = load_table(options.examples, options.examples.parent / "cache") if options.examples else None
    languages = np.array(table["language"]) if table is not None else None
    for language in LANGUAGES:
        if table is not None:
            rows = np.sort(rng.permutation(np.flatnonzero(languages == language))[:count])
            texts = table.select(rows)["text"][:]
        else:
            texts = [record.text for record in load_feedback(options.corpora / "feedback" / f"{language}.jsonl")]
        columns.append([texts[i % len(texts)] for i in rng.permutation(count)])
    return [text for group in zip(*columns, strict=True) for text in group]


def _end_to_end(texts: list[str]) -> Callable[[], object]:
    folder = Path(tempfile.mkdtemp())
    source = folder / "in.csv"
    with source.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "text"])
        writer.writerows(enumerate(texts))
    return lambda: score_file(source, folder / "out.parquet")


def _bare(bundle: Bundle, texts: list[str]) -> Callable[[], object]:
    encoder = OnnxEncoder(bundle)
    windows = [window for text in encoder.tokenizer.windows(texts) for window in text.windows]
    return lambda: encoder.run(windows)


def _xlm_r(bundle: Bundle) -> Callable[..., object]:
    transformers.set_seed(1)
    config = transformers.XLMRobertaConfig(**_XLM_R_BASE)
    model = transformers.XLMRobertaForSequenceClassification(config).eval()
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_file=str(bundle.file(TOKENIZER_FILE)), pad_token="<pad>", unk_token="<unk>", model_max_length=512
    )
    pipeline = transformers.pipeline("text-classification", model=model, tokenizer=tokenizer, device="cpu")
    return lambda texts, batch_size: pipeline(texts, batch_size=batch_size, truncation=True)


def _langdetect(text: str) -> str:
    try:
        return str(detect(text))
    except LangDetectException:
        return "und"


if __name__ == "__main__":
    main()
