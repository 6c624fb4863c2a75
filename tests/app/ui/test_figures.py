"""The figures of two answers, side by side."""

import re
from dataclasses import fields

from app.errors import BackendFailed
from app.generation import Finished, FinishReason, TextDelta, Timings, Usage
from app.ui.figures import Figures, Refusal, figures_of, figures_table
from app.ui.messages import Answer

END = Finished(FinishReason.STOP, Usage(40, 21, 32), Timings(0.5, 2.5))  # 20 tokens in 2 s after the first


def rows(table: str) -> list[list[str]]:
    found = re.findall("<tr>(.*?)</tr>", table)
    return [re.findall("<t[hd][^>]*>(.*?)</t[hd]>", row) for row in found]


def test_both_answers_have_a_row_with_their_cost() -> None:
    left = figures_of(Answer("Ray Serve").after([TextDelta("a"), END]))
    right = figures_of(Answer("SageMaker").after([TextDelta("a"), Finished(FinishReason.LENGTH, Usage(None, 8))]))
    _, first, second = rows(figures_table(left, right, 3.6, 1.515))
    assert first == ["Left · Ray Serve", "0.50 s", "10.0", "40", "32", "21", "complete", "100.00"]
    assert second == ["Right · SageMaker", "–", "–", "–", "0", "8", "cut", "–"]


def test_the_cost_is_said_to_be_that_of_one_stream() -> None:
    assert "one stream at a time" in figures_table(Figures("a"), None, 1, 1)


def test_how_an_answer_ended_is_told() -> None:
    answer = Answer("a").after([TextDelta("a")])
    assert figures_of(answer).ended == ""
    assert figures_of(answer.stopped()).ended == "stopped"
    assert figures_of(answer.failed(BackendFailed("x"))).ended == "failed"


def test_what_is_under_way_or_was_not_sent_has_no_figures() -> None:
    _, first, second = rows(figures_table(Refusal("text", "why"), None, 1, 1))
    assert first == ["Left", "–", "–", "–", "–", "–", "not sent", "–"]
    assert second == ["Right", *["–"] * 7]


def test_where_nothing_was_asked_there_is_no_table() -> None:
    assert figures_table(None, None, 1, 1) == ""


def test_names_cannot_be_marks() -> None:
    assert "<img" not in figures_table(Figures("<img src=x>"), None, 1, 1)


def test_figures_hold_no_word_of_the_answer() -> None:
    figures = figures_of(Answer("Ray Serve").after([TextDelta("secret"), END]))
    assert all("secret" not in str(getattr(figures, field.name)) for field in fields(figures))
