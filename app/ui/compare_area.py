"""What is on the page only while two models are compared: the right pane, and the results under both."""

from dataclasses import dataclass
from functools import partial

import gradio as gr

from app.backends.catalog import BackendChoice
from app.generation import GenerationParameters
from app.ui.cost import DOLLARS_PER_HOUR, usual_instance
from app.ui.sidebar import build_prompt_format, build_sampling, build_system_prompt

_RIGHT = "-b"  # behind the ids of what the sidebar has for the left pane
_PLACEHOLDER = "<p>What you ask goes to both models.</p>"
_Button = partial(gr.Button, size="sm", scale=0, min_width=0)


@dataclass(frozen=True, slots=True)
class RightPane:
    """`asked` changes when the right pane is to answer, too."""

    asked: gr.Number
    column: gr.Column
    backend: gr.Dropdown
    endpoint: gr.Dropdown
    system_prompt: gr.Textbox
    prompt_format: gr.Dropdown
    sampling: tuple[gr.Slider, ...]
    chat: gr.Chatbot
    continued: gr.Button

    @property
    def turn_inputs(self) -> list[gr.components.Component]:
        """As `Sidebar.turn_inputs`."""
        return [self.backend, self.endpoint, self.system_prompt, self.prompt_format, *self.sampling]

    @property
    def kept(self) -> list[gr.Dropdown | gr.Textbox | gr.Slider]:
        """As `Sidebar.kept`, in its order."""
        return [self.backend, self.system_prompt, self.prompt_format, *self.sampling]


@dataclass(frozen=True, slots=True)
class Results:
    """`instances` and `prices` are the left pane's and the right one's; `votes` by what is voted for."""

    column: gr.Column
    figures: gr.HTML
    votes: dict[str, gr.Button]
    instances: tuple[gr.Dropdown, gr.Dropdown]
    prices: tuple[gr.Number, gr.Number]


def build_right_pane(choices: tuple[BackendChoice, ...], mathematics: list[dict[str, str | bool]]) -> RightPane:
    labels = [choice.label for choice in choices]
    asked = gr.Number(0, visible="hidden", elem_id="asked-b", label="Asked on the right")
    with gr.Column(visible=False, elem_id="pane-b", min_width=0) as column:
        with gr.Row(elem_id="header-b"):
            backend = gr.Dropdown(labels, value=labels[0], label="Model on the right", elem_id="backend-b")
            endpoint = gr.Dropdown(
                [], label="Endpoint on the right", interactive=True, visible=False, elem_id="endpoint-b"
            )
        with gr.Accordion("Settings on the right", open=False, elem_id="settings-b"):
            system_prompt = build_system_prompt(_RIGHT)
            sampling = build_sampling(GenerationParameters(), _RIGHT)
            prompt_format = build_prompt_format(_RIGHT)
        chat = gr.Chatbot(
            elem_id="chat-b",
            show_label=False,
            label="Conversation on the right",
            layout="bubble",
            height=None,
            buttons=["copy"],
            latex_delimiters=mathematics,
            placeholder=_PLACEHOLDER,
        )
        continued = _Button("Continue with this one", elem_id="continue-b")
    return RightPane(asked, column, backend, endpoint, system_prompt, prompt_format, sampling, chat, continued)


def build_results(choices: tuple[BackendChoice, ...]) -> Results:
    with gr.Column(visible=False, elem_id="results") as column:
        figures = gr.HTML(elem_id="figures", padding=False)
        with gr.Row(elem_id="votes"):
            votes = {
                "left": _Button("Left is better", elem_id="vote-left"),
                "equal": _Button("Equal", elem_id="vote-equal"),
                "right": _Button("Right is better", elem_id="vote-right"),
            }
            gr.HTML('<span class="tally" role="status"></span>', elem_id="tally", padding=False)
        with gr.Accordion("Prices", open=False, elem_id="prices"):
            left, right = _build_price("left", choices), _build_price("right", choices)
    return Results(column, figures, votes, (left[0], right[0]), (left[1], right[1]))


def _build_price(side: str, choices: tuple[BackendChoice, ...]) -> tuple[gr.Dropdown, gr.Number]:
    usual = usual_instance(choices[0])
    with gr.Row():
        instance = gr.Dropdown(
            list(DOLLARS_PER_HOUR), value=usual, label=f"Instance, {side}", elem_id=f"instance-{side}"
        )
        price = gr.Number(
            DOLLARS_PER_HOUR[usual],
            minimum=0,
            label=f"Dollars an hour, {side}",
            info="About; check AWS. 0: no cost is shown",
            elem_id=f"price-{side}",
        )
    return instance, price
