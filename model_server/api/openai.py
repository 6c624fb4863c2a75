"""The routes of OpenAI's API: body → tokens → engine → answer. No format and no computation of its own."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable

from fastapi import APIRouter
from starlette.responses import Response

from model_server.api.answers import (
    AnswerForm,
    AnswerHead,
    ChatForm,
    CompletionForm,
    model_list,
    model_object,
    token_count,
)
from model_server.api.prompts import PromptEncoder
from model_server.api.responses import JsonBody, StreamedResponse, WholeResponse
from model_server.api.schema import ChatBody, CompletionBody, GenerationBody, TokenizeBody
from model_server.api.sse import OpenAIStream
from model_server.engine.engine import Engine
from model_server.engine.request import GenerationRequest
from model_server.errors import ModelNotFound


class OpenAIRoutes:
    """The routes for one engine and the name under which its model is served."""

    def __init__(self, engine: Engine, model_id: str) -> None:
        self._engine = engine
        self._model_id = model_id
        self._created = int(time.time())
        self._prompts = PromptEncoder(engine)

    def router(self) -> APIRouter:
        router = APIRouter()
        router.add_api_route("/v1/completions", self.complete, methods=["POST"], response_model=None)
        router.add_api_route("/v1/chat/completions", self.chat, methods=["POST"], response_model=None)
        router.add_api_route("/v1/models", self.models, methods=["GET"], response_model=None)
        # ":path", because names of models have slashes
        router.add_api_route("/v1/models/{model_id:path}", self.model, methods=["GET"], response_model=None)
        router.add_api_route("/tokenize", self.tokenize, methods=["POST"], response_model=None)
        return router

    async def complete(self, body: CompletionBody) -> Response:
        """Go on with a prompt, in which control strings are control tokens."""
        self._check_model(body.model)
        prompt = await self._prompts.encode_prompt(body.prompt)
        request = GenerationRequest(prompt, body.sampling(body.max_tokens))
        return self._answer(request, body, CompletionForm)

    async def chat(self, body: ChatBody) -> Response:
        """Answer a conversation, by the checkpoint's own chat template."""
        self._check_model(body.model)
        prompt = await self._prompts.encode_messages([message.message() for message in body.messages])
        max_tokens = body.max_completion_tokens or body.max_tokens or self._prompts.room_after(prompt)
        request = GenerationRequest(prompt, body.sampling(max_tokens), is_message=True)
        return self._answer(request, body, ChatForm)

    async def models(self) -> Response:
        """List the one model, with its window."""
        return JsonBody(model_list(self._model_id, self._created, self._engine.tokenizer.maximum_length))

    async def model(self, model_id: str) -> Response:
        """Describe the one model by its name."""
        self._check_model(model_id)
        return JsonBody(model_object(self._model_id, self._created, self._engine.tokenizer.maximum_length))

    async def tokenize(self, body: TokenizeBody) -> Response:
        """Count the tokens of a prompt or of a conversation."""
        if body.messages is not None:
            tokens = await self._prompts.encode_messages([message.message() for message in body.messages])
        else:
            tokens = await self._prompts.encode_prompt(body.prompt or "", body.add_special_tokens)
        return JsonBody(token_count(tokens, self._engine.tokenizer.maximum_length))

    def _answer(
        self, request: GenerationRequest, body: GenerationBody, form: Callable[[AnswerHead], AnswerForm]
    ) -> Response:
        includes_usage = body.stream and body.stream_options.include_usage
        head = AnswerHead(uuid.uuid4().hex, int(time.time()), self._model_id, includes_usage)
        answer, events = form(head), self._engine.stream(request)
        if body.stream:
            return StreamedResponse(events, OpenAIStream(answer))
        return WholeResponse(events, lambda text, end: JsonBody(answer.whole(text, end.reason, end.usage)))

    def _check_model(self, model_id: str | None) -> None:
        if model_id not in (None, self._model_id):
            raise ModelNotFound()
