"""What is asked: requests as the chat makes them, from words. Sends nothing."""

import secrets
from dataclasses import dataclass

from app.conversation import Conversation, Message, Role
from app.generation import GenerationParameters, GenerationRequest, ModelDescription
from app.loadtest.words import write_words
from app.prompts.chat_messages import chat_messages
from app.prompts.template import DEFAULT_PROMPT_FORMAT, PromptFormat, prompt_format_for, render_prompt
from app.prompts.token_count import count_prompt_tokens


@dataclass(slots=True)
class Questions:
    """Counts the texts, so that none is asked twice in a run. Everything else about a request is as on the page."""

    seed: int
    output_tokens: int
    prompt_format: PromptFormat
    number: int = 0

    @classmethod
    def for_model(cls, model: ModelDescription, seed: int, output_tokens: int) -> "Questions":
        return cls(seed, output_tokens, prompt_format_for(model.model_id) or DEFAULT_PROMPT_FORMAT)

    def next_text(self, words: int) -> str:
        self.number += 1
        return write_words(self.seed, self.number, words)

    def begin_chat(self) -> "GrowingChat":
        return GrowingChat(self, secrets.token_hex(8))

    def request(self, messages: tuple[Message, ...], session_id: str) -> GenerationRequest:
        conversation = Conversation("", messages)
        return GenerationRequest(
            render_prompt(conversation, self.prompt_format),
            chat_messages(conversation, self.prompt_format),
            GenerationParameters(max_tokens=self.output_tokens, ignore_eos=True),
            session_id,
        )

    def count_tokens(self, text: str) -> int:
        """Of an answer, by mistral-common, for a server that does not tell."""
        return count_prompt_tokens(text, self.prompt_format) - 1 if text else 0


@dataclass(slots=True)
class GrowingChat:
    """One chat: what was asked and answered so far. A server may keep what it has read of it, as it may on the page."""

    questions: Questions
    session_id: str
    messages: tuple[Message, ...] = ()

    def ask(self, words: int) -> GenerationRequest:
        self.messages += (Message(Role.USER, self.questions.next_text(words)),)
        return self.questions.request(self.messages, self.session_id)

    def hear(self, answer: str) -> None:
        self.messages += (Message(Role.ASSISTANT, answer.lstrip(" ")),)
