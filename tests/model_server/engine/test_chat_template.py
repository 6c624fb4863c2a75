from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_server.engine.chat_template import ESCAPE, ChatTemplate, Message, remove_marks
from model_server.errors import ConfigurationError, InvalidRequest
from tests.model_server.checkpoints import CHAT_TEMPLATE, CONTROL_STRINGS

VARIABLES = {"bos_token": "<s>", "eos_token": "</s>"}
TEMPLATE = ChatTemplate(CHAT_TEMPLATE, VARIABLES, CONTROL_STRINGS)
CONTENT = st.lists(
    st.sampled_from([*CONTROL_STRINGS, "<", "s>", "/s>", ">", " ", ESCAPE, "0", "1", "[INST]", "a"]), max_size=12
).map("".join)


def test_messages_become_the_templates_prompt() -> None:
    messages = [Message("user", "Hello"), Message("assistant", "Hi"), Message("user", "Bye")]
    assert remove_marks(TEMPLATE.render(messages)) == "<s> [INST] Hello [/INST] Hi</s> [INST] Bye [/INST]"


@given(CONTENT)
def test_any_content_comes_back_and_spells_no_control_string(content: str) -> None:
    rendered = TEMPLATE.render([Message("user", content)])
    assert remove_marks(rendered) == f"<s> [INST] {content} [/INST]"
    assert [rendered.count(control) for control in CONTROL_STRINGS] == [0, 1, 0]


@given(CONTENT, CONTENT, CONTENT)
def test_contents_that_stand_together_spell_no_control_string_either(first: str, second: str, third: str) -> None:
    bare = ChatTemplate("<{% for message in messages %}{{ message.content }}{% endfor %}s>", VARIABLES, CONTROL_STRINGS)
    rendered = bare.render([Message("user", content) for content in (first, second, third)])
    if first + second + third:
        assert not any(control in rendered for control in CONTROL_STRINGS)
    assert remove_marks(rendered) == f"<{first}{second}{third}s>"


def test_a_template_may_trim_content() -> None:
    trimming = ChatTemplate("{{ messages[0].content | trim }}", VARIABLES, CONTROL_STRINGS)
    assert remove_marks(trimming.render([Message("user", "  <s> hello \n")])) == "<s> hello"


def test_messages_that_the_template_refuses_are_the_callers_error() -> None:
    with pytest.raises(InvalidRequest, match="chat template") as caught:
        TEMPLATE.render([Message("assistant", "I begin")])
    assert caught.value.parameter == "messages"


def test_a_template_cannot_reach_python() -> None:
    escaping = ChatTemplate("{{ messages.__class__.__mro__ }}", VARIABLES, CONTROL_STRINGS)
    with pytest.raises(InvalidRequest):
        escaping.render([Message("user", "x")])


def test_a_damaged_template_is_refused_when_it_is_loaded() -> None:
    with pytest.raises(ConfigurationError, match="chat template"):
        ChatTemplate("{% if %}", VARIABLES, CONTROL_STRINGS)
