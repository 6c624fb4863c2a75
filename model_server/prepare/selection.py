"""Which files of a source serving needs, and no others: never a pickle, never the same weights a second time."""

from __future__ import annotations

import json
from pathlib import Path

from model_server.errors import ConfigurationError
from model_server.prepare.sources.base import Listing, SourceFile

REQUIRED = ("config.json", "tokenizer.json", "tokenizer_config.json")
OPTIONAL = ("generation_config.json", "special_tokens_map.json", "chat_template.jinja")
INDEX = "model.safetensors.index.json"
SINGLE = "model.safetensors"


def select_descriptions(listing: Listing, source: str) -> list[SourceFile]:
    """Return the small files, which say all that there is to know before the weights are fetched."""
    files = {file.name: file for file in listing.files}
    missing = [name for name in REQUIRED if name not in files]
    if missing:
        raise ConfigurationError(f"{source} has no {missing[0]}, which serving needs. It is not a whole checkpoint.")
    if INDEX not in files and SINGLE not in files:
        raise ConfigurationError(
            f"{source} has neither {SINGLE} nor {INDEX}. Only safetensors are served: other formats can run code."
        )
    return [files[name] for name in (*REQUIRED, *OPTIONAL, INDEX) if name in files]


def select_weights(listing: Listing, source: str, index: Path) -> list[SourceFile]:
    """Return the safetensors files: those that the fetched `index` names, or the only one where there is none."""
    files = {file.name: file for file in listing.files}
    names = _names_in(index) if index.is_file() else [SINGLE]
    missing = [name for name in names if name not in files]
    if missing:
        raise ConfigurationError(
            f"{source} lacks {missing[0]!r}, which its {INDEX} names. It is not a whole checkpoint."
        )
    return [files[name] for name in names]


def _names_in(index: Path) -> list[str]:
    try:
        names = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(f"{INDEX} of the source is damaged, so that its weights cannot be found.") from error
    return sorted(str(name) for name in names)
