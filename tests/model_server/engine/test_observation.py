from __future__ import annotations

import pytest

from model_server.engine.observation import Outcome, observe_request, observe_stream, outcome_of_status
from model_server.engine.request import FinishReason
from model_server.errors import GenerationFailed, RequestTimedOut, ServerBusy, ServerError, ServerStopping
from tests.model_server.test_errors import ALL


@pytest.mark.parametrize("kind", ALL)
def test_every_error_is_an_outcome_of_something_that_went_wrong(kind: type[ServerError]) -> None:
    assert outcome_of_status(kind.status) not in (Outcome.STOP, Outcome.LENGTH, Outcome.ANSWERED, Outcome.CANCELLED)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (ServerBusy(), Outcome.REFUSED),
        (RequestTimedOut(), Outcome.TIMED_OUT),
        (GenerationFailed(), Outcome.FAILED),
        (ServerStopping(), Outcome.UNAVAILABLE),
    ],
)
def test_a_stream_tells_its_request_how_it_failed(error: ServerError, outcome: Outcome) -> None:
    with observe_request() as observation, pytest.raises(type(error)), observe_stream():
        raise error
    assert observation.outcome is outcome


def test_a_stream_that_is_closed_was_cancelled_unless_it_was_at_its_end() -> None:
    with observe_request() as observation, observe_stream():
        pass
    assert observation.outcome is Outcome.CANCELLED
    with observe_request() as observation, observe_stream() as stream:
        stream.finish(FinishReason.LENGTH)
    assert observation.outcome is Outcome.LENGTH


def test_every_reason_to_finish_is_an_outcome() -> None:
    assert {reason.value for reason in FinishReason} <= {outcome.value for outcome in Outcome}
