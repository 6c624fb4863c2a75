"""Which event of the comparison leads to which handler; `page.py` has those of the conversation alone."""

from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.events import Dependency

from app.ui.chat_area import ChatArea
from app.ui.compare import Comparison
from app.ui.conversation_list import browser_call
from app.ui.events import AT_ONCE, EACH_TIME, WHILE_OTHERS_WAIT
from app.ui.sidebar import Sidebar

_SCRIPT = "compare.js"


@dataclass(frozen=True, slots=True)
class States:
    """What the server remembers of a page: what has become of the newest message in each pane, and the endpoints."""

    left: gr.State
    right: gr.State
    listed: gr.State


def connect_answers(
    parts: ChatArea, sidebar: Sidebar, comparison: Comparison, states: States, left_answers: list[Dependency]
) -> list[Dependency]:
    """The right pane's answers beside the left one's, and what is done when any ends. Returns the right pane's."""
    right, results = parts.right, parts.results
    right_answer = right.asked.change(
        comparison.right.stream,
        [right.chat, sidebar.conversations.identity, *right.turn_inputs],
        [right.chat, states.right],
        postprocess=False,
        **WHILE_OTHERS_WAIT,
    )
    for answer in (*left_answers, right_answer):
        answer.then(
            comparison.settle,
            [states.left, states.right, *results.prices, parts.message],
            [states.left, states.right, parts.message, parts.notice, parts.send, parts.stop, results.figures],
            **AT_ONCE,
            **EACH_TIME,
        )
    parts.stop.click(comparison.stop, **AT_ONCE)
    return [right_answer]


def connect_comparison(
    parts: ChatArea, sidebar: Sidebar, comparison: Comparison, states: States, right_answers: list[Dependency]
) -> None:
    """Opening and closing the right pane, its endpoints, prices, votes, and going on with one of the two."""
    right, results = parts.right, parts.results
    sidebar.compare.change(
        comparison.toggle,
        [sidebar.compare, parts.chat, right.chat, states.listed, *sidebar.turn_inputs],
        [right.column, results.column, states.left, states.right, results.figures, right.chat, *right.turn_inputs],
        cancels=[*right_answers],
        **AT_ONCE,
    )
    gr.on(
        [right.backend.change, states.listed.change],
        comparison.offer,
        [states.listed, right.backend, right.endpoint],
        right.endpoint,
        **AT_ONCE,
    )
    _connect_prices(parts, sidebar, comparison, states)
    models = [*sidebar.model, right.backend, right.endpoint]
    for choice, button in results.votes.items():
        button.click(None, models, js=browser_call("vote", choice, script=_SCRIPT))
    parts.continued.click(None, None, sidebar.compare, js="() => false")
    right.continued.click(
        None,
        [right.chat, *right.turn_inputs],
        [parts.chat, *sidebar.turn_inputs, sidebar.compare],
        js="(...kept) => [...kept, false]",
    )


def _connect_prices(parts: ChatArea, sidebar: Sidebar, comparison: Comparison, states: States) -> None:
    results = parts.results
    backends: tuple[gr.Radio | gr.Dropdown, ...] = (sidebar.backend, parts.right.backend)
    for backend, instance, price in zip(backends, results.instances, results.prices, strict=True):
        backend.change(comparison.usual_price, backend, [instance, price], **AT_ONCE)
        instance.input(comparison.price, instance, price, **AT_ONCE)
        price.change(
            comparison.figures, [states.left, states.right, *results.prices], results.figures, **AT_ONCE, **EACH_TIME
        )


def connect_keeping(parts: ChatArea, sidebar: Sidebar, opened: list[Dependency], begun: Dependency) -> None:
    """The right pane in the browser's record of the conversation: kept, and there again when it is opened."""
    controls, identity = sidebar.described, sidebar.conversations.identity
    compared: list[Any] = [sidebar.compare, parts.right.chat, *parts.right.kept]
    for event in opened:
        event.then(None, compared, compared, js=browser_call("opened", controls, script=_SCRIPT))
    begun.then(None, compared, compared, js=browser_call("begun", script=_SCRIPT))
    changes = [component.change for component in compared]
    gr.on(changes, None, [identity, *compared], None, js=browser_call("changed", controls, script=_SCRIPT))
