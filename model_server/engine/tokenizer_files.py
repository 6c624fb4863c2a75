"""Read a checkpoint's tokenizer files: tokenizer.json, tokenizer_config.json and an optional chat_template.jinja."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model_server.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class TokenizerFiles:
    """`tokenizer` is the parsed tokenizer.json; the tokens are control strings."""

    tokenizer: dict[str, Any]
    begin_token: str | None  # None: prompts of this model do not begin with a control token
    end_token: str | None
    chat_template: str | None

    @property
    def control_token_ids(self) -> dict[str, int]:
        """Return each control string with its token id."""
        return {token["content"]: token["id"] for token in self.tokenizer.get("added_tokens", []) if token["special"]}


def read_tokenizer_files(directory: Path) -> TokenizerFiles:
    """Return the files of the checkpoint in `directory`; raise ConfigurationError where they cannot be used."""
    configuration = _read_json(directory / "tokenizer_config.json")
    begin_token = _token_text(configuration.get("bos_token"))
    return TokenizerFiles(
        tokenizer=_read_json(directory / "tokenizer.json"),
        begin_token=None if configuration.get("add_bos_token") is False else begin_token,
        end_token=_token_text(configuration.get("eos_token")),
        chat_template=_chat_template(directory, configuration.get("chat_template")),
    )


def _token_text(value: Any) -> str | None:
    content = value.get("content") if isinstance(value, dict) else value
    return content if isinstance(content, str) else None


def _chat_template(directory: Path, value: Any) -> str | None:
    """Return the default template: one text or a list of named ones in the configuration, or a file of its own."""
    if isinstance(value, list):
        value = next((entry["template"] for entry in value if entry["name"] == "default"), None)
    if isinstance(value, str):
        return value
    file = directory / "chat_template.jinja"
    return file.read_text(encoding="utf-8") if file.is_file() else None


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{str(path)!r} cannot be read as JSON: fetch the checkpoint again.") from error
    return dict(content)
