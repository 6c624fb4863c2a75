"""Any server that speaks OpenAI's `/v1/completions` over HTTP: our model server on Ray Serve or uvicorn, vLLM, TGI.

httpx lives here and nowhere else; its errors and the server's statuses become the app's errors here.
"""

import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from math import isfinite
from typing import Any

import httpx

from app.errors import (
    BackendError,
    BackendFailed,
    BackendNotReady,
    BackendRejected,
    BackendUnauthorized,
    BackendUnavailable,
    PromptTooLong,
    StreamInterrupted,
)
from app.generation import GenerationRequest, ModelDescription, StreamEvent
from app.wire.completions import CompletionDecoder, completion_body

logger = logging.getLogger(__name__)

# Connecting is quick or hopeless. Between two pieces of an answer a busy server may prefill other people's prompts.
_TIMEOUT = httpx.Timeout(connect=5, read=120, write=30, pool=30)
_QUESTION_TIMEOUT = httpx.Timeout(connect=5, read=30, write=30, pool=30)
_LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")
_ERROR_BODY_LIMIT_BYTES = 65_536
_RETRY_AFTER_DEFAULT_SECONDS = 2.0
_RETRY_AFTER_LIMIT_SECONDS = 60.0
# For servers whose /v1/models does not tell (TGI, llama.cpp): the smallest window that they are commonly started with.
_WINDOW_DEFAULT_TOKENS = 4096


class RayServeBackend:
    """`url` has no `/v1`. `api_key` goes out as a bearer token."""

    def __init__(self, url: str, api_key: str | None, transport: httpx.AsyncBaseTransport | None = None) -> None:
        headers = {"authorization": f"Bearer {api_key}"} if api_key else {}
        self._client = httpx.AsyncClient(
            base_url=url,
            headers=headers,
            trust_env=httpx.URL(url).host not in _LOOPBACK_HOSTS,  # a proxy for the outside has no way back in
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=64),
            transport=transport,
        )
        self._model_id = ""
        self._counts_tokens = True

    async def describe(self) -> ModelDescription:
        async with self._request("GET", "/v1/models", timeout=_QUESTION_TIMEOUT) as response:
            body = await _json(response)
        try:
            model = body["data"][0]
            self._model_id = str(model["id"])
            return ModelDescription(self._model_id, int(model.get("max_model_len") or _WINDOW_DEFAULT_TOKENS))
        except (KeyError, IndexError, TypeError, ValueError, OverflowError) as error:
            raise BackendFailed("/v1/models lists no model that can be read") from error

    async def count_tokens(self, prompt: str) -> int | None:
        if not self._counts_tokens:
            return None
        try:
            body = {"model": self._model_id, "prompt": prompt}
            async with self._request("POST", "/tokenize", body, timeout=_QUESTION_TIMEOUT) as response:
                return int((await _json(response))["count"])
        except PromptTooLong:
            raise
        except (BackendRejected, KeyError, TypeError, ValueError):
            # TGI and llama.cpp have no such route, or one of another shape.
            logger.info("the server does not count tokens; counting with mistral-common from now on")
            self._counts_tokens = False
        except BackendFailed:
            logger.info("the server failed to count tokens; counting this prompt with mistral-common")
        return None

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[StreamEvent]:
        decoder = CompletionDecoder()
        headers = {"x-session-id": request.session_id}
        body = completion_body(request, self._model_id)
        async with self._request("POST", "/v1/completions", body, headers) as response:
            async for chunk in response.aiter_bytes():
                for event in decoder.feed(chunk):
                    yield event
                if decoder.is_finished:
                    return
        decoder.close()

    async def aclose(self) -> None:
        await self._client.aclose()

    @asynccontextmanager
    async def _request(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        timeout: httpx.Timeout = _TIMEOUT,
    ) -> AsyncIterator[httpx.Response]:
        """An open response with a good status; closing it closes the request upstream."""
        try:
            async with self._client.stream(method, path, json=body, headers=headers, timeout=timeout) as response:
                if not response.is_success:
                    raise await _error_of(response)
                yield response
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise BackendUnavailable(repr(error)) from error
        except httpx.HTTPError as error:
            # Only an answer can be cut short; a question that got none has nothing to keep.
            raise (StreamInterrupted if timeout is _TIMEOUT else BackendUnavailable)(repr(error)) from error


async def _json(response: httpx.Response) -> Any:
    await response.aread()
    try:
        return response.json()
    except (ValueError, RecursionError) as error:
        raise BackendFailed(f"{response.request.url} answered with what is not JSON") from error


async def _error_of(response: httpx.Response) -> BackendError:
    """The app's error for a bad status. The body is read for its code and for the log, never shown."""
    text = await _start_of(response)
    status = response.status_code
    detail = f"{response.request.method} {response.request.url} → {status}: {text[:500]}"
    if status in (429, 503) and "model_failed" not in text:
        return BackendNotReady(detail, _retry_after_seconds(response))
    logger.warning("%s", detail)
    if status in (401, 403):
        return BackendUnauthorized(detail)
    if status == 413 or (status == 400 and "context_length_exceeded" in text):
        return PromptTooLong(detail)
    return BackendRejected(detail) if 400 <= status < 500 else BackendFailed(detail)


async def _start_of(response: httpx.Response) -> str:
    body = b""
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > _ERROR_BODY_LIMIT_BYTES:
            break
    return body[:_ERROR_BODY_LIMIT_BYTES].decode("utf-8", "replace")


def _retry_after_seconds(response: httpx.Response) -> float:
    try:
        seconds = float(response.headers["retry-after"])
    except (KeyError, ValueError):  # absent, or a date
        return _RETRY_AFTER_DEFAULT_SECONDS
    return min(max(seconds, 0.1), _RETRY_AFTER_LIMIT_SECONDS) if isfinite(seconds) else _RETRY_AFTER_DEFAULT_SECONDS
