"""SageMaker's contract with a container: POST /invocations and GET /ping.

The body says which form it has: `inputs` is TGI's own, `messages` a chat and `prompt` a completion of OpenAI, in this
order. `model` is not looked at, as the endpoint is the model. Early failures keep their status also in a stream, where
TGI answers 200 and an error event. SageMaker's own headers, such as custom attributes, are ignored.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body
from starlette.responses import Response

from model_server.api.openai import OpenAIRoutes
from model_server.api.prompts import PromptEncoder
from model_server.api.responses import JsonBody, StreamedResponse, WholeResponse
from model_server.api.schema import ChatBody, CompletionBody
from model_server.api.tgi_answers import TgiStream, tgi_error_response, tgi_whole
from model_server.api.tgi_schema import TgiBody
from model_server.api.validation import validate
from model_server.engine.engine import Engine
from model_server.engine.request import GenerationRequest
from model_server.errors import InvalidRequest, ServerError


class InvocationRoutes:
    """`openai` answers what has OpenAI's form."""

    def __init__(self, engine: Engine, openai: OpenAIRoutes) -> None:
        self._engine = engine
        self._openai = openai
        self._prompts = PromptEncoder(engine)

    def router(self) -> APIRouter:
        router = APIRouter()
        router.add_api_route("/invocations", self.invoke, methods=["POST"], response_model=None)
        router.add_api_route("/ping", self.ping, methods=["GET"], response_model=None)
        return router

    async def ping(self) -> Response:
        """Say whether the model answers; SageMaker sends nothing until then, and gives up where it takes too long."""
        self._engine.require_ready()
        return JsonBody({"status": "ready"})

    async def invoke(self, body: Annotated[dict[str, Any], Body()]) -> Response:
        """Answer in the form in which the body asks."""
        given = {name: value for name, value in body.items() if value is not None and name != "model"}
        if "inputs" in given:
            return await self._invoke_tgi(given)
        if "messages" in given:
            return await self._openai.chat(validate(ChatBody, given))
        if "prompt" in given:
            return await self._openai.complete(validate(CompletionBody, given))
        raise InvalidRequest("Send inputs, messages or prompt.")

    async def _invoke_tgi(self, given: dict[str, Any]) -> Response:
        try:
            body = validate(TgiBody, given)
            prompt = await self._encode(body)
            max_tokens = body.parameters.max_new_tokens or self._prompts.default_length(prompt)
            request = GenerationRequest(prompt, body.parameters.sampling(max_tokens))
        except ServerError as error:
            return tgi_error_response(error)
        events = self._engine.stream(request)
        if body.stream:
            return StreamedResponse(events, TgiStream(body), tgi_error_response)
        return WholeResponse(events, lambda text, end: JsonBody(tgi_whole(body, text, end)), tgi_error_response)

    async def _encode(self, body: TgiBody) -> tuple[int, ...]:
        """Return the prompt with exactly one begin token, also where `truncate` keeps only its last tokens."""
        prompt = await self._prompts.encode_prompt(body.inputs)
        limit = body.parameters.truncate
        if limit is None or len(prompt) <= limit:
            return prompt
        begin = await self._prompts.encode_prompt("")
        return (*begin, *prompt[len(begin) - limit :])
