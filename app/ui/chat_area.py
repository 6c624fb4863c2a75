"""The middle of the page: the chat, what can be done with its last answer, and the composer."""

from dataclasses import dataclass

import gradio as gr

from app.backends.catalog import BackendChoice
from app.ui.compare_area import Results, RightPane, build_results, build_right_pane
from app.ui.marks import MARK
from app.ui.starters import STARTERS

_DEMONSTRATION = (
    "**This is the small built-in demonstration model.** It shows how the page works and knows little. "
    "Connect Mistral-7B by setting `RAY_SERVE_URL`, or choose an endpoint of SageMaker."
)
_PLACEHOLDER = "<h2>What would you like to know?</h2><p>Ask anything, or begin with one of these.</p>"
_MATHEMATICS: list[dict[str, str | bool]] = [
    {"left": "$$", "right": "$$", "display": True},
    {"left": "\\[", "right": "\\]", "display": True},
    {"left": "\\(", "right": "\\)", "display": False},
    {"left": f"${MARK}", "right": f"{MARK}$", "display": False},  # `$x$`, where `marks.py` found no price
]


@dataclass(frozen=True, slots=True)
class AnswerActions:
    previous: gr.Button
    following: gr.Button
    retry: gr.Button
    proceed: gr.Button
    undo: gr.Button


@dataclass(frozen=True, slots=True)
class ChatArea:
    demonstration: gr.Markdown
    chat: gr.Chatbot
    notice: gr.Markdown
    message: gr.Textbox
    send: gr.Button
    stop: gr.Button
    actions: AnswerActions
    continued: gr.Button
    right: RightPane
    results: Results


def build_chat_area(choices: tuple[BackendChoice, ...]) -> ChatArea:
    with gr.Column(elem_id="main"):
        demonstration = gr.Markdown(_DEMONSTRATION, visible=False, elem_id="demonstration")
        with gr.Row(elem_id="panes"):
            with gr.Column(elem_id="pane-a", min_width=0):
                gr.Markdown("On the left: the model of the sidebar, with its settings", elem_id="header-a")
                chat = _build_chat()
                continued = gr.Button("Continue with this one", size="sm", scale=0, min_width=0, elem_id="continue-a")
            right = build_right_pane(choices, _MATHEMATICS)
        actions = _build_actions()
        results = build_results(choices)
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
    return ChatArea(demonstration, chat, notice, message, send, stop, actions, continued, right, results)


def _build_chat() -> gr.Chatbot:
    return gr.Chatbot(
        elem_id="chat",
        show_label=False,
        label="Conversation",
        layout="bubble",
        height=None,
        buttons=["copy"],
        editable="user",
        latex_delimiters=_MATHEMATICS,
        placeholder=_PLACEHOLDER,
        examples=[{"text": text, "display_text": title} for title, text in STARTERS.items()],
    )


def _build_actions() -> AnswerActions:
    """Hidden by the style sheet while there is nothing to do with an answer; `browser/page.js` says what there is."""
    with gr.Row(elem_id="answer-actions"):
        previous = gr.Button("Earlier answer", size="sm", scale=0, min_width=0, elem_id="version-previous")
        gr.HTML('<span class="counter" role="status"></span>', elem_id="version-counter", padding=False)
        following = gr.Button("Later answer", size="sm", scale=0, min_width=0, elem_id="version-next")
        retry = gr.Button("Retry", size="sm", scale=0, min_width=0, elem_id="retry")
        proceed = gr.Button("Continue", size="sm", scale=0, min_width=0, elem_id="continue")
        undo = gr.Button("Undo", size="sm", scale=0, min_width=0, elem_id="undo")
    gr.HTML('<span role="status"></span>', elem_id="announcer", padding=False)
    return AnswerActions(previous, following, retry, proceed, undo)
