"""/infer and /chat, as two published services have them: one question in, the answer alone out.

The question is one user message, so that nothing in it can be a control token; the answer comes without the prompt and
without special tokens. An answer has at most 1024 tokens where `max_tokens` does not say otherwise. `/chat` is plain
text, which has no words for a failure: after the first text a failure cuts the connection, so that no client takes what
it has for the whole answer, and nothing keeps a silent connection alive.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import Field, field_validator, model_validator
from starlette.responses import Response

from model_server.api.prompts import PromptEncoder
from model_server.api.responses import JsonBody, StreamedResponse, WholeResponse
from model_server.api.schema import GenerationBody, Text
from model_server.api.validation import validate
from model_server.engine.chat_template import Message
from model_server.engine.engine import Engine
from model_server.engine.request import Finished, GenerationRequest, TextDelta
from model_server.errors import ServerError

PLAIN_TEXT = "text/plain; charset=utf-8"


class QuestionBody(GenerationBody):
    """What both have in common: OpenAI's optional fields."""

    max_tokens: int | None = Field(default=None, ge=1)


class InferBody(QuestionBody):
    """POST /infer: an object with `sentence`, or a list of one string."""

    sentence: Text = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _accept_list(cls, data: Any) -> Any:
        if not isinstance(data, list):
            return data
        if len(data) != 1 or not isinstance(data[0], str):
            raise ValueError("send a JSON list of one string, or an object with the field sentence")
        return {"sentence": data[0]}

    @field_validator("stream")
    @classmethod
    def _refuse_stream(cls, value: bool) -> bool:
        if value:
            raise ValueError("/infer answers at once; /chat and /v1/chat/completions stream")
        return value


class ChatPromptBody(QuestionBody):
    """POST /chat; `stream` is what a chat is for, and can be turned off."""

    prompt: Text = Field(min_length=1)
    stream: bool = True


class PlainTextStream:
    """The text and nothing else."""

    media_type = PLAIN_TEXT
    keep_alive = b""

    def opening(self) -> bytes:
        return b""

    def encode(self, event: TextDelta | Finished) -> bytes:
        return event.text.encode() if isinstance(event, TextDelta) else b""

    def failure(self, error: ServerError) -> None:
        return None


class CompatibilityRoutes:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._prompts = PromptEncoder(engine)

    def router(self) -> APIRouter:
        router = APIRouter()
        router.add_api_route("/infer", self.infer_query, methods=["GET"], response_model=None)
        router.add_api_route("/infer", self.infer, methods=["POST"], response_model=None)
        router.add_api_route("/chat", self.chat_query, methods=["GET"], response_model=None)
        router.add_api_route("/chat", self.chat, methods=["POST"], response_model=None)
        return router

    async def infer_query(self, sentence: str | None = None) -> Response:
        """Answer `sentence` with a JSON list of one string."""
        return await self.infer(validate(InferBody, {"sentence": sentence}))

    async def infer(self, body: InferBody) -> Response:
        """Answer with a JSON list of one string."""
        request = await self._request(body.sentence, body)
        return WholeResponse(self._engine.stream(request), lambda text, end: JsonBody([text]))

    async def chat_query(self, prompt: str | None = None) -> Response:
        """Answer `prompt` with plain text, streamed."""
        return await self.chat(validate(ChatPromptBody, {"prompt": prompt}))

    async def chat(self, body: ChatPromptBody) -> Response:
        """Answer with plain text, streamed."""
        events = self._engine.stream(await self._request(body.prompt, body))
        if body.stream:
            return StreamedResponse(events, PlainTextStream())
        return WholeResponse(events, lambda text, end: Response(text, media_type=PLAIN_TEXT))

    async def _request(self, question: str, body: QuestionBody) -> GenerationRequest:
        prompt = await self._prompts.encode_messages([Message("user", question)])
        max_tokens = body.max_tokens or self._prompts.default_length(prompt)
        return GenerationRequest(prompt, body.sampling(max_tokens), is_message=True)
