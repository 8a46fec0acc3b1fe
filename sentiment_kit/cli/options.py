"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

Language = Annotated[
    Optional[str],  # noqa: UP045  typer reads this at run time
    typer.Option("--lang", "-l", help="Language of all texts: ja, uk, fa or en. Detected where it is not given."),
]
Model = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--model",
        "-m",
        help="A model bundle's folder, or a Hugging Face checkpoint (folder or name; needs the 'train' extra). "
        "By default the bundled model.",
    ),
]
Patterns = Annotated[
    Optional[list[Path]],  # noqa: UP045
    typer.Option("--patterns", help="A file of churn patterns of your own, <name>.<language>.jsonl; may be repeated."),
]
Threads = Annotated[
    Optional[int],  # noqa: UP045
    typer.Option("--threads", min=1, help="Threads of the model. By default one for each core."),
]
