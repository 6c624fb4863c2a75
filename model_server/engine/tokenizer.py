"""Prompts to token ids, exactly one begin token in front.

A prompt string may spell control tokens (that is how a rendered conversation has turns); a chat message never can.
Text is split at control strings by us and each run between them is encoded alone, by a tokenizer that has no control
strings at all. In sentencepiece models a run begins with a space of its own, so the one space that separates it from a
control token before it is left out, as mistral-common does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from tokenizers import Tokenizer as Encoder

from model_server.engine.chat_template import ChatTemplate, Message, remove_marks
from model_server.engine.pieces import SENTENCEPIECE_SPACE, piece_table
from model_server.engine.tokenizer_files import TokenizerFiles
from model_server.errors import ConfigurationError, ContextLengthExceeded, InvalidRequest


class Tokenizer:
    """Thread-safe: it changes nothing after it was made."""

    def __init__(self, files: TokenizerFiles, maximum_length: int) -> None:
        self.maximum_length = maximum_length
        self._control_token_ids = files.control_token_ids
        self._begin_token = files.begin_token
        self._control = _any_of(list(self._control_token_ids))
        self._encoder = Encoder.from_str(json.dumps({**files.tokenizer, "added_tokens": [], "post_processor": None}))
        self._encoder.no_padding()
        self._encoder.no_truncation()
        self._template = _compile_template(files)
        self.pieces = piece_table(files.tokenizer)
        self._longest_piece_bytes = max(len(piece) for piece in self.pieces)
        self._begins_with_space = (self._encoder.encode("a").tokens or [""])[0].startswith(SENTENCEPIECE_SPACE)
        self._check_separation()

    def encode_prompt(self, prompt: str, add_begin_token: bool = True) -> tuple[int, ...]:
        """Return the tokens of a prompt, control strings as control tokens.

        Raises ContextLengthExceeded, before it tokenises, for a prompt that cannot fit the window.
        """
        self._refuse_too_long(len(prompt.encode()))
        return self._join(self._control.split(prompt), add_begin_token)

    def encode_chat(self, messages: Sequence[Message]) -> tuple[int, ...]:
        """Return the tokens of a conversation, ready for an answer; content becomes text only."""
        if self._template is None:
            raise InvalidRequest("This model has no chat template. Use /v1/completions.", "messages")
        self._refuse_too_long(sum(len(message.content.encode()) for message in messages))
        parts = self._control.split(self._template.render(messages))
        return self._join([part if index % 2 else remove_marks(part) for index, part in enumerate(parts)], True)

    def _join(self, parts: Sequence[str], add_begin_token: bool) -> tuple[int, ...]:
        """Return the tokens of texts and control strings, which alternate: the odd ones are control strings."""
        tokens: list[int] = []
        for index, part in enumerate(parts):
            if index % 2:
                tokens.append(self._control_token_ids[part])
            else:
                tokens.extend(self._encode_run(part, is_after_control=index > 0 or add_begin_token))
        return self._with_one_begin_token(tokens) if add_begin_token else tuple(tokens)

    def _encode_run(self, run: str, is_after_control: bool) -> list[int]:
        if is_after_control and self._begins_with_space:
            run = run.removeprefix(" ")
        return list(self._encoder.encode(run, add_special_tokens=False).ids) if run else []

    def _with_one_begin_token(self, tokens: list[int]) -> tuple[int, ...]:
        if self._begin_token is None:
            return tuple(tokens)
        begin = self._control_token_ids[self._begin_token]
        first_other = next((index for index, token in enumerate(tokens) if token != begin), len(tokens))
        return (begin, *tokens[first_other:])

    def _refuse_too_long(self, text_bytes: int) -> None:
        """A token holds at most so many bytes: what would be too long even then is not worth tokenising."""
        if text_bytes > self._longest_piece_bytes * self.maximum_length:
            raise ContextLengthExceeded(self.maximum_length)

    def _check_separation(self) -> None:
        """Refuse a tokenizer that would make a control token of plain text."""
        if self._begin_token is not None and self._begin_token not in self._control_token_ids:
            raise ConfigurationError(f"The begin token {self._begin_token!r} is not a control token of tokenizer.json.")
        control = set(self._control_token_ids.values())
        for text in self._control_token_ids:
            if control.intersection(self._encoder.encode(text).ids):
                raise ConfigurationError(f"tokenizer.json cannot keep the text {text!r} apart from the control token.")


def _compile_template(files: TokenizerFiles) -> ChatTemplate | None:
    if files.chat_template is None:
        return None
    variables = {"bos_token": files.begin_token or "", "eos_token": files.end_token or ""}
    return ChatTemplate(files.chat_template, variables, list(files.control_token_ids))


def _any_of(strings: list[str]) -> re.Pattern[str]:
    """Return a pattern that splits at each of the strings and keeps it; the longest first."""
    ordered = sorted(strings, key=len, reverse=True)
    return re.compile("(" + "|".join(map(re.escape, ordered)) + ")") if ordered else re.compile("((?!))")
