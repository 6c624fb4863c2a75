"""The SageMaker backend where nothing fails: what it asks, in which form, and what comes of it."""

import asyncio
import json

import pytest

from app.backends.sagemaker.backend import _Attempt
from app.backends.sagemaker.details import SERVING_STATUSES
from app.endpoint_errors import (
    ContainerFailed,
    EndpointNotInService,
    EndpointStarting,
    RequestFormDoubted,
    RequestFormRefused,
    StreamingRefused,
)
from app.errors import BackendError, PromptTooLong
from app.generation import (
    ChatMessage,
    FinishReason,
    GenerationParameters,
    GenerationRequest,
    ModelDescription,
)
from app.wire.endpoint_request import RequestForm
from tests.app.backends.sagemaker.local_backend import PATIENCE_SECONDS, REQUEST, all_of, end_of, locally, text_of
from tests.model_server.sagemaker.local.scripted_model import TEXT, ScriptedModel

CONCURRENT_STREAMS = 40


async def test_a_stream_gives_its_text_and_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    async with locally(monkeypatch) as local:
        events = await all_of(local.backend("chat"))
    assert text_of(events) == TEXT
    assert end_of(events).reason is FinishReason.STOP


async def test_a_description_names_the_model_and_its_window(monkeypatch: pytest.MonkeyPatch) -> None:
    async with locally(monkeypatch) as local:
        for status in SERVING_STATUSES:
            description = await local.backend("chat", status=status).describe()
            assert description == ModelDescription("mistral", 4096, 3000, served_as="chat")
            assert description.display_name == "mistral"
        assert await local.backend("chat").count_tokens("hi") is None
        assert not local.server.log.requests


async def test_a_model_that_nothing_tells_has_the_endpoints_name_for_the_page_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with locally(monkeypatch) as local:
        description = await local.backend("mistral-7b-instruct-v0.3", model_id="").describe()
        component = await local.backend("group", "mistral-part", model_id="").describe()
    assert (description.model_id, description.display_name) == ("", "mistral-7b-instruct-v0.3")
    assert (component.model_id, component.display_name) == ("", "mistral-part")


async def test_a_description_says_where_the_container_renders_the_prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    async with locally(monkeypatch) as local:
        descriptions = [await local.backend("chat", form=form).describe() for form in RequestForm]
        assert [description.renders_prompt for description in descriptions] == [False, True, False]


async def test_an_endpoint_that_does_not_serve_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async with locally(monkeypatch) as local:
        with pytest.raises(EndpointStarting):
            await local.backend("chat", status="Creating").describe()
        with pytest.raises(EndpointNotInService) as refused:
            await local.backend("chat", status="Failed").describe()
        assert "its status is Failed" in refused.value.user_message
        with pytest.raises(EndpointNotInService) as refused:
            await local.backend("chat", status="<b>new</b>").describe()
        assert "new" not in refused.value.user_message


async def test_nothing_is_sent_before_the_first_event_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async with locally(monkeypatch) as local:
        await local.backend("chat").stream(REQUEST).aclose()
        assert not local.server.log.requests


async def test_the_licence_is_accepted_only_where_that_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    async with locally(monkeypatch) as local:
        for accepts_eula in (False, True):
            await all_of(local.backend("chat", accepts_eula=accepts_eula))
        headers = [request.headers for request in local.server.log.requests]
    name = "x-amzn-sagemaker-custom-attributes"
    assert [each.get(name) for each in headers] == [None, "accept_eula=true"]


async def test_an_inference_component_is_named_and_an_endpoint_without_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    async with locally(monkeypatch) as local:
        assert text_of(await all_of(local.backend("components", "awake"))) == TEXT
        await all_of(local.backend("chat"))
        headers = [request.headers for request in local.server.log.requests]
    name = "x-amzn-sagemaker-inference-component"
    assert [each.get(name) for each in headers] == ["awake", None]


