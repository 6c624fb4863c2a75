"""One question: its times, and each way in which it can go wrong. In virtual time."""

import pytest

from app.endpoint_errors import EndpointThrottled
from app.errors import BackendError, BackendFailed, BackendNotReady, StreamInterrupted
from app.generation import Finished, FinishReason, GenerationParameters, GenerationRequest, TextDelta, Usage
from app.loadtest.answer import Answer, Outcome, ask
from tests.app.loadtest.timed_backend import Script, TimedBackend
from tests.app.loadtest.virtual_time import run_in_virtual_time

REQUEST = GenerationRequest("hi", (), GenerationParameters(), "session")


def ask_once(script: Script, intended_seconds: float = 0.0) -> tuple[Answer, TimedBackend]:
    backend = TimedBackend(lambda _: script)
    return run_in_virtual_time(ask(backend, REQUEST, intended_seconds, timeout_seconds=8.0, turn=3)), backend


def test_times_of_all_texts_and_of_the_end_are_kept() -> None:
    end = Finished(FinishReason.LENGTH, Usage(5, 2))
    answer, backend = ask_once([(0.5, TextDelta("a")), (0.25, TextDelta("b")), (0.125, end)], -2.0)
    assert answer == Answer(-2.0, 0.0, 0.875, text="ab", text_seconds=(0.5, 0.75), usage=Usage(5, 2), turn=3)
    assert backend.open_streams == 0


@pytest.mark.parametrize(
    ("error", "outcome", "pause_seconds"),
    [
        (BackendNotReady("429", 7.0), Outcome.REFUSED, 7.0),
        (EndpointThrottled("429", 2.0), Outcome.REFUSED, 2.0),
        (BackendFailed("500"), Outcome.FAILED, 1.0),
        (StreamInterrupted("gone"), Outcome.FAILED, 1.0),
    ],
)
def test_an_error_is_no_answer_and_nothing_is_asked_again(
    error: BackendError, outcome: Outcome, pause_seconds: float
) -> None:
    answer, backend = ask_once([(0.5, error)])
    assert (answer.outcome, answer.error, answer.ended_seconds) == (outcome, type(error).__name__, 0.5)
    assert (answer.pause_seconds, answer.user_message) == (pause_seconds, error.user_message)
    assert len(backend.requests) == 1


def test_a_hung_target_is_left_after_the_time_limit_and_its_stream_closed() -> None:
    answer, backend = ask_once([(1.0, TextDelta("a")), (0.0, None)])
    assert (answer.outcome, answer.error, answer.ended_seconds) == (Outcome.TIMED_OUT, "Timeout", 8.0)
    assert answer.text == "a"
    assert backend.open_streams == 0
