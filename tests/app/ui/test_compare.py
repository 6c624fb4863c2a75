"""Two panes at the level of their handlers: one Stop, refusals, and what the right pane opens with."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any, cast

import gradio as gr

from app.backends.catalog import BackendChoice
from app.backends.endpoints import Endpoint
from app.backends.unconfigured import UnconfiguredBackend
from app.conversation import Role
from app.endpoint_errors import EndpointNotChosen
from app.generation import TextDelta
from app.ui.compare import Comparison
from app.ui.endpoint_list import EndpointList
from app.ui.figures import Figures, Refusal
from app.ui.messages import PageMessage, page_message
from tests.app.fakes import ScriptedBackend, ScriptedCatalog

SAMPLING = ("", "automatic", 0.0, 1.0, 0, 16, 1.0)
STOP_SECONDS = 0.1


class Request:
    session_hash = "a-session"


REQUEST = cast("gr.Request", Request())


def comparison(*backends: ScriptedBackend) -> Comparison:
    return Comparison(tuple(BackendChoice(f"model {number}", backend) for number, backend in enumerate(backends)))


def ask(both: Comparison, text: str = "a") -> tuple[list[PageMessage], list[PageMessage]]:
    accepted = both.accept(text, REQUEST, [], "model 0", None, True, [], "model 1", None, 0)
    return accepted[1], accepted[5]


async def read(stream: AsyncIterator[Any]) -> Any:
    last = None
    async for output in stream:
        last = output
    return last


async def test_one_stop_ends_both_answers_within_a_tenth_of_a_second() -> None:
    seconds = []
    for _ in range(5):
        backends = [ScriptedBackend([[TextDelta("so far"), None]]) for _ in range(2)]
        both = comparison(*backends)
        left, right = ask(both)
        answers = asyncio.gather(
            read(both.left.stream(left, "", REQUEST, "model 0", None, *SAMPLING)),
            read(both.right.stream(right, "", REQUEST, "model 1", None, *SAMPLING)),
        )
        while sum(backend.open_streams for backend in backends) < 2:
            await asyncio.sleep(0)
        begun = time.monotonic()
        both.stop(REQUEST)
        outputs = await answers
        seconds.append(time.monotonic() - begun)
        assert [backend.open_streams for backend in backends] == [0, 0]
        assert [outcome.ended for _, outcome in outputs] == ["stopped", "stopped"]
    assert min(seconds) < STOP_SECONDS


async def test_two_panes_have_two_names_at_the_model_which_stay_theirs() -> None:
    backend = ScriptedBackend([[], [], []])
    both = comparison(backend, backend)
    identity = "0123456789abcdef" * 2
    for _ in range(2):
        both.leave(REQUEST)
        _, right = ask(both)
        await read(both.right.stream(right, identity, REQUEST, "model 1", None, *SAMPLING))
    both.leave(REQUEST)
    left, _ = ask(both)
    await read(both.left.stream(left, identity, REQUEST, "model 0", None, *SAMPLING))
    first, second, of_the_left = [request.session_id for request in backend.requests]
    assert first == second != of_the_left == identity


def test_a_message_comes_back_only_where_no_pane_has_taken_it() -> None:
    both = comparison(ScriptedBackend(), ScriptedBackend())
    refusal, answered = Refusal("a", "Too long."), Figures("model", "complete")

    one = both.settle(refusal, answered, 0, 0, "typed", REQUEST)
    assert "value" not in one[2]
    assert one[3]["value"] == "Left: Too long."
    two = both.settle(refusal, refusal, 0, 0, "typed", REQUEST)
    assert two[2] == "a\n\ntyped"
    assert two[3]["value"] == "Left: Too long.\n\nRight: Too long."
    alone = both.settle(refusal, None, 0, 0, "", REQUEST)
    assert alone[2:4] == ("a", gr.update(value="Too long.", visible=True))


def test_buttons_come_back_when_both_have_ended() -> None:
    both = comparison(ScriptedBackend(), ScriptedBackend())
    ask(both)
    left_stop = both.left._running.claim(both.left.place(REQUEST))
    assert left_stop is not None
    both.left._running.end(both.left.place(REQUEST), left_stop)
    ended = Figures("model 0", "complete", tokens_per_second=10.0)
    settled = both.settle(ended, Figures("model 1", "complete"), 3.6, 3.6, "", REQUEST)
    assert "visible" not in settled[4]
    assert "100.00" in settled[6]
    assert "model 1" not in settled[6]  # what it holds is of the turn before
    both.leave(REQUEST)
    assert both.settle(ended, ended, 3.6, 3.6, "", REQUEST)[4]["visible"]


def test_an_endpoint_that_is_not_chosen_keeps_the_message_from_both() -> None:
    choices = (
        BackendChoice("model 0", ScriptedBackend()),
        BackendChoice("model 1", UnconfiguredBackend(EndpointNotChosen), endpoints=ScriptedCatalog([()])),
    )
    both = Comparison(choices)
    outputs = both.accept("a", REQUEST, [], "model 0", None, True, [], "model 1", None, 0)
    assert "Nothing was sent" in outputs[2]["value"]
    assert both.left._running.begin(both.left.place(REQUEST))


def test_the_right_pane_opens_with_a_copy_of_conversation_and_settings() -> None:
    choices = (
        BackendChoice("model 0", ScriptedBackend()),
        BackendChoice("model 1", UnconfiguredBackend(EndpointNotChosen), endpoints=ScriptedCatalog([()])),
    )
    listed = EndpointList((Endpoint("first", "first"), Endpoint("second", "second")))
    history = [page_message(Role.USER, "a"), page_message(Role.ASSISTANT, "one", "")]
    opened = Comparison(choices).toggle(True, history, [], listed, REQUEST, "model 1", "second", *SAMPLING)
    *_, copied, label, endpoint = opened[:8]
    assert (copied, label, opened[8:]) == (history, "model 1", SAMPLING)
    assert (endpoint["value"], endpoint["visible"], len(endpoint["choices"])) == ("second", True, 2)


def test_what_the_browser_kept_of_the_right_pane_is_not_overwritten() -> None:
    kept = [page_message(Role.USER, "b")]
    opened = comparison(ScriptedBackend()).toggle(True, [], kept, None, REQUEST, "model 0", None, *SAMPLING)
    assert all("value" not in output for output in opened[5:])


def test_an_answer_under_way_is_not_copied() -> None:
    both = comparison(ScriptedBackend())
    history = both.accept("a", REQUEST, [], "model 0", None, False, [], "", None, 0)[1]
    growing = [*history, page_message(Role.ASSISTANT, "so f", "")]
    assert both.toggle(True, growing, [], None, REQUEST, "model 0", None, *SAMPLING)[5] == []
