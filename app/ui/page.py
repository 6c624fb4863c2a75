"""The page: its parts, and which event leads to which handler."""

import json
from collections.abc import Callable
from typing import Any

import gradio as gr
from gradio.events import Dependency

from app.backends.catalog import BackendChoice
from app.observation import NOBODY, TurnObserver
from app.ui.chat_api import offer_chat_api
from app.ui.chat_area import ChatArea, build_chat_area
from app.ui.compare import Comparison
from app.ui.compare_events import States, connect_answers, connect_comparison, connect_keeping
from app.ui.conversation_list import browser_call
from app.ui.endpoint_list import LOOKING, EndpointFinder
from app.ui.events import AT_ONCE, EACH_TIME, WHILE_OTHERS_WAIT
from app.ui.look import TITLE, UNUSABLE_SCRIPT
from app.ui.model_status import ModelStatus
from app.ui.sidebar import Sidebar, build_sidebar

# On a narrow screen an open sidebar covers everything (Gradio cannot tell before the page is there).
_FOLD_SIDEBAR = "() => { if (innerWidth < 800) document.querySelector('#sidebar.open .toggle-button')?.click() }"
# Gradio follows the chat only from its very end, which a text box that shrinks or grows moves away.
_TO_THE_END = "() => { const chat = document.querySelector('#chat .bubble-wrap'); chat.scrollTop = chat.scrollHeight }"


def build_page(
    choices: tuple[BackendChoice, ...], observer: TurnObserver = NOBODY, *, has_logout: bool = False
) -> gr.Blocks:
    """The whole page for these choices of model; nothing is asked of a backend before someone opens it."""
    page = gr.Blocks(title=TITLE, analytics_enabled=False, fill_height=True)
    with page:
        sidebar = build_sidebar(choices, has_logout=has_logout)
        parts = build_chat_area(choices)
        comparison = Comparison(choices, observer)
        states = States(gr.State(None), gr.State(None), gr.State(None))
        answers = _connect_chat(parts, sidebar, comparison, states, page)
        _connect_model(parts, sidebar, choices, states.listed, page, answers)
        page.load(None, js=_FOLD_SIDEBAR)
        offer_chat_api(choices, observer)
    # Gradio copies this when it makes its queue; every answer under way takes one of these.
    page.max_threads = 200
    page.queue(default_concurrency_limit=64, max_size=256, api_open=False)
    return page


def _connect_chat(
    parts: ChatArea, sidebar: Sidebar, comparison: Comparison, states: States, page: gr.Blocks
) -> list[Dependency]:
    """Connects everything that a turn is made of; returns the events whose end is the end of an answer."""
    pane, identity = comparison.left, sidebar.conversations.identity
    turns = _connect_turns(parts, sidebar, comparison)
    answers = [
        accepted.then(
            pane.stream,
            [parts.chat, identity, *sidebar.turn_inputs],
            [parts.chat, states.left],
            postprocess=False,
            **WHILE_OTHERS_WAIT,
        )
        for accepted in turns
    ]
    for accepted in turns:
        accepted.then(None, js=_TO_THE_END)
    right_answers = connect_answers(parts, sidebar, comparison, states, answers)
    connect_comparison(parts, sidebar, comparison, states, right_answers)
    _connect_conversations(parts, sidebar, comparison, states, page, answers, right_answers)
    page.unload(comparison.leave)
    return answers


def _connect_turns(parts: ChatArea, sidebar: Sidebar, comparison: Comparison) -> list[Dependency]:
    """Everything that asks for an answer, up to the moment when it was accepted or refused."""
    pane, right = comparison.left, parts.right
    both = [parts.chat, *sidebar.model, sidebar.compare, right.chat, right.backend, right.endpoint, right.asked]
    composer_and_buttons = [parts.message, parts.chat, parts.notice, parts.send, parts.stop]

    sent = gr.on(
        [parts.message.submit, parts.send.click],
        comparison.accept,
        [parts.message, *both],
        [*composer_and_buttons, right.chat, right.asked],
        js=browser_call("turn", 1),
        **AT_ONCE,
        **EACH_TIME,
    )
    chosen = parts.chat.example_select(
        comparison.accept_starter,
        both,
        [*composer_and_buttons[1:], right.chat, right.asked],
        js=browser_call("turn", 0),
        **AT_ONCE,
        **EACH_TIME,
    )
    others: list[tuple[Callable[..., Dependency], Callable[..., Any]]] = [
        (parts.chat.edit, pane.accept_edited),
        (parts.actions.retry.click, pane.accept_again),
        (parts.actions.proceed.click, pane.accept_continued),
    ]
    turns = [sent, chosen]
    for event, accept in others:
        inputs, outputs = [parts.chat, *sidebar.model], composer_and_buttons[1:]
        turns.append(event(accept, inputs, outputs, js=browser_call("turn", 0), **AT_ONCE, **EACH_TIME))
    return turns


