"""The body of a request to an endpoint, in each of the three forms in which containers take it.

Every container sets in its own way what it is not told, so what matters is always told; what would be refused (a
`temperature` of 0, a `top_p` of 1) is left out. No container refuses fields that it does not know.
"""

import json
from enum import StrEnum
from typing import Any

from app.generation import GenerationParameters, GenerationRequest


class RequestForm(StrEnum):
    """Which field of the body holds the conversation. No container takes all of them."""

    INPUTS = "inputs"  # TGI's own form, and LMI's: the rendered prompt and `parameters`
    MESSAGES = "messages"  # OpenAI's chat: the container renders the prompt
    PROMPT = "prompt"  # OpenAI's completion: the rendered prompt


def endpoint_body(
    request: GenerationRequest, form: RequestForm, *, is_streamed: bool = True, model_id: str | None = None
) -> bytes:
    """JSON in ASCII. The container adds the BOS token.

    `model_id` is only for who insists on one (`container_error.is_model_missing`): vLLM refuses any but its own.
    """
    body: dict[str, Any]
    if form is RequestForm.INPUTS:
        parameters = _generation_parameters(request.parameters)
        body = {"inputs": request.prompt, "parameters": parameters, "stream": is_streamed}
    elif form is RequestForm.MESSAGES:
        messages = [{"role": message.role, "content": message.content} for message in request.messages]
        body = {"messages": messages, **_openai_parameters(request.parameters, is_streamed)}
        if messages[-1]["role"] == "assistant":  # vLLM's own fields; TGI goes on from such a message by itself
            body |= {"add_generation_prompt": False, "continue_final_message": True}
    else:
        body = {"prompt": request.prompt, **_openai_parameters(request.parameters, is_streamed)}
    if model_id is not None:
        body["model"] = model_id
    return json.dumps(body).encode("ascii")


def _generation_parameters(parameters: GenerationParameters) -> dict[str, Any]:
    """`parameters` of TGI and LMI. Some read `stop`, some `stop_sequences`."""
    is_sampled = parameters.temperature > 0
    given: dict[str, Any] = {
        "max_new_tokens": parameters.max_tokens,
        "do_sample": is_sampled,
        "repetition_penalty": parameters.repetition_penalty,
        "return_full_text": False,
        "details": True,
        **_common_parameters(parameters),
    }
    if is_sampled:
        given["temperature"] = parameters.temperature
    if parameters.stop:
        given["stop"] = given["stop_sequences"] = list(parameters.stop)
    return given


def _openai_parameters(parameters: GenerationParameters, is_streamed: bool) -> dict[str, Any]:
    """`top_k`, `repetition_penalty` and `ignore_eos` are not OpenAI's: vLLM knows them, TGI and LMI pass over them."""
    given: dict[str, Any] = {
        "max_tokens": parameters.max_tokens,
        "temperature": parameters.temperature,
        "repetition_penalty": parameters.repetition_penalty,
        **_common_parameters(parameters),
        "stream": is_streamed,
    }
    if parameters.stop:
        given["stop"] = list(parameters.stop)
    if parameters.ignore_eos:
        given["ignore_eos"] = True
    if is_streamed:
        given["stream_options"] = {"include_usage": True}
    return given


def _common_parameters(parameters: GenerationParameters) -> dict[str, Any]:
    given: dict[str, Any] = {}
    if parameters.temperature > 0 and parameters.top_p < 1:
        given["top_p"] = parameters.top_p
    if parameters.temperature > 0 and parameters.top_k > 0:
        given["top_k"] = parameters.top_k
    if parameters.seed is not None:
        given["seed"] = parameters.seed
    return given
