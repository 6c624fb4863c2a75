"""One container of an endpoint: a body in, a status and pieces of a body out, as the dialect of its image has it.

Does not know of AWS: what SageMaker makes of it is runtime.py's matter.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.types import ASGIApp

from model_server.sagemaker.local.dialects.base import ContainerRefusal, Dialect, Failure, Question, Token, Writer
from model_server.sagemaker.local.faults import Fault
from model_server.sagemaker.local.model import LOGPROB, LastToken, ModelEvent, ask_model

FAULT_AFTER_TOKENS = 3
LINE_CHARACTERS = 12_000_000
OUT_OF_MEMORY = Failure(424, "generation", "Request failed during generation: CUDA out of memory.")


@dataclass(frozen=True, slots=True)
class ContainerAnswer:
    """The pieces are as the container flushes them."""

    media_type: str
    pieces: AsyncGenerator[bytes, None]


@asynccontextmanager
async def ask_container(
    dialect: Dialect, application: ASGIApp, body: bytes, fault: Fault | None
) -> AsyncIterator[ContainerAnswer]:
    """Give the container's answer; raises ContainerRefusal. Leaving the context cancels it."""
    question = _read(dialect, body)
    if question.failure is not None and question.writer is None:
        raise dialect.refuse(question.failure)
    if question.failure is not None and question.writer is not None:
        yield ContainerAnswer(question.writer.media_type, _once(question.writer.failure(question.failure)))
        return
    async with ask_model(application, question.body) as events:
        if question.writer is None:
            yield ContainerAnswer("application/json", _once(await _write_whole(dialect, question, events)))
            return
        first: ModelEvent | None = None
        if not dialect.answers_at_once:
            first = await anext(events, None)
            if isinstance(first, Failure):
                raise dialect.refuse(first)
        pieces = _write_pieces(question, question.writer, _with_fault(_chain(first, events), fault))
        yield ContainerAnswer(question.writer.media_type, pieces)


def _read(dialect: Dialect, body: bytes) -> Question:
    try:
        return dialect.read(body)
    except (AttributeError, TypeError, ValueError) as error:
        raise ContainerRefusal(422, "Failed to deserialize the JSON body into the target type") from error


async def _write_whole(dialect: Dialect, question: Question, events: AsyncIterator[ModelEvent]) -> bytes:
    tokens: list[Token] = []
    async for event in events:
        if isinstance(event, Failure):
            raise dialect.refuse(event)
        if isinstance(event, Token):
            tokens.append(event)
        elif isinstance(event, LastToken):
            return question.whole([*tokens, event.token], event.end)
    raise dialect.refuse(OUT_OF_MEMORY)


async def _write_pieces(
    question: Question, writer: Writer, events: AsyncIterator[ModelEvent]
) -> AsyncGenerator[bytes, None]:
    opening = writer.opening()
    async for event in events:
        if isinstance(event, Token):
            piece = writer.token(event)
        elif isinstance(event, LastToken):
            piece = writer.token(event.token, event.end)
        elif isinstance(event, Failure):
            piece = writer.failure(event)
        else:
            piece = question.keep_alive
        if opening + piece:
            yield opening + piece
        opening = b""


async def _with_fault(events: AsyncIterator[ModelEvent], fault: Fault | None) -> AsyncIterator[ModelEvent]:
    """Yield the events until the fault comes, where it is one of the container's own."""
    count = 0
    async for event in events:
        is_due = count == FAULT_AFTER_TOKENS or isinstance(event, LastToken)
        if fault is Fault.ENDLESS_LINE and count == FAULT_AFTER_TOKENS:
            yield Token(count, "x" * LINE_CHARACTERS, LOGPROB)
        if fault is Fault.IN_BAND_ERROR and is_due:
            yield OUT_OF_MEMORY
            return
        if fault is Fault.ENDS_EARLY and is_due:
            return
        yield event
        count += isinstance(event, Token)


async def _chain(first: ModelEvent | None, events: AsyncIterator[ModelEvent]) -> AsyncIterator[ModelEvent]:
    if first is not None:
        yield first
    async for event in events:
        yield event


async def _once(content: bytes) -> AsyncGenerator[bytes, None]:
    yield content
