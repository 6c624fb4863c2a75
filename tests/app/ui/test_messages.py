"""Page messages and the growing answer."""

from app.chat import Trimmed, Waiting
from app.conversation import Message, Role
from app.errors import BackendFailed
from app.generation import Finished, FinishReason, TextDelta, Timings, Usage
from app.ui.messages import Answer, awaits_answer, page_message, read_message

END = Finished(FinishReason.STOP, Usage(40, 21), Timings(0.5, 2.5))


def test_a_footer_never_comes_back_into_the_conversation() -> None:
    message = Answer("Ray Serve").after([TextDelta("Hello"), END]).message()
    assert "21 out" in message["content"][1]["text"]
    assert read_message(message) == Message(Role.ASSISTANT, "Hello")


def test_indentation_survives() -> None:
    text = "    indented\n  x  \n\n"
    assert read_message(page_message(Role.USER, text)).content == text


def test_the_footer_tells_backend_tokens_and_speed() -> None:
    footer = Answer("Ray Serve").after([TextDelta("Hello"), END]).footer()
    assert footer == "Ray Serve · 40 tokens in, 21 out · first after 0.50 s · 10 tokens/s"


def test_tokens_that_were_not_computed_again_are_told() -> None:
    answer = Answer("Ray Serve").after([TextDelta("Hello"), Finished(FinishReason.STOP, Usage(40, 8, 32))])
    assert answer.footer() == "Ray Serve · 40 tokens in (32 reused), 8 out"


def test_figures_that_are_not_known_are_left_out() -> None:
    assert Answer("Ray Serve").after([Finished(FinishReason.STOP)]).footer() == "Ray Serve"


def test_an_answer_that_came_in_one_piece_has_no_speed() -> None:
    end = Finished(FinishReason.STOP, Usage(40, 8), Timings(0.02, 0.0201))
    assert "tokens/s" not in Answer("Ray Serve").after([TextDelta("Hello"), end]).footer()


def test_waiting_is_said_until_text_comes() -> None:
    waiting = Answer("Ray Serve").after([Waiting("The model is loading.")])
    assert waiting.footer() == "The model is loading. This goes on by itself."
    assert "loading" not in waiting.after([TextDelta("a")]).footer()


def test_trimming_a_cut_answer_and_stop_are_said() -> None:
    cut = Answer("Ray Serve").after([Trimmed(2), TextDelta("a"), Finished(FinishReason.LENGTH)])
    assert "The 2 oldest turns were left out" in cut.footer()
    assert "The oldest turn was left out" in Answer("Ray Serve").after([Trimmed(1)]).footer()
    assert "Cut at the longest answer" in cut.footer()
    stopped = Answer("Ray Serve").after([TextDelta("a")]).stopped()
    assert stopped.footer() == "Stopped."
    assert stopped.text == "a"


def test_a_stop_after_the_end_changes_nothing() -> None:
    finished = Answer("Ray Serve").after([TextDelta("a"), END])
    assert finished.stopped() == finished


def test_a_failure_keeps_the_text_and_says_what_to_do() -> None:
    failed = Answer("Ray Serve").after([TextDelta("a")]).failed(BackendFailed("secret detail"))
    assert failed.text == "a"
    assert "Please send the message again" in failed.footer()
    assert "secret detail" not in failed.footer()


def test_only_a_question_without_an_answer_awaits_one() -> None:
    question = page_message(Role.USER, "hi")
    assert awaits_answer([question])
    assert not awaits_answer([])
    assert not awaits_answer([question, page_message(Role.ASSISTANT, "yes", "")])
