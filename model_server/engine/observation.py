"""How one request ended and what it took, for whoever wants to tell of it: by a context variable, as a stream passes
through many hands. Used on the event loop only. Holds no text.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import Enum

from model_server.engine.request import FinishReason
from model_server.engine.sequence import Sequence
from model_server.errors import ServerError


class Outcome(str, Enum):
    """Every way in which a request can end. A closed set, because it labels metrics."""

    STOP = "stop"  # the model or a stop string ended the answer
    LENGTH = "length"  # the answer reached max_tokens
    ANSWERED = "answered"  # there was no answer to generate: the list of models, a count of tokens
    CANCELLED = "cancelled"  # the client went away
    TIMED_OUT = "timed_out"
    REFUSED = "refused"  # the queue is full
    INVALID = "invalid"
    UNAUTHORIZED = "unauthorized"
    UNAVAILABLE = "unavailable"  # the model loads, has failed to load, or the server stops
    FAILED = "failed"


OUTCOMES_BY_STATUS = {
    401: Outcome.UNAUTHORIZED,
    424: Outcome.FAILED,  # TGI's status for a generation that failed
    429: Outcome.REFUSED,
    503: Outcome.UNAVAILABLE,
    504: Outcome.TIMED_OUT,
}


def outcome_of_status(status: int) -> Outcome:
    """Return what an HTTP status means, be it sent or an error's own."""
    if status < 400:
        return Outcome.ANSWERED
    return OUTCOMES_BY_STATUS.get(status, Outcome.INVALID if status < 500 else Outcome.FAILED)


@dataclass(slots=True)
class Observation:
    """Filled in while the request is served; without an outcome nothing was to be generated."""

    outcome: Outcome | None = None
    sequence: Sequence | None = None  # belongs to the engine's thread: to be read only

    def finish(self, reason: FinishReason) -> None:
        self.outcome = Outcome(reason.value)


_current: ContextVar[Observation | None] = ContextVar("observation", default=None)


@contextmanager
def observe_request() -> Iterator[Observation]:
    """Yield what the streams that are made inside fill in."""
    observation = Observation()
    token = _current.set(observation)
    try:
        yield observation
    finally:
        _current.reset(token)


def observe_departure() -> None:
    """The client went away before its request had come whole."""
    observation = _current.get()
    if observation is not None:
        observation.outcome = Outcome.CANCELLED


@contextmanager
def observe_stream() -> Iterator[Observation]:
    """Yield the request's observation, or one for nobody. A stream that ends without a reason was cancelled."""
    observation = _current.get() or Observation()
    observation.outcome = Outcome.CANCELLED
    try:
        yield observation
    except ServerError as error:
        observation.outcome = outcome_of_status(error.status)
        raise
