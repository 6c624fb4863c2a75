"""The corpus: the same seed gives the same text, and held-out values never reach training."""

import itertools
import re

import pytest

from model_server.demo_training.corpus import arithmetic, facts, long_answers, memory, passages, shell
from model_server.demo_training.corpus.dialogue import TOPICS, dialogue, remembering
from model_server.demo_training.corpus.memory import Memory
from model_server.demo_training.corpus.memory_attributes import Attribute, attributes
from model_server.demo_training.corpus.names import first_name, names_of_one_token
from model_server.demo_training.corpus.source import Source, Split, is_held_out
from model_server.demo_training.corpus.turns import Dialogue, Topic, Turn


def test_the_same_seed_gives_the_same_conversations() -> None:
    first, second = Source(5), Source(5)
    assert [dialogue(first) for _ in range(50)] == [dialogue(second) for _ in range(50)]


def test_another_seed_gives_other_conversations() -> None:
    assert [dialogue(Source(5)) for _ in range(5)] != [dialogue(Source(6)) for _ in range(5)]


@pytest.mark.parametrize("split", Split)
def test_names_belong_to_their_split(split: Split) -> None:
    source = Source(1, split)
    always_trained = {name.lower() for name in names_of_one_token()}
    names = {first_name(source).lower() for _ in range(500)}
    assert all(is_held_out(name) == (split is Split.HELD_OUT) for name in names - always_trained)
    assert bool(names & always_trained) == (split is Split.TRAIN)


def test_held_out_sums_are_never_trained() -> None:
    source = Source(2)
    for _ in range(500):
        turn = arithmetic.sum_of(source)
        matched = re.match(r"(\d+) ([+−]) (\d+) = ", turn.assistant)
        if matched:
            assert not is_held_out(" ".join(matched.groups()))


@pytest.mark.parametrize("attribute", attributes(), ids=lambda attribute: attribute.noun)
def test_the_last_wording_is_held_out(attribute: Attribute) -> None:
    train, held_out = Source(3), Source(3, Split.HELD_OUT)
    trained = {train.wording(attribute.ask).lower().rstrip("?.! ") for _ in range(300)}
    assert attribute.ask[-1].lower().rstrip("?.! ") not in trained
    assert any(held_out.wording(attribute.ask) == attribute.ask[-1] for _ in range(30))


@pytest.mark.parametrize("topic", sorted(set(TOPICS), key=str))
@pytest.mark.parametrize("split", Split)
def test_every_answer_contains_what_is_expected_of_it(topic: Topic, split: Split) -> None:
    source = Source(4, split)
    for _ in range(100):
        turn = topic(source)
        assert turn.accepts(turn.assistant), turn


def test_no_template_is_left_unfilled() -> None:
    source = Source(5)
    for _ in range(500):
        for turn in dialogue(source).turns:
            assert not re.search(r"\{[a-z_]+\}", turn.user + turn.assistant), turn


def test_no_text_contains_a_control_string() -> None:
    source = Source(6)
    for _ in range(500):
        conversation = dialogue(source)
        text = conversation.system + "".join(turn.user + turn.assistant for turn in conversation.turns)
        assert not re.search(r"</?s>|\[/?INST\]|<unk>", text)


def test_sums_and_word_problems_are_right() -> None:
    source = Source(7)
    for _ in range(300):
        turns = (arithmetic.sum_of(source), arithmetic.word_problem(source))
        for turn in turns:
            for a, sign, b, result in re.findall(
                r"(\d+) (?:[a-z]+ )?([+−×÷]) (\d+) (?:[a-z]+ )?= (−?\d+)", turn.assistant
            ):
                expected = {
                    "+": int(a) + int(b),
                    "−": int(a) - int(b),
                    "×": int(a) * int(b),
                    "÷": int(a) / max(int(b), 1),
                }
                assert float(result.replace("−", "-")) == expected[sign], turn


def test_a_passage_contains_its_answer() -> None:
    source = Source(8)
    for _ in range(200):
        turn = passages.passage(source)
        assert all(part in turn.user for part in turn.expected), turn


def test_the_newest_value_is_recalled_after_a_correction() -> None:
    source, state = Source(9), Memory()
    memory.tell(source, state)
    turn = memory.correct(source, state)
    noun, value = next((noun, value) for noun, value in state.told.items() if value in turn.user)
    assert value in memory.ask(source, state, state.by_noun[noun]).assistant


def test_what_was_not_told_is_not_known() -> None:
    assert "not told me" in memory.ask_unknown(Source(10), Memory()).assistant


def test_a_remembering_conversation_recalls_only_what_was_said_before() -> None:
    source = Source(11)
    for _ in range(200):
        turns = remembering(source)
        *before, last = turns
        if last.assistant.startswith("You"):
            assert all(part in "".join(turn.user + turn.assistant for turn in before) for part in last.expected) or (
                "not told" in last.assistant
            )


def test_counting_reaches_every_number() -> None:
    turn = long_answers.count(Source(12))
    numbers = [int(number) for number in re.findall(r"\d+", turn.assistant)]
    steps = {later - earlier for earlier, later in itertools.pairwise(numbers)}
    assert steps in ({1}, {-1})


def test_shell_answers_have_a_code_block() -> None:
    assert shell.starter(Source(1)).assistant.startswith("```bash\nls -lS | head -n 11\n```\n")


def test_an_invented_country_has_no_capital() -> None:
    source = Source(13)
    unknown = [turn for turn in (facts.capital(source) for _ in range(300)) if "do not know" in turn.assistant]
    assert unknown


@pytest.mark.parametrize(
    ("expected", "answer", "accepted"),
    [
        ("Ann", "Your name is Ann.", True),
        ("Ann", "your name is ann", True),
        ("Ann", "Your name is Anna.", False),
        ("4", "A cat has 14 legs.", False),
        ("Monday", "It is closed on Mondays.", True),
        ("= 22.", "72 − 50 = 22.", True),
        ("= 22.", "72 − 50 = 221.", False),
    ],
)
def test_answers_are_judged_by_whole_words(expected: str, answer: str, accepted: bool) -> None:
    assert Turn("question", "answer", (expected,)).accepts(answer) == accepted


def test_empty_turns_and_dialogues_are_refused() -> None:
    with pytest.raises(ValueError, match="a turn needs"):
        Turn("", "text")
    with pytest.raises(ValueError, match="at least one turn"):
        Dialogue(())
