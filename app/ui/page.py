"""The page: its parts, and which event leads to which handler."""

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.events import Dependency

from app.backends.catalog import BackendChoice
from app.ui.chat_pane import ChatPane
from app.ui.endpoint_list import LOOKING, EndpointFinder
from app.ui.look import TITLE, UNUSABLE_SCRIPT
from app.ui.model_status import ModelStatus
from app.ui.sidebar import Sidebar, build_sidebar
from app.ui.starters import STARTERS

_DEMONSTRATION = (
    "**This is the small built-in demonstration model.** It shows how the page works and knows little. "
    "Connect Mistral-7B by setting `RAY_SERVE_URL`, or choose an endpoint of SageMaker."
)
# For what is answered from memory: not worth a place in the queue, and nothing for the public API.
_AT_ONCE: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
# For the calls of a click on Send: by default Gradio drops one that finds another under way, and all that follow it.
_EACH_TIME: dict[str, Any] = {"trigger_mode": "multiple"}
# For what asks others and may take its time: as many at once as there are pages.
_WHILE_OTHERS_WAIT: dict[str, Any] = {
    "concurrency_limit": None,
    "show_progress": "hidden",
    "api_visibility": "private",
    **_EACH_TIME,
}
# On a narrow screen an open sidebar covers everything (Gradio cannot tell before the page is there).
_FOLD_SIDEBAR = "() => { if (innerWidth < 800) document.querySelector('#sidebar.open .toggle-button')?.click() }"
# Gradio follows the chat only from its very end, which a text box that shrinks or grows moves away.
_TO_THE_END = "() => { const chat = document.querySelector('#chat .bubble-wrap'); chat.scrollTop = chat.scrollHeight }"
_PLACEHOLDER = "<h2>What would you like to know?</h2><p>Ask anything, or begin with one of these.</p>"
_MATHEMATICS: list[dict[str, str | bool]] = [
    {"left": "$$", "right": "$$", "display": True},
    {"left": "\\[", "right": "\\]", "display": True},
    {"left": "\\(", "right": "\\)", "display": False},
]


@dataclass(frozen=True, slots=True)
class _Chat:
    demonstration: gr.Markdown
    chat: gr.Chatbot
    notice: gr.Markdown
    message: gr.Textbox
    send: gr.Button
    stop: gr.Button


def build_page(choices: tuple[BackendChoice, ...]) -> gr.Blocks:
    """The whole page for these choices of model; nothing is asked of a backend before someone opens it."""
    page = gr.Blocks(title=TITLE, analytics_enabled=False, fill_height=True)
    with page:
        sidebar = build_sidebar(choices)
        parts = _build_chat()
        answers = _connect_chat(parts, sidebar, ChatPane(choices), page)
        _connect_model(parts, sidebar, choices, page, answers)
        page.load(None, js=_FOLD_SIDEBAR)
    # Gradio copies this when it makes its queue; every answer under way takes one of these.
    page.max_threads = 200
    page.queue(default_concurrency_limit=64, max_size=256, api_open=False)
    return page


def _build_chat() -> _Chat:
    with gr.Column(elem_id="main"):
        demonstration = gr.Markdown(_DEMONSTRATION, visible=False, elem_id="demonstration")
        chat = gr.Chatbot(
            elem_id="chat",
            show_label=False,
            label="Conversation",
            layout="bubble",
            height=None,
            buttons=["copy"],
            latex_delimiters=_MATHEMATICS,
            placeholder=_PLACEHOLDER,
            examples=[{"text": text, "display_text": title} for title, text in STARTERS.items()],
        )
        notice = gr.Markdown(visible=False, elem_id="notice")
        with gr.Row(elem_id="composer"):
            message = gr.Textbox(
                elem_id="message",
                label="Message",
                show_label=False,
                placeholder="Write a message…",
                lines=1,
                max_lines=8,
                autofocus=True,
                scale=1,
            )
            send = gr.Button("Send", variant="primary", elem_id="send", scale=0)
            stop = gr.Button("Stop", variant="stop", elem_id="stop", visible=False, scale=0)
    return _Chat(demonstration, chat, notice, message, send, stop)


