"""What fits the window, to the token."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from app.errors import PromptTooLong
from app.generation import GenerationRequest, ModelDescription, StreamEvent
from app.loadtest.fit import reason_not_to_fit
from app.loadtest.plan import Plan
from app.loadtest.questions import Questions
from tests.app.loadtest.timed_backend import TimedBackend, plan_of

# A question of 10 words has 12 for the scripted backend: [INST] and [/INST] count as words.
QUESTION_TOKENS = 12


def reason(window_tokens: int, plan: Plan, prompt_limit_tokens: int | None = None, counts_tokens: bool = True) -> str:
    backend = TimedBackend(lambda _: [], counts_tokens=counts_tokens)
    model = ModelDescription("m-instruct", window_tokens, prompt_limit_tokens)
    questions = Questions.for_model(model, 1, plan.output_tokens)
    return asyncio.run(reason_not_to_fit(backend, model, questions, plan, 10))


@pytest.mark.parametrize("turns", [1, 3])
def test_the_last_turn_and_its_answer_may_fill_the_window(turns: int) -> None:
    plan = plan_of(output_tokens=8, turns=turns)
    needed = turns * (QUESTION_TOKENS + 8)
    assert reason(needed, plan) == ""
    assert reason(needed - 1, plan) == f"needs up to {needed} tokens; the window has {needed - 1}"


def test_a_limit_of_prompts_is_kept_too() -> None:
    assert reason(1000, plan_of(), QUESTION_TOKENS) == ""
    assert reason(1000, plan_of(), QUESTION_TOKENS - 1) == "prompts have up to 12 tokens; this model takes 11"


def test_a_target_that_does_not_count_has_its_tokens_counted_here() -> None:
    assert reason(1000, plan_of(), counts_tokens=False) == ""
    assert reason(14, plan_of(), counts_tokens=False) != ""


class CountsNothing(TimedBackend):
    async def count_tokens(self, prompt: str) -> int | None:
        raise PromptTooLong("400")

    def stream(self, request: GenerationRequest) -> AsyncGenerator[StreamEvent]:
        raise AssertionError("nothing may be asked")


def test_a_question_that_cannot_even_be_counted_does_not_fit() -> None:
    model = ModelDescription("m", 100)
    questions = Questions.for_model(model, 1, 4)
    found = asyncio.run(reason_not_to_fit(CountsNothing(lambda _: []), model, questions, plan_of(), 10))
    assert found == "a question alone is longer than the window of 100 tokens"
