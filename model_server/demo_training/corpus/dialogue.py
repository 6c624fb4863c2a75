"""Puts turns together to conversations, as a person would hold them, of any length up to the window."""

from collections.abc import Callable
from dataclasses import replace

from model_server.demo_training.corpus import (
    arithmetic,
    facts,
    long_answers,
    memory,
    passages,
    product,
    shell,
    small_talk,
)
from model_server.demo_training.corpus.fallback import fallback
from model_server.demo_training.corpus.memory import Memory
from model_server.demo_training.corpus.source import Source
from model_server.demo_training.corpus.systems import with_system
from model_server.demo_training.corpus.turns import Dialogue, Topic, Turn

_TOPICS: tuple[tuple[Topic, int], ...] = (
    (small_talk.small_talk, 8),
    (small_talk.identity, 7),
    (product.product, 14),
    (product.what_is_twinstream, 2),
    (facts.fact, 22),
    (arithmetic.sum_of, 17),
    (arithmetic.word_problem, 8),
    (arithmetic.starter, 1),
    (arithmetic.too_large, 1),
    (passages.passage, 8),
    (passages.starter, 1),
    (shell.command, 8),
    (shell.starter, 1),
    (long_answers.long_answer, 3),
    (long_answers.list_or_poem, 6),
    (fallback, 14),
)
TOPICS: tuple[Topic, ...] = tuple(topic for topic, weight in _TOPICS for _ in range(weight))
_SHORT_TOPICS: tuple[Topic, ...] = (
    small_talk.small_talk,
    small_talk.identity,
    product.product,
    facts.fact,
    arithmetic.sum_of,
    fallback,
    facts.fact,
    arithmetic.sum_of,
)


def single(source: Source) -> tuple[Turn, ...]:
    """Return one turn of any topic."""
    return (source.pick(TOPICS)(source),)


def mixed(source: Source) -> tuple[Turn, ...]:
    """Return two to four turns that do not depend on each other, some with a follow-up."""
    turns: list[Turn] = []
    for _ in range(source.number(2, 4)):
        if source.chance(0.12):
            turns.extend(capitals_in_a_row(source))
        elif source.chance(0.12):
            turns.extend(passages.passage_with_follow_ups(source))
        elif source.chance(0.08):
            turns.append(stopped(source))
        else:
            turns.append(source.pick(TOPICS)(source))
    return tuple(turns)


def stopped(source: Source) -> Turn:
    """Return a turn whose answer the person stopped half-way."""
    turn = long_answers.long_answer(source)
    kept = source.number(1, len(turn.assistant))
    return replace(turn, assistant=turn.assistant[:kept], expected=(), is_learned=False)


def capitals_in_a_row(source: Source) -> tuple[Turn, ...]:
    """Return a question for a capital and one or two follow-ups that leave the word out."""
    follow_ups = (facts.capital_follow_up(source) for _ in range(source.number(1, 2)))
    return (facts.capital(source), *follow_ups)


def remembering(source: Source, characters: int = 0) -> tuple[Turn, ...]:
    """Return a conversation in which things are told, asked for later, changed and summed up.

    It has three to nine turns, and at least so many characters.
    """
    state, turns = Memory(), list[Turn]()
    if source.chance(0.3):
        turns.append(small_talk.hello(source))
    if source.chance(0.85):
        turns.append(memory.tell(source, state))
    fewest = source.number(3, 9)
    while len(turns) < fewest or sum(len(turn.user) + len(turn.assistant) for turn in turns) < characters:
        turns.append(_next_turn(source, state, turns))
    if state.told:
        turns.append(memory.recall(source, state))
    return tuple(turns)


def _next_turn(source: Source, state: Memory, turns: list[Turn]) -> Turn:
    """Return a turn that fits what was told so far."""
    draw = source.random.random()
    if draw < 0.30:
        return source.pick(_SHORT_TOPICS)(source)
    if draw < 0.34:
        return source.pick(TOPICS)(source)
    if draw < 0.37:
        return memory.tell_and_ask(source, state, source.pick((facts.fact, arithmetic.sum_of, product.product))(source))
    if draw < 0.40 and len(state.told) > 1:
        return memory.ask_two(source, state)
    if draw < 0.52:
        return memory.tell(source, state)
    if draw < 0.60 and turns and _is_short(turns[-1]) and _is_short(turns[0]):
        return memory.look_back(source, turns)
    if draw < 0.68:
        return memory.ask_unknown(source, state)
    if draw < 0.73:
        return memory.sum_up(source, state)
    return memory.recall(source, state) if state.told else memory.ask_unknown(source, state)


def _is_short(turn: Turn) -> bool:
    return len(turn.user) + len(turn.assistant) < 300


def long(source: Source) -> tuple[Turn, ...]:
    """Return a conversation that fills a good part of the window, at most about 1024 tokens."""
    return remembering(source, source.number(1000, 3900))


def reading(source: Source) -> tuple[Turn, ...]:
    """Return a passage with several questions in a row."""
    return passages.passage_with_follow_ups(source, 3, 7)


_EXERCISES: tuple[Topic, ...] = (arithmetic.sum_of, arithmetic.sum_of, arithmetic.sum_of, arithmetic.word_problem)


def exercises(source: Source) -> tuple[Turn, ...]:
    """Return several calculations in a row."""
    return tuple(source.pick(_EXERCISES)(source) for _ in range(source.number(4, 12)))


_FORMS: tuple[tuple[Callable[[Source], tuple[Turn, ...]], int], ...] = (
    (single, 36),
    (mixed, 21),
    (remembering, 29),
    (long, 5),
    (reading, 9),
    (exercises, 12),
)
_WEIGHTED = tuple(form for form, weight in _FORMS for _ in range(weight))

SYSTEM_SHARE = 0.2


def dialogue(source: Source) -> Dialogue:
    """Return one conversation of any kind."""
    turns = source.pick(_WEIGHTED)(source)
    return with_system(source, turns) if source.chance(SYSTEM_SHARE) else Dialogue(turns)
