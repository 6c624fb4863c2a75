"""The bodies of requests, in each form."""

import json
from typing import Any

import pytest

from app.generation import ChatMessage, GenerationParameters, GenerationRequest
from app.wire.endpoint_request import RequestForm, endpoint_body

MESSAGES = (ChatMessage("system", "Be brief."), ChatMessage("user", "Grüße 😀"))


def body_of(form: RequestForm, parameters: GenerationParameters, is_streamed: bool = True) -> dict[str, Any]:
    request = GenerationRequest("[INST] Grüße 😀 [/INST]", MESSAGES, parameters, "session")
    body = endpoint_body(request, form, is_streamed=is_streamed)
    assert body.isascii()
    record = json.loads(body)
    assert isinstance(record, dict)
    return record


def test_inputs_carry_all_settings() -> None:
    assert body_of(RequestForm.INPUTS, GenerationParameters(seed=7, stop=("###",))) == {
        "inputs": "[INST] Grüße 😀 [/INST]",
        "parameters": {
            "max_new_tokens": 512,
            "do_sample": True,
            "temperature": 0.9,
            "top_p": 0.6,
            "top_k": 50,
            "repetition_penalty": 1.03,
            "return_full_text": False,
            "details": True,
            "seed": 7,
            "stop": ["###"],
            "stop_sequences": ["###"],
        },
        "stream": True,
    }


OPENAI = {
    "max_tokens": 512,
    "temperature": 0.9,
    "top_p": 0.6,
    "top_k": 50,
    "repetition_penalty": 1.03,
    "seed": 7,
    "stop": ["###"],
    "stream": True,
    "stream_options": {"include_usage": True},
}


def test_messages_that_end_with_an_answer_ask_for_more_of_it() -> None:
    messages = (*MESSAGES, ChatMessage("assistant", "Guten"))
    request = GenerationRequest("", messages, GenerationParameters(), "session")
    body = json.loads(endpoint_body(request, RequestForm.MESSAGES))
    assert body["messages"][-1] == {"role": "assistant", "content": "Guten"}
    assert (body["add_generation_prompt"], body["continue_final_message"]) == (False, True)
    assert "continue_final_message" not in json.loads(endpoint_body(request, RequestForm.PROMPT))


def test_messages_carry_all_settings_and_no_model() -> None:
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Grüße 😀"}]
    body = body_of(RequestForm.MESSAGES, GenerationParameters(seed=7, stop=("###",)))
    assert body == {"messages": messages, **OPENAI}


def test_a_prompt_carries_all_settings_and_no_model() -> None:
    body = body_of(RequestForm.PROMPT, GenerationParameters(seed=7, stop=("###",)))
    assert body == {"prompt": "[INST] Grüße 😀 [/INST]", **OPENAI}


def test_who_insists_on_a_model_gets_one() -> None:
    request = GenerationRequest("hi", MESSAGES, GenerationParameters(), "session")
    assert json.loads(endpoint_body(request, RequestForm.MESSAGES, model_id="tgi"))["model"] == "tgi"


def test_greedy_inputs_are_not_sampled_and_have_no_settings_for_sampling() -> None:
    parameters = body_of(RequestForm.INPUTS, GenerationParameters(temperature=0))["parameters"]
    assert parameters["do_sample"] is False
    assert parameters.keys().isdisjoint({"temperature", "top_p", "top_k"})


@pytest.mark.parametrize("form", [RequestForm.MESSAGES, RequestForm.PROMPT])
def test_greedy_answers_of_openai_have_a_temperature_of_zero(form: RequestForm) -> None:
    body = body_of(form, GenerationParameters(temperature=0))
    assert body["temperature"] == 0
    assert body.keys().isdisjoint({"top_p", "top_k"})


@pytest.mark.parametrize("form", RequestForm)
def test_settings_that_were_not_made_and_values_that_are_refused_are_not_sent(form: RequestForm) -> None:
    body = body_of(form, GenerationParameters(top_p=1, top_k=0))
    given = body | body.get("parameters", {})
    assert given.keys().isdisjoint({"top_p", "top_k", "seed", "stop", "stop_sequences"})


@pytest.mark.parametrize("form", RequestForm)
def test_what_is_not_streamed_does_not_ask_for_it(form: RequestForm) -> None:
    body = body_of(form, GenerationParameters(), is_streamed=False)
    assert body["stream"] is False
    assert "stream_options" not in body


@pytest.mark.parametrize("form", RequestForm)
def test_only_vllms_forms_can_be_asked_to_go_on_after_the_end(form: RequestForm) -> None:
    body = body_of(form, GenerationParameters(ignore_eos=True))
    assert ("ignore_eos" in json.dumps(body)) is (form is not RequestForm.INPUTS)
    assert "ignore_eos" not in json.dumps(body_of(form, GenerationParameters()))
