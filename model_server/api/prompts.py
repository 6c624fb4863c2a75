"""Texts and conversations to tokens, beside the event loop, and how much room they leave for an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from model_server.engine.chat_template import Message
from model_server.engine.engine import Engine
from model_server.errors import ContextLengthExceeded

DEFAULT_ANSWER_TOKENS = 1024  # what the newest TGI takes; a whole window of 32k would keep a slot for many minutes


class PromptEncoder:
    """Encoding a long prompt takes milliseconds, in which other streams must go on: hence the threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def encode_prompt(self, prompt: str, add_begin_token: bool = True) -> tuple[int, ...]:
        """Return the tokens of a prompt, in which control strings are control tokens."""
        return await asyncio.to_thread(self._engine.tokenizer.encode_prompt, prompt, add_begin_token)

    async def encode_messages(self, messages: Sequence[Message]) -> tuple[int, ...]:
        """Return the tokens of a conversation, in whose content nothing is a control token."""
        return await asyncio.to_thread(self._engine.tokenizer.encode_chat, messages)

    def room_after(self, prompt: tuple[int, ...]) -> int:
        """Return how many tokens the window has left; raise ContextLengthExceeded where there are none."""
        room = self._engine.tokenizer.maximum_length - len(prompt)
        if room < 1:
            raise ContextLengthExceeded(self._engine.tokenizer.maximum_length)
        return room

    def default_length(self, prompt: tuple[int, ...]) -> int:
        """Return how long an answer may become where a client of the compatible routes does not say."""
        return min(self.room_after(prompt), DEFAULT_ANSWER_TOKENS)