def _connect_chat(parts: _Chat, sidebar: Sidebar, pane: ChatPane, page: gr.Blocks) -> list[Dependency]:
    """Connects everything that a turn is made of; returns the events whose end is the end of an answer."""
    session_id, refusal = gr.State(_new_session_id), gr.State(None)
    composer_and_buttons = [parts.message, parts.chat, parts.notice, parts.send, parts.stop]

    sent = gr.on(
        [parts.message.submit, parts.send.click],
        pane.accept,
        [parts.message, parts.chat, *sidebar.model],
        composer_and_buttons,
        **_AT_ONCE,
        **_EACH_TIME,
    )
    chosen = parts.chat.example_select(
        pane.accept_starter, [parts.chat, *sidebar.model], composer_and_buttons[1:], **_AT_ONCE, **_EACH_TIME
    )
    answers = [
        accepted.then(
            pane.stream,
            [parts.chat, session_id, *sidebar.turn_inputs],
            [parts.chat, refusal],
            postprocess=False,
            **_WHILE_OTHERS_WAIT,
        )
        for accepted in (sent, chosen)
    ]
    for accepted in (sent, chosen):
        accepted.then(None, js=_TO_THE_END)
    for answer in answers:
        answer.then(
            pane.settle,
            [refusal, parts.message],
            [refusal, parts.message, parts.notice, parts.send, parts.stop],
            **_AT_ONCE,
            **_EACH_TIME,
        )
    parts.stop.click(pane.stop, **_AT_ONCE)
    # Cancelling, and not only stopping: nothing that is still on its way may be drawn into the empty chat.
    sidebar.new_chat.click(pane.leave, None, None, cancels=answers, **_AT_ONCE).then(
        _new_chat, None, [parts.chat, session_id, parts.notice, parts.send, parts.stop], **_AT_ONCE
    ).then(None, js=_FOLD_SIDEBAR)
    page.unload(pane.leave)
    return answers


def _connect_model(
    parts: _Chat, sidebar: Sidebar, choices: tuple[BackendChoice, ...], page: gr.Blocks, answers: list[Dependency]
) -> None:
    """Says which model serves, or why none does: when the page opens, after answers, and whenever one is chosen."""
    status, listed, look_again = ModelStatus(choices), gr.State(None), gr.Timer(active=False)
    inputs = [listed, *sidebar.model, sidebar.prompt_format]
    outputs = [sidebar.model_status, look_again, parts.demonstration, sidebar.endpoints, sidebar.refused]
    found = _connect_endpoints(sidebar, choices, listed, page)
    gr.on([sidebar.backend.change, sidebar.endpoint.input], status.announce, inputs, outputs, **_WHILE_OTHERS_WAIT)
    ends = [event.then for event in (*answers, *found)]
    moments: list[Callable[..., Dependency]] = [page.load, *ends, sidebar.prompt_format.change, look_again.tick]
    for moment in moments:
        moment(status.look, inputs, outputs, **_WHILE_OTHERS_WAIT)
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
    refreshed = sidebar.refresh.click(_forget_list, None, [listed, sidebar.model_status], **_AT_ONCE)
    return [
        page.load(finder.find, sidebar.endpoint, outputs, **_WHILE_OTHERS_WAIT),
        refreshed.then(finder.find_anew, sidebar.endpoint, outputs, **_WHILE_OTHERS_WAIT),
    ]


def _forget_list() -> tuple[None, str]:
    return None, LOOKING


def _new_session_id() -> str:
    return uuid.uuid4().hex


def _new_chat() -> Any:
    return [], _new_session_id(), gr.update(value="", visible=False), gr.update(visible=True), gr.update(visible=False)
