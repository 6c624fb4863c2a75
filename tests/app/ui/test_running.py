"""One answer at a time, whatever is clicked in between."""

from app.ui.running import RunningAnswers


def test_a_second_answer_cannot_begin_while_one_is_under_way() -> None:
    running = RunningAnswers()
    assert running.begin("a")
    assert not running.begin("a")
    assert running.begin("b")
    running.forget("a")
    assert running.begin("a")


def test_exactly_one_stream_claims_an_answer() -> None:
    running = RunningAnswers()
    assert running.claim("a") is None
    running.begin("a")
    assert running.claim("a") is not None
    assert running.claim("a") is None
    assert running.is_under_way("a")


def test_an_answer_ends_only_itself() -> None:
    running = RunningAnswers()
    running.begin("a")
    first = running.claim("a")
    assert first is not None
    running.forget("a")
    assert first.is_set()
    running.begin("a")
    running.end("a", first)
    assert running.is_under_way("a")


def test_an_answer_whose_stream_never_came_does_not_block_the_next() -> None:
    now = 0.0
    running = RunningAnswers(lambda: now)
    running.begin("a")
    now = 9.0
    assert not running.begin("a")
    now = 11.0
    assert running.begin("a")
    assert running.claim("a") is not None
    now = 1_000.0
    assert not running.begin("a")


def test_stop_reaches_an_answer_that_has_not_begun_to_stream() -> None:
    running = RunningAnswers()
    running.begin("a")
    running.stop("a")
    stop = running.claim("a")
    assert stop is not None
    assert stop.is_set()


def test_stop_and_forget_without_an_answer_do_nothing() -> None:
    running = RunningAnswers()
    running.stop("a")
    running.forget("a")
    assert not running.is_under_way("a")
