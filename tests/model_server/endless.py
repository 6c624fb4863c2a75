"""A model that never ends an answer by itself, so that what ends a stream is what a test does; and its server."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import httpx

from tests.model_server.checkpoints import write_checkpoint

PATIENCE_SECONDS = 60.0
STREAM = {"prompt": "the quick brown fox", "max_tokens": 30_000, "temperature": 0, "stream": True}
SLOTS = 2


def write_endless_checkpoint(directory: Path) -> Path:
    """Write a model without an end token; 30,000 tokens take it half a minute and longer."""
    return write_checkpoint(directory, max_position_embeddings=32_000, eos_token_id=[])


def environment(checkpoint: Path) -> dict[str, str]:
    """Return settings under which nobody waits: a slot that is not free is 429."""
    return {"MODEL_DIR": str(checkpoint), "MODEL_ID": "endless", "SLOTS": str(SLOTS), "QUEUE_LIMIT": "0"}


def leave(http: httpx.Client, headers: dict[str, str] | None = None) -> None:
    """Open a stream and go away after its first event."""
    with http.stream("POST", "/v1/completions", json=STREAM, headers=headers) as response:
        assert response.status_code == 200
        assert next(response.iter_lines()).startswith("data: ")


def complete(http: httpx.Client, headers: dict[str, str] | None = None, **fields: Any) -> httpx.Response:
    """Return a short answer, as soon as there is a slot for it."""
    body = {"prompt": "the quick", "max_tokens": 4, "temperature": 0, **fields}
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        response = http.post("/v1/completions", json=body, headers=headers)
        if response.status_code != 429 or time.monotonic() > deadline:
            assert response.status_code == 200, response.text
            return response
