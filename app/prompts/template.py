"""The prompt formats, and which of them a model was trained on.

One Jinja2 file for each format in `templates/`. They are exact: `tests/app/prompts/` compares them token for token with
mistral-common, and with Meta's published code. Content is neutralised before a template sees it.
"""

import re
from enum import StrEnum
from pathlib import Path

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from app.conversation import Conversation
from app.prompts.neutralise import neutralise

BOS = "<s>"

# Prompts are not HTML: escaping would change what the model reads.
_ENVIRONMENT = ImmutableSandboxedEnvironment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), undefined=StrictUndefined, autoescape=False
)


class PromptFormat(StrEnum):
    MISTRAL_V1 = "mistral-v1"
    MISTRAL_V3 = "mistral-v3"
    LLAMA_2 = "llama-2"
    NONE = "none"


# Where a model's name does not tell: that of Mistral-7B-Instruct-v0.2, which this product is made for.
DEFAULT_PROMPT_FORMAT = PromptFormat.MISTRAL_V1

# The base models by their own names, perhaps quantised; what else is made of them may have learnt any format.
_BASE_MODEL = re.compile(
    r"mistral-7b-v0\.\d(-hf|-awq|-gptq|-bnb-4bit)?"
    r"|(huggingface-llm-)?mistral-[a-z0-9.]+-base(-v0\.\d|-\d{4})?"
    r"|huggingface-llm-mistral-7b"  # JumpStart
)


def prompt_format_for(model_id: str) -> PromptFormat | None:
    """The format that a model of this name was trained on; None where the name does not tell."""
    name = model_id.lower()
    if "llama-2" in name and "chat" in name:
        return PromptFormat.LLAMA_2
    if _BASE_MODEL.fullmatch(name.rstrip("/").rpartition("/")[2]):
        return PromptFormat.NONE
    if "mistral" not in name or "instruct" not in name:
        return None
    return PromptFormat.MISTRAL_V3 if "v0.3" in name else PromptFormat.MISTRAL_V1


def render_prompt(conversation: Conversation, prompt_format: PromptFormat, answer_so_far: str = "") -> str:
    """The text that a model completes with its answer, without the first BOS, which every server adds itself.

    With `answer_so_far`, the text that it completes with the rest of it: byte for byte, spaces at its end too, because
    the model has written these.
    """
    template = _ENVIRONMENT.get_template(f"{prompt_format}.jinja")
    rendered = template.render(
        system=neutralise(conversation.system),
        messages=[{"role": message.role, "content": neutralise(message.content)} for message in conversation.messages],
    )
    begun = f"{' ' if is_chat_format(prompt_format) else ''}{neutralise(answer_so_far)}" if answer_so_far else ""
    return rendered.removeprefix(BOS) + begun


def is_chat_format(prompt_format: PromptFormat) -> bool:
    """Whether answers start after a space that belongs to the format and not to the answer."""
    return prompt_format is not PromptFormat.NONE