def _connect_model(
    parts: ChatArea,
    sidebar: Sidebar,
    choices: tuple[BackendChoice, ...],
    listed: gr.State,
    page: gr.Blocks,
    answers: list[Dependency],
) -> None:
    """Says which model serves, or why none does: when the page opens, after answers, and whenever one is chosen."""
    status, look_again = ModelStatus(choices), gr.Timer(active=False)
    inputs = [listed, *sidebar.model, sidebar.prompt_format]
    outputs = [sidebar.model_status, look_again, parts.demonstration, sidebar.endpoints, sidebar.refused]
    found = _connect_endpoints(sidebar, choices, listed, page)
    gr.on([sidebar.backend.change, sidebar.endpoint.input], status.announce, inputs, outputs, **WHILE_OTHERS_WAIT)
    ends = [event.then for event in (*answers, *found)]
    moments: list[Callable[..., Dependency]] = [page.load, *ends, sidebar.prompt_format.change, look_again.tick]
    for moment in moments:
        moment(status.look, inputs, outputs, **WHILE_OTHERS_WAIT)
    page.unload(status.leave)


def _connect_endpoints(
    sidebar: Sidebar, choices: tuple[BackendChoice, ...], listed: gr.State, page: gr.Blocks
) -> list[Dependency]:
    """Looks for the endpoints once the page is up, and when asked; returns the events whose end is the end of that."""
    choice = next((choice for choice in choices if choice.endpoints), None)
    if choice is None or choice.endpoints is None:
        return []
    finder = EndpointFinder(choice.label, choice.endpoints)
    outputs = [listed, sidebar.endpoint, sidebar.unusable, sidebar.refused]
    page.load(None, js=UNUSABLE_SCRIPT.replace("LABEL", json.dumps(choice.label)))
    refreshed = sidebar.refresh.click(_forget_list, None, [listed, sidebar.model_status], **AT_ONCE)
    # Not the dropdown itself, which takes nothing that it does not offer yet.
    wanted = gr.Textbox(visible="hidden", label="Endpoint of a link", elem_id="wanted-endpoint")
    found = page.load(finder.find, wanted, outputs, js=browser_call("wantedEndpoint"), **WHILE_OTHERS_WAIT)
    found.then(None, sidebar.endpoint, js=browser_call("checkEndpoint"))
    return [
        found,
        refreshed.then(finder.find_anew, sidebar.endpoint, outputs, **WHILE_OTHERS_WAIT),
    ]


def _forget_list() -> tuple[None, str]:
    return None, LOOKING


def _connect_conversations(
    parts: ChatArea,
    sidebar: Sidebar,
    comparison: Comparison,
    states: States,
    page: gr.Blocks,
    answers: list[Dependency],
    right_answers: list[Dependency],
) -> None:
    """What happens in the browser alone: keeping, opening, versions, export. Only leaving an answer asks the server."""
    one, kept, controls = sidebar.conversations, list(sidebar.kept.values()), sidebar.described
    opened = [parts.chat, one.identity, *kept]
    idle = [parts.notice, parts.send, parts.stop, states.left, states.right, parts.results.figures]
    started = page.load(None, kept, opened, js=browser_call("start", controls))
    changes = [parts.chat.change, *(component.change for component in kept)]
    gr.on(changes, None, [one.identity, parts.chat, *kept], None, js=browser_call("changed", controls))
    for answer in answers:
        answer.then(None, parts.chat, parts.chat, js=browser_call("settled"))
    # Cancelling, and not only stopping: nothing that is still on its way may be drawn into another chat.
    left = [
        button.click(comparison.leave, None, None, cancels=[*answers, *right_answers], **AT_ONCE).then(
            _idle, None, idle, **AT_ONCE
        )
        for button in (sidebar.new_chat, one.opened)
    ]
    begun = left[0].then(None, None, [parts.chat, one.identity], js=browser_call("begin"))
    switched = left[1].then(None, kept, opened, js=browser_call("opened", controls))
    for event in (begun, switched):
        event.then(None, js=_FOLD_SIDEBAR)
    connect_keeping(parts, sidebar, [started, switched], begun)
    actions = parts.actions
    actions.previous.click(None, None, parts.chat, js=browser_call("version", -1))
    actions.following.click(None, None, parts.chat, js=browser_call("version", 1))
    actions.undo.click(None, [parts.chat, parts.message], [parts.chat, parts.message], js=browser_call("undo"))


def _idle() -> Any:
    return gr.update(value="", visible=False), gr.update(visible=True), gr.update(visible=False), None, None, ""
