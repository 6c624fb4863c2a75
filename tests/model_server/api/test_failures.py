"""Every error body is its golden file, and no error tells more than it should."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI

from model_server.api.failures import install_error_handlers
from model_server.api.responses import error_response
from model_server.errors import (
    ContextLengthExceeded,
    InternalError,
    InvalidApiKey,
    ModelFailed,
    ModelLoading,
    ModelNotFound,
    RequestTimedOut,
    RequestTooLarge,
    ServerBusy,
    ServerError,
)
from tests.wire_files import wire_bytes


@pytest.mark.parametrize(
    ("error", "file"),
    [
        (ContextLengthExceeded(1024), "error_400_context_length_exceeded.json"),
        (InvalidApiKey(), "error_401_invalid_api_key.json"),
        (ModelNotFound(), "error_404_model_not_found.json"),
        (RequestTooLarge(), "error_413_request_too_large.json"),
        (ServerBusy(), "error_429_server_busy.json"),
        (InternalError("a detail"), "error_500_server_error.json"),
        (ModelLoading(), "error_503_model_loading.json"),
        (ModelFailed(), "error_503_model_failed.json"),
        (RequestTimedOut(), "error_504_request_timeout.json"),
    ],
)
def test_an_error_is_the_golden_file(error: ServerError, file: str) -> None:
    response = error_response(error)
    assert response.body == wire_bytes(file)
    assert response.status_code == int(file.split("_")[1])
    assert response.headers.get("retry-after") == ("1" if isinstance(error, ModelLoading | ServerBusy) else None)


async def test_what_was_not_foreseen_says_nothing_of_itself() -> None:
    application = FastAPI()
    install_error_handlers(application)

    async def fail() -> None:
        raise RuntimeError("a secret detail")

    application.add_api_route("/", fail)
    transport = httpx.ASGITransport(application, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://server") as client:
        response = await client.get("/")
    assert response.status_code == 500
    assert response.content == wire_bytes("error_500_server_error.json")
