"""Chat messages to one prompt string, by the checkpoint's own template, such that content stays content.

A mark is put into every message wherever a control string could begin, so that no control string in the rendered text
comes from a message, whole or in part; the tokenizer splits at control strings and then calls `remove_marks` on the
text between. The escape is reversible: content that holds the mark's own character survives.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

from model_server.errors import ConfigurationError, InvalidRequest

ESCAPE = "\U0010fffd"  # the last private-use character
LITERAL_ESCAPE = ESCAPE + "0"
MARK = ESCAPE + "1"
ESCAPED = re.compile(ESCAPE + "[01]")


@dataclass(frozen=True, slots=True)
class Message:
    """One chat message; `role` is system, user or assistant."""

    role: str
    content: str


class ChatTemplate:
    """A compiled template, sandboxed: it comes with a checkpoint, which is data from elsewhere."""

    def __init__(self, source: str, variables: Mapping[str, str | None], control_strings: Sequence[str]) -> None:
        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined, extensions=[loopcontrols]
        )
        environment.globals["raise_exception"] = _raise_exception
        environment.globals["strftime_now"] = _format_now
        try:
            self._template = environment.from_string(source)
        except TemplateSyntaxError as error:
            raise ConfigurationError(f"The checkpoint's chat template is damaged: {error}.") from error
        self._variables = {"tools": None, "documents": None, "add_generation_prompt": True, **variables}
        first_characters = {text[0] for text in control_strings if text}
        self._beginnings = re.compile(f"[{re.escape(''.join(sorted(first_characters)))}]") if first_characters else None

    def render(self, messages: Sequence[Message]) -> str:
        """Return the prompt with marked content; raise InvalidRequest where the template refuses the messages."""
        marked = [{"role": message.role, "content": self._mark(message.content)} for message in messages]
        try:
            return self._template.render(messages=marked, **self._variables)
        except (TemplateError, TypeError, ValueError) as error:
            raise InvalidRequest(
                "The messages do not fit the model's chat template. Use an optional system message first, then user "
                "and assistant messages in turn, beginning and ending with a user message.",
                "messages",
            ) from error

    def _mark(self, content: str) -> str:
        escaped = content.replace(ESCAPE, LITERAL_ESCAPE)
        if self._beginnings is not None:
            escaped = self._beginnings.sub(lambda match: match.group() + MARK, escaped)
        # a control string that the template began must not go on in the content either
        indent = len(escaped) - len(escaped.lstrip())
        return escaped if indent == len(escaped) else escaped[:indent] + MARK + escaped[indent:]


def remove_marks(text: str) -> str:
    """Return rendered text as its author wrote it."""
    return ESCAPED.sub(lambda match: ESCAPE if match.group() == LITERAL_ESCAPE else "", text)


def _raise_exception(reason: str) -> None:
    raise TemplateError(reason)


def _format_now(pattern: str) -> str:
    return datetime.now().astimezone().strftime(pattern)