async def test_an_endpoint_that_cannot_stream_answers_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    async with locally(monkeypatch) as local:
        events = await all_of(local.backend("serverless", can_stream=False))
        assert [request.path for request in local.server.log.requests] == ["/endpoints/serverless/invocations"]
    assert text_of(events) == TEXT
    end_of(events)


async def test_an_endpoint_that_turns_out_not_to_stream_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with locally(monkeypatch) as local:
        assert text_of(await all_of(local.backend("serverless"))) == TEXT
        assert len(local.server.log.requests) == 2


async def test_the_form_that_a_container_takes_is_found_and_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    async with locally(monkeypatch) as local:
        await all_of(local.backend("chat", form=None))
        assert local.remembered == [RequestForm.INPUTS]
        await all_of(local.backend("chat"))
        assert local.remembered == [RequestForm.INPUTS]
        assert len(local.server.log.requests) == 2


async def test_a_known_form_that_is_refused_is_left_for_this_answer_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    async with locally(monkeypatch) as local:
        assert text_of(await all_of(local.backend("chat", form=RequestForm.MESSAGES))) == TEXT
        bodies = [json.loads(request.body) for request in local.server.log.requests]
        assert ["messages" in body for body in bodies] == [True, False]
        assert local.remembered == []


async def test_a_body_beyond_what_sagemaker_takes_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    request = GenerationRequest("x" * 7_000_000, (ChatMessage("user", "x"),), GenerationParameters(), "session-1")
    async with locally(monkeypatch) as local:
        with pytest.raises(PromptTooLong):
            await all_of(local.backend("chat"), request)
        assert not local.server.log.requests


async def test_forty_streams_at_once_share_one_client(monkeypatch: pytest.MonkeyPatch) -> None:
    model = ScriptedModel(pause_after=2)
    async with locally(monkeypatch, model) as local, asyncio.timeout(PATIENCE_SECONDS):
        streams = [local.backend("chat").stream(REQUEST) for _ in range(CONCURRENT_STREAMS)]
        await asyncio.gather(*(anext(stream) for stream in streams))
        assert model.running_count == CONCURRENT_STREAMS
        assert local.clients.runtime() is local.clients.runtime()
        await asyncio.gather(*(stream.aclose() for stream in streams))
        while model.running_count:
            await asyncio.sleep(0.001)


def test_a_known_form_is_not_left_for_a_refusal_of_another_reason() -> None:
    doubted = RequestFormDoubted("detail")
    assert _Attempt(RequestForm.INPUTS, is_streamed=True).after(doubted).form is RequestForm.MESSAGES
    with pytest.raises(RequestFormDoubted) as raised:
        _Attempt(RequestForm.INPUTS, is_streamed=True, is_form_known=True).after(doubted)
    assert raised.value is doubted


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        (RequestFormDoubted("1"), ContainerFailed("2"), RequestFormDoubted),
        (RequestFormDoubted("1"), RequestFormDoubted("2"), RequestFormRefused),
        (RequestFormDoubted("1"), PromptTooLong("2"), PromptTooLong),
        (RequestFormRefused("1"), ContainerFailed("2"), ContainerFailed),
    ],
)
def test_a_person_is_told_what_the_form_that_fits_came_to(
    first: BackendError, second: BackendError, told: type[BackendError]
) -> None:
    with pytest.raises(BackendError) as raised:
        _Attempt(RequestForm.INPUTS, is_streamed=True).after(first).after(second)
    assert type(raised.value) is told


def test_what_is_left_after_every_refusal_is_the_refusal() -> None:
    form, streaming = RequestFormRefused("detail"), StreamingRefused("detail")
    attempt = _Attempt(RequestForm.PROMPT, is_streamed=True).after(streaming).after(form)
    assert (attempt.form, attempt.is_streamed) == (RequestForm.MESSAGES, False)
    for error in (form, streaming):
        with pytest.raises(type(error)):
            attempt.after(error)
