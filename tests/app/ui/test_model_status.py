"""What the sidebar says of a model."""

import asyncio
from typing import Any, cast

import gradio as gr
import pytest

from app.backends.catalog import BackendChoice
from app.backends.unconfigured import UnconfiguredBackend
from app.endpoint_errors import EndpointNotChosen
from app.generation import ModelDescription
from app.ui.endpoint_list import EndpointList
from app.ui.model_status import ModelStatus, ready_sentence
from tests.app.fakes import ScriptedBackend, ScriptedCatalog


class Request:
    session_hash = "a-session"


REQUEST = cast("gr.Request", Request())


class SlowBackend(ScriptedBackend):
    """Describes itself when told to."""

    def __init__(self) -> None:
        super().__init__(model_id="slow")
        self.is_asked, self.may_answer = asyncio.Event(), asyncio.Event()

    async def describe(self) -> ModelDescription:
        self.is_asked.set()
        await self.may_answer.wait()
        return await super().describe()


@pytest.mark.parametrize(
    ("model_id", "is_guessed", "renders_prompt", "is_said"),
    [
        ("zephyr-7b-beta", True, False, True),
        ("zephyr-7b-beta", False, False, False),  # a format was chosen
        ("zephyr-7b-beta", True, True, False),  # the endpoint takes messages
        ("mistralai/Mistral-7B-Instruct-v0.2", True, False, False),
    ],
)
def test_a_prompt_format_that_is_only_guessed_is_said(
    model_id: str, is_guessed: bool, renders_prompt: bool, is_said: bool
) -> None:
    sentence = ready_sentence(ModelDescription(model_id, 4096, renders_prompt=renders_prompt), is_guessed=is_guessed)
    assert f"`{model_id}` is ready; its window has 4,096 tokens." in sentence
    assert ("Mistral’s format is used" in sentence) == is_said


def test_an_endpoints_name_says_nothing_of_its_prompts() -> None:
    sentence = ready_sentence(ModelDescription("", 4096, served_as="mistral-instruct"), is_guessed=True)
    assert "`mistral-instruct` is ready" in sentence
    assert "Mistral’s format is used" in sentence


async def test_a_late_word_of_a_model_that_was_left_is_dropped() -> None:
    slow, quick = SlowBackend(), ScriptedBackend(model_id="quick")
    catalog = ScriptedCatalog([()], {"slow": slow})
    choices = (
        BackendChoice("Quick", quick),
        BackendChoice("SageMaker", UnconfiguredBackend(EndpointNotChosen), endpoints=catalog),
    )
    status = ModelStatus(choices)
    late = asyncio.create_task(status.look(EndpointList(), "SageMaker", "slow", "automatic", REQUEST))
    await slow.is_asked.wait()
    shown: tuple[Any, ...] = await status.look(None, "Quick", "slow", "automatic", REQUEST)
    assert "`quick` is ready" in shown[0]
    slow.may_answer.set()
    assert await late == gr.skip()


async def test_another_model_is_announced_before_it_is_known() -> None:
    status = ModelStatus((BackendChoice("Quick", ScriptedBackend(model_id="quick"), is_demonstration=True),))
    said = [shown[0] async for shown in status.announce(None, "Quick", None, "automatic", REQUEST)]
    assert said[0] == "Looking for the model…"
    assert "`quick` is ready" in said[1]
    assert "Mistral’s format" not in said[1]


async def test_a_list_that_could_not_be_had_is_said_even_while_an_endpoint_is_chosen() -> None:
    catalog = ScriptedCatalog([()], {"first": ScriptedBackend()})
    status = ModelStatus((BackendChoice("SageMaker", UnconfiguredBackend(EndpointNotChosen), endpoints=catalog),))

    async def said(listed: EndpointList | None) -> str:
        shown: tuple[str, Any, Any, Any, Any] = await status.look(listed, "SageMaker", "first", "automatic", REQUEST)
        return shown[0]

    assert await said(None) == "Looking for endpoints…"
    assert await said(EndpointList(problem="It broke.")) == "⚠ It broke."
    assert "is ready" in await said(EndpointList())
