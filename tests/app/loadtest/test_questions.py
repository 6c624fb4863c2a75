"""Requests are those that the page would send."""

from app.generation import ChatMessage, ModelDescription
from app.loadtest.questions import Questions
from app.prompts.template import PromptFormat

MODEL = ModelDescription("mistralai/Mistral-7B-Instruct-v0.3", 1000)


def test_the_prompt_is_in_the_format_of_the_model() -> None:
    questions = Questions.for_model(MODEL, seed=1, output_tokens=7)
    request = questions.begin_chat().ask(5)
    assert questions.prompt_format is PromptFormat.MISTRAL_V3
    assert request.prompt == f"[INST] {request.messages[0].content}[/INST]"
    assert len(request.messages[0].content.split()) == 5
    assert (request.parameters.max_tokens, request.parameters.ignore_eos) == (7, True)


def test_a_chat_grows_by_answer_and_question() -> None:
    chat = Questions.for_model(MODEL, 1, 7).begin_chat()
    first = chat.ask(3)
    chat.hear(" fine")
    second = chat.ask(3)
    assert second.messages[:2] == (first.messages[0], ChatMessage("assistant", "fine"))
    assert second.session_id == first.session_id
    assert second.messages[2] != first.messages[0]


def test_a_seed_repeats_all_texts() -> None:
    first, second = (Questions.for_model(MODEL, 9, 7) for _ in range(2))
    assert [first.next_text(4) for _ in range(20)] == [second.next_text(4) for _ in range(20)]


def test_an_empty_answer_has_no_tokens() -> None:
    questions = Questions.for_model(MODEL, 1, 7)
    assert (questions.count_tokens(""), questions.count_tokens("one two")) == (0, 2)
