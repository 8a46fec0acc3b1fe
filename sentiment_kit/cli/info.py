"""``sentiment-kit info``: what is installed, which model, how many threads."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

from sentiment_kit import __version__
from sentiment_kit.cli.options import Model

_PACKAGES = ("onnxruntime", "tokenizers", "spacy", "sudachipy", "langdetect", "pyarrow", "torch", "transformers")


def info(
    model: Model = None,
    check: Annotated[bool, typer.Option("--check", help="Check the hashes of all files of the model.")] = False,
) -> None:
    """Show versions, the model with its figures, and the threads it uses."""
    from sentiment_kit.encoder.bundle import Bundle, bundle_folder
    from sentiment_kit.encoder.onnx import available_cores

    print(f"sentiment-kit {__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}")
    print(", ".join(f"{name} {_version(name)}" for name in _PACKAGES))
    print(f"threads: {available_cores()}")
    folder = bundle_folder(model)
    if folder is None:
        from sentiment_kit.encoder.torch import TransformersEncoder

        print(f"model: {TransformersEncoder(str(model)).name}, a Hugging Face checkpoint: sentiment only")
        return
    bundle = Bundle.open(folder)
    print(f"model: {bundle.name}, {folder}")
    for name, file in bundle.manifest["files"].items():
        state = ""
        if check:
            bundle.file(name)
            state = "  ok"
        print(f"  {name:<18} {file['bytes'] / 1e6:6.1f} MB  sha256 {file['sha256'][:16]}{state}")
    for line in bundle.manifest.get("summary", []):
        print(f"  {line}")


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
