"""One answer at a time, whatever is clicked in between."""

from app.ui.running import RunningAnswers


def test_a_second_answer_cannot_begin_while_one_is_under_way() -> None:
    running = RunningAnswers()
    assert running.begin("a")
    assert not running.begin("a")
    assert running.begin("b")
    running.end("a")
    assert running.begin("a")


def test_exactly_one_stream_claims_an_answer() -> None:
    running = RunningAnswers()
    assert running.claim("a") is None
    running.begin("a")
    assert not running.is_streaming("a")
    assert running.claim("a") is not None
    assert running.claim("a") is None
    assert running.is_streaming("a")


def test_stop_reaches_an_answer_that_has_not_begun_to_stream() -> None:
    running = RunningAnswers()
    running.begin("a")
    running.stop("a")
    stop = running.claim("a")
    assert stop is not None
    assert stop.is_set()


def test_stop_and_end_without_an_answer_do_nothing() -> None:
    running = RunningAnswers()
    running.stop("a")
    running.end("a")
    assert not running.is_streaming("a")
