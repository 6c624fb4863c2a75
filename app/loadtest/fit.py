"""Whether a row of the table fits the model's window, so that nobody is asked what cannot be answered."""

from app.backends.base import Backend
from app.errors import PromptTooLong
from app.generation import ModelDescription
from app.loadtest.plan import Plan
from app.loadtest.questions import Questions

# Texts of as many words differ a little in tokens.
_SAMPLES = 4


async def reason_not_to_fit(
    backend: Backend, model: ModelDescription, questions: Questions, plan: Plan, input_words: int
) -> str:
    """Why the last turn of the longest chat has no room; empty where it has. Raises BackendError."""
    prompts = [questions.begin_chat().ask(input_words).prompt for _ in range(_SAMPLES)]
    try:
        longest = max([await _count_tokens(backend, questions, prompt) for prompt in prompts])
    except PromptTooLong:
        return f"a question alone is longer than the window of {model.window_tokens:,} tokens"
    prompt_tokens = plan.turns * longest + (plan.turns - 1) * plan.output_tokens
    if model.prompt_limit_tokens is not None and prompt_tokens > model.prompt_limit_tokens:
        return f"prompts have up to {prompt_tokens:,} tokens; this model takes {model.prompt_limit_tokens:,}"
    if prompt_tokens + plan.output_tokens > model.window_tokens:
        return f"needs up to {prompt_tokens + plan.output_tokens:,} tokens; the window has {model.window_tokens:,}"
    return ""


async def _count_tokens(backend: Backend, questions: Questions, prompt: str) -> int:
    counted = await backend.count_tokens(prompt)
    return questions.count_tokens(prompt) + 1 if counted is None else counted
