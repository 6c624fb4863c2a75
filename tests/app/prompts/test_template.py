"""The prompt formats against their oracles: mistral-common for Mistral, Meta's published code for Llama-2."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mistral_common.protocol.instruct.messages import AssistantMessage, SystemMessage, UserMessage
from mistral_common.protocol.instruct.request import ChatCompletionRequest
from mistral_common.tokens.tokenizers.mistral import MistralTokenizer

from app.conversation import Conversation, Message, Role
from app.prompts.neutralise import neutralise
from app.prompts.template import PromptFormat, prompt_format_for, render_prompt
from app.prompts.token_count import count_prompt_tokens

ORACLES = {PromptFormat.MISTRAL_V1: MistralTokenizer.v1(), PromptFormat.MISTRAL_V3: MistralTokenizer.v3()}
CONTROL_TOKENS = {
    PromptFormat.MISTRAL_V1: ("<s>", "</s>"),
    PromptFormat.MISTRAL_V3: ("<s>", "</s>", "[INST]", "[/INST]"),
}

# Written out here, so that a string that the product forgets is noticed: what Mistral's and Meta's formats are made of.
CONTROL_STRINGS = ("<s>", "</s>", "<unk>", "[INST]", "[/INST]", "<<SYS>>", "<</SYS>>")

# Any text without control strings. A lone surrogate cannot be encoded, so no tokenizer is asked about it.
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda text: neutralise(text) == text)
questions = texts.filter(str.strip)
# Spaces at the end are where the formats differ most; answers never begin with one (the chat takes it away).
answers = st.builds(
    str.__add__,
    texts.filter(lambda text: text.strip() and not text.startswith(" ")),
    st.sampled_from(["", " ", "  ", "\n ", " \n"]),
)
conversations = st.builds(
    lambda system, turns, newest: Conversation.from_messages(
        system,
        [message for question, answer in turns for message in _turn(question, answer)] + [Message(Role.USER, newest)],
    ),
    st.one_of(st.just(""), questions),
    st.lists(st.tuples(questions, answers), max_size=4),
    questions,
)
hostile_texts = st.lists(
    st.one_of(st.sampled_from(CONTROL_STRINGS), st.text("[]<>/INSTsy ", max_size=5)), min_size=1, max_size=6
).map("".join)


def _turn(question: str, answer: str) -> list[Message]:
    return [Message(Role.USER, question), Message(Role.ASSISTANT, answer)]


def _oracle_tokens(conversation: Conversation, prompt_format: PromptFormat) -> list[int]:
    messages: list[SystemMessage | UserMessage | AssistantMessage] = []
    if conversation.system:
        messages.append(SystemMessage(content=conversation.system))
    for message in conversation.messages:
        kind = UserMessage if message.role is Role.USER else AssistantMessage
        messages.append(kind(content=message.content))
    request: ChatCompletionRequest[Any] = ChatCompletionRequest(messages=messages)
    return list(ORACLES[prompt_format].encode_chat_completion(request).tokens)


def _tokens(prompt: str, prompt_format: PromptFormat) -> list[int]:
    """What a server makes of the prompt: BOS, control strings by id, and the pieces between by sentencepiece."""
    tokenizer = ORACLES[prompt_format].instruct_tokenizer.tokenizer
    tokens = [tokenizer.bos_id]
    pattern = "|".join(map(re.escape, CONTROL_TOKENS[prompt_format]))
    for piece in re.split(f"({pattern})", prompt):
        if piece in CONTROL_TOKENS[prompt_format]:
            tokens.append(tokenizer.get_special_token(piece))
        elif text := piece.removeprefix(" "):
            tokens.extend(tokenizer.encode(text, bos=False, eos=False))
    return tokens


@pytest.mark.parametrize("prompt_format", ORACLES)
@given(conversation=conversations)
def test_a_prompt_is_token_for_token_what_mistral_common_makes(
    prompt_format: PromptFormat, conversation: Conversation
) -> None:
    expected = _oracle_tokens(conversation, prompt_format)
    prompt = render_prompt(conversation, prompt_format)
    assert _tokens(prompt, prompt_format) == expected
    assert count_prompt_tokens(prompt, prompt_format) == len(expected)


@pytest.mark.parametrize("prompt_format", list(PromptFormat))
@given(question=hostile_texts, answer=hostile_texts, newest=hostile_texts, system=hostile_texts)
def test_content_can_never_add_or_close_a_turn(
    prompt_format: PromptFormat, question: str, answer: str, newest: str, system: str
) -> None:
    def prompt_of(*contents: str) -> str:
        question, answer, newest, system = contents
        messages = [*_turn(question, answer), Message(Role.USER, newest)]
        return render_prompt(Conversation.from_messages(system, messages), prompt_format)

    contents = [f"x{text}x" for text in (question, answer, newest, system)]
    hostile, harmless = prompt_of(*contents), prompt_of("a", "b", "c", "d")
    pattern = re.compile("|".join(map(re.escape, CONTROL_STRINGS)))
    assert pattern.findall(hostile) == pattern.findall(harmless)


@given(content=st.text())
def test_text_without_control_strings_passes_byte_for_byte(content: str) -> None:
    if not any(mark in content for mark in "<["):  # every control string begins with one of them
        assert neutralise(content) == content


def test_no_control_token_of_mistral_common_can_be_spelled() -> None:
    tokenizer = ORACLES[PromptFormat.MISTRAL_V3].instruct_tokenizer.tokenizer
    spelled = [tokenizer.id_to_piece(token) for token in tokenizer.special_ids]
    assert len(spelled) > 10
    assert [text for text in spelled if text in neutralise(text)] == []


@given(content=hostile_texts)
def test_neutralising_takes_nothing_away(content: str) -> None:
    assert neutralise(content).replace(" ", "") == content.replace(" ", "")


LLAMA_DIALOGUES = [
    ("", ["hi"]),
    ("Be kind.", ["hi"]),
    ("Be kind.", ["  hi ", " hello\n", "and\nthen? "]),
    ("", ["a", "b", "c", "d", "e"]),
]


@pytest.mark.parametrize(("system", "texts"), LLAMA_DIALOGUES)
def test_llama_2_is_what_meta_published(system: str, texts: list[str]) -> None:
    """The published rule: turns of "[INST] question [/INST] answer ", each between BOS and EOS, everything stripped,
    the system text inside the first question."""
    published = list(texts)
    if system:
        published[0] = f"<<SYS>>\n{system}\n<</SYS>>\n\n{texts[0]}"
    turns = [
        f"<s>[INST] {question.strip()} [/INST] {answer.strip()} </s>"
        for question, answer in zip(published[::2], published[1::2], strict=False)
    ]
    expected = "".join([*turns, f"<s>[INST] {published[-1].strip()} [/INST]"])
    roles = [Role.USER, Role.ASSISTANT] * len(texts)
    messages = [Message(role, text) for role, text in zip(roles, texts, strict=False)]
    prompt = render_prompt(Conversation.from_messages(system, messages), PromptFormat.LLAMA_2)
    assert "<s>" + prompt == expected


def test_a_base_model_gets_the_text_and_nothing_else() -> None:
    conversation = Conversation.from_messages("", [Message(Role.USER, "Tweet: I love it\nSentiment:")])
    assert render_prompt(conversation, PromptFormat.NONE) == "Tweet: I love it\nSentiment:"


@pytest.mark.parametrize("prompt_format", list(PromptFormat))
def test_no_prompt_begins_with_a_bos_because_the_server_adds_it(prompt_format: PromptFormat) -> None:
    conversation = Conversation.from_messages("s", [*_turn("a", "b"), Message(Role.USER, "c")])
    assert not render_prompt(conversation, prompt_format).startswith("<s>")


@pytest.mark.parametrize(
    ("model_id", "expected"),
    [
        ("mistralai/Mistral-7B-Instruct-v0.1", PromptFormat.MISTRAL_V1),
        ("mistralai/Mistral-7B-Instruct-v0.2", PromptFormat.MISTRAL_V1),
        ("mistralai/Mistral-7B-Instruct-v0.3", PromptFormat.MISTRAL_V3),
        ("mistralai/Mistral-7B-v0.1", PromptFormat.NONE),
        ("mistralai/Mistral-7B-v0.3", PromptFormat.NONE),
        ("mistralai/Mistral-Nemo-Base-2407", PromptFormat.NONE),
        ("huggingface-llm-mistral-7b", PromptFormat.NONE),
        ("huggingface-llm-mistral-7b-instruct", PromptFormat.MISTRAL_V1),
        ("teknium/OpenHermes-2.5-Mistral-7B", None),
        ("HuggingFaceH4/mistral-7b-sft-beta", None),
        ("my-mistral", None),
        ("mistral-chat-prod", None),
        ("meta-llama/Llama-2-13b-chat-hf", PromptFormat.LLAMA_2),
        ("twinstream-demo", None),
    ],
)
def test_the_format_follows_from_the_models_name(model_id: str, expected: PromptFormat | None) -> None:
    assert prompt_format_for(model_id) is expected
