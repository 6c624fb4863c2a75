"""The sidebar: which model answers, what it is told beforehand, and how it samples."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from app.backends.catalog import BackendChoice
from app.generation import GenerationParameters
from app.prompts.template import PromptFormat
from app.ui.conversation_list import ConversationList, build_conversation_list
from app.ui.header import header_html

AUTOMATIC = "automatic"
_PROMPT_FORMATS = [
    ("Automatic, by the model’s name", AUTOMATIC),
    ("Mistral Instruct v0.1, v0.2", PromptFormat.MISTRAL_V1),
    ("Mistral Instruct v0.3", PromptFormat.MISTRAL_V3),
    ("Llama 2 Chat", PromptFormat.LLAMA_2),
    ("None: complete the text (base models)", PromptFormat.NONE),
]


@dataclass(frozen=True, slots=True)
class Sidebar:
    new_chat: gr.Button
    conversations: ConversationList
    backend: gr.Radio
    unusable: gr.Markdown
    endpoint: gr.Dropdown
    refresh: gr.Button
    endpoints: gr.Column
    model_status: gr.Markdown
    refused: gr.Markdown
    compare: gr.Checkbox
    system_prompt: gr.Textbox
    prompt_format: gr.Dropdown
    sampling: tuple[gr.Slider, ...]

    @property
    def model(self) -> list[gr.components.Component]:
        return [self.backend, self.endpoint]

    @property
    def turn_inputs(self) -> list[gr.components.Component]:
        """In the order in which `TurnSettings.from_page` takes their values."""
        return [*self.model, self.system_prompt, self.prompt_format, *self.sampling]

    @property
    def kept(self) -> dict[str, gr.Radio | gr.Textbox | gr.Dropdown | gr.Slider]:
        """What is kept with each conversation, by the name it has there. An endpoint may be gone when it is opened."""
        return {
            "backend": self.backend,
            "systemPrompt": self.system_prompt,
            "promptFormat": self.prompt_format,
            **{str(slider.elem_id): slider for slider in self.sampling},
        }

    @property
    def described(self) -> list[dict[str, Any]]:
        """`kept` for the browser: each name, with what the control can be set to."""
        return [{"name": name, **_limits(component)} for name, component in self.kept.items()]


@dataclass(frozen=True, slots=True)
class TurnSettings:
    backend_label: str
    endpoint_name: str
    system_prompt: str
    prompt_format: PromptFormat | None
    parameters: GenerationParameters

    @classmethod
    def from_page(
        cls, backend_label: str, endpoint_name: str | None, system_prompt: str, prompt_format: str, *sampling: float
    ) -> "TurnSettings":
        """Raises ValueError for values that the page's own controls cannot give."""
        temperature, top_p, top_k, max_tokens, repetition_penalty = sampling
        return cls(
            backend_label=backend_label,
            endpoint_name=endpoint_name or "",
            system_prompt=system_prompt,
            prompt_format=None if prompt_format == AUTOMATIC else PromptFormat(prompt_format),
            parameters=GenerationParameters(
                temperature=temperature,
                top_p=top_p,
                top_k=int(top_k),
                max_tokens=int(max_tokens),
                repetition_penalty=repetition_penalty,
            ),
        )


def _limits(component: gr.components.Component) -> dict[str, Any]:
    if isinstance(component, gr.Slider):
        return {"minimum": component.minimum, "maximum": component.maximum}
    if isinstance(component, (gr.Radio, gr.Dropdown)):
        return {"choices": [value for _, value in component.choices]}
    return {}


def build_sidebar(choices: tuple[BackendChoice, ...], *, has_logout: bool = False) -> Sidebar:
    labels = [choice.label for choice in choices]
    with gr.Sidebar(elem_id="sidebar", width=330):
        gr.HTML(header_html(has_logout=has_logout), elem_id="brand")
        new_chat = gr.Button("New chat", elem_id="new-chat", variant="secondary")
        conversations = build_conversation_list()
        backend = gr.Radio(labels, value=labels[0], label="Model", elem_id="backend")
        unusable = gr.Markdown(visible=False, elem_id="unusable")
        endpoints, endpoint, refresh = _build_endpoints(is_visible=choices[0].endpoints is not None)
        model_status = gr.Markdown("Looking for the model…", elem_id="model-status")
        refused = gr.Markdown(visible=False, elem_id="refused", latex_delimiters=[])
        compare = gr.Checkbox(label="Compare with a second model", elem_id="compare")
        system_prompt = build_system_prompt()
        with gr.Accordion("Sampling", open=False, elem_id="sampling"):
            sampling = build_sampling(GenerationParameters())
            prompt_format = build_prompt_format()
    return Sidebar(
        new_chat,
        conversations,
        backend,
        unusable,
        endpoint,
        refresh,
        endpoints,
        model_status,
        refused,
        compare,
        system_prompt,
        prompt_format,
        sampling,
    )


def _build_endpoints(*, is_visible: bool) -> tuple[gr.Column, gr.Dropdown, gr.Button]:
    """What is there only while the chosen line has several models behind it."""
    with gr.Column(visible=is_visible, elem_id="endpoints") as endpoints:
        endpoint = gr.Dropdown([], value=None, label="Endpoint", interactive=True, elem_id="endpoint")
        refresh = gr.Button("Refresh endpoints", size="sm", variant="secondary", elem_id="refresh-endpoints")
    return endpoints, endpoint, refresh


def build_system_prompt(suffix: str = "") -> gr.Textbox:
    """`suffix` is what the ids end in, here and below."""
    return gr.Textbox(
        label="System prompt",
        placeholder="What the model should know or be before the first message",
        lines=3,
        max_lines=10,
        elem_id=f"system-prompt{suffix}",
    )


def build_prompt_format(suffix: str = "") -> gr.Dropdown:
    return gr.Dropdown(_PROMPT_FORMATS, value=AUTOMATIC, label="Prompt format", elem_id=f"prompt-format{suffix}")


def build_sampling(defaults: GenerationParameters, suffix: str = "") -> tuple[gr.Slider, ...]:
    return (
        gr.Slider(
            0,
            2,
            defaults.temperature,
            step=0.05,
            label="Temperature",
            info="0 always takes the likeliest token",
            elem_id=f"temperature{suffix}",
        ),
        gr.Slider(
            0.05,
            1,
            defaults.top_p,
            step=0.05,
            label="Top-p",
            info="Only tokens that together are this likely",
            elem_id=f"top-p{suffix}",
        ),
        gr.Slider(
            0,
            200,
            defaults.top_k,
            step=1,
            label="Top-k",
            info="Only so many of the likeliest tokens; 0: all",
            elem_id=f"top-k{suffix}",
        ),
        gr.Slider(
            1,
            4096,
            defaults.max_tokens,
            step=1,
            label="Longest answer",
            info="In tokens",
            elem_id=f"max-tokens{suffix}",
        ),
        gr.Slider(
            1,
            2,
            defaults.repetition_penalty,
            step=0.01,
            label="Repetition penalty",
            info="1: none; more makes it avoid what was said",
            elem_id=f"repetition-penalty{suffix}",
        ),
    )
