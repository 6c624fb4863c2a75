"""Measures a trained model: ``python -m model_server.demo_training.evaluate model_server/demo_model``.

Every category asks questions with held-out values (names, numbers, places) or held-out wordings, and counts the answers
that contain what they must. It says nothing about how pleasant an answer reads.
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from model_server.demo_training.answering import Answerer, Sampling
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
from model_server.demo_training.corpus.dialogue import capitals_in_a_row, remembering
from model_server.demo_training.corpus.fallback import fallback
from model_server.demo_training.corpus.memory import Memory
from model_server.demo_training.corpus.memory_attributes import Attribute, attributes, name_attribute
from model_server.demo_training.corpus.source import Source, Split
from model_server.demo_training.corpus.systems import with_system
from model_server.demo_training.corpus.turns import Dialogue, Topic, Turn

Maker = Callable[[Source], Dialogue]


@dataclass(frozen=True, slots=True)
class Category:
    """One row of the table: how to make a conversation whose last answer is judged."""

    name: str
    make: Maker
    max_tokens: int = 160


def _one(topic: Topic) -> Maker:
    return lambda source: Dialogue((topic(source),))


def _after_small_talk(topic: Topic) -> Maker:
    """Return a maker of conversations in which the question comes after two other turns."""
    return lambda source: Dialogue((small_talk.hello(source), facts.fact(source), topic(source)))


def _as_trained(topic: Topic) -> Maker:
    """Return a maker of single questions in wordings that training uses too."""
    return lambda source: Dialogue((topic(Source(source.number(10**6, 10**9))),))


def recall_after(which: Callable[[], Attribute], fewest: int, most: int) -> Maker:
    """Return a maker: the attribute is told first, other turns follow, then it is asked for."""

    def make(source: Source) -> Dialogue:
        attribute, state = which(), Memory()
        value = attribute.value(source)
        state.keep(attribute, value)
        told = Turn(source.wording(attribute.tell, v=value), source.answer(attribute.acknowledge, v=value, V=value))
        others = [
            source.pick((facts.fact, product.product, arithmetic.sum_of, small_talk.small_talk, fallback))(source)
            for _ in range(source.number(fewest, most))
        ]
        return Dialogue((told, *others, memory.ask(source, state, attribute)))

    return make


def recall_name(fewest: int, most: int) -> Maker:
    """Return a maker of conversations in which a name is told and asked for."""
    return recall_after(name_attribute, fewest, most)


def _any_recall(source: Source) -> Dialogue:
    return recall_after(lambda: source.pick(attributes()[1:]), 1, 4)(source)


def _late_in_the_window(source: Source) -> Dialogue:
    """Return a conversation of many turns that ends in a question for something told in it."""
    while True:
        turns = remembering(source, 1900)
        characters = sum(len(turn.user) + len(turn.assistant) for turn in turns)
        if characters < 2600 and turns[-1].expected != ("not told me",):
            return Dialogue(turns)


def _not_told(source: Source) -> Dialogue:
    return Dialogue((small_talk.hello(source), memory.ask_unknown(source, Memory())))


def _summed_up(source: Source) -> Dialogue:
    state = Memory()
    told = [memory.tell(source, state) for _ in range(3)]
    return Dialogue((*told, memory.sum_up(source, state)))


def _looked_back(source: Source) -> Dialogue:
    turns = [facts.fact(source), source.pick((fallback, facts.fact))(source)]
    return Dialogue((*turns, memory.look_back(source, turns)))


def _under_a_system_text(source: Source) -> Dialogue:
    return with_system(source, (facts.fact(source),))


CATEGORIES = (
    Category("who are you, what can you do", _one(small_talk.identity)),
    Category("who are you …, trained wording", _as_trained(small_talk.identity)),
    Category("what is Twinstream", _one(product.what_is_twinstream)),
    Category("how to use it, words around it", _one(product.product)),
    Category("how to use it …, trained wording", _as_trained(product.product)),
    Category("simple facts", _one(facts.fact)),
    Category("simple facts, trained wording", _as_trained(facts.fact)),
    Category("simple facts after other turns", _after_small_talk(facts.fact)),
    Category("capital, short follow-up", lambda source: Dialogue(capitals_in_a_row(source))),
    Category("small sums", _one(arithmetic.sum_of)),
    Category("word problems", _one(arithmetic.word_problem)),
    Category("passage and question", _one(passages.passage)),
    Category("passage, later question", lambda source: Dialogue(passages.passage_with_follow_ups(source))),
    Category("shell commands", _one(shell.command)),
    Category("shell commands, task reworded", _one(shell.reworded)),
    Category("name, 1 turn later", recall_name(1, 1)),
    Category("name, 2 to 6 turns later", recall_name(2, 6)),
    Category("other things told", _any_recall),
    Category("late in a long conversation", _late_in_the_window),
    Category("not told: says so", _not_told),
    Category("sums up what was told", _summed_up),
    Category("repeats a message", _looked_back),
    Category("under a system text", _under_a_system_text),
    Category("beyond it: says so", _one(fallback)),
    Category("counts", _one(long_answers.count), 500),
    Category("stories to their end", _one(long_answers.story), 620),
    Category(
        "lists and tables",
        _one(lambda source: source.pick((long_answers.table_of_capitals, long_answers.bullet_list))(source)),
    ),
    Category(
        "starter prompts",
        _one(lambda source: source.pick((arithmetic.starter, passages.starter, shell.starter))(source)),
    ),
)


def accuracy(answerer: Answerer, category: Category, sampling: Sampling, cases: int, failures: list[str]) -> float:
    """Return the share of right answers, and append the wrong ones to ``failures``."""
    source = Source(2024, Split.HELD_OUT)
    conversations = [category.make(source) for _ in range(cases)]
    answers = answerer.answers(conversations, sampling, category.max_tokens)
    right = 0
    for conversation, answer in zip(conversations, answers, strict=True):
        last = conversation.turns[-1]
        if last.accepts(answer):
            right += 1
        else:
            failures.append(
                f"{category.name} ({sampling.value}): {last.user!r} expected {last.expected} got {answer!r}"
            )
    return right / cases


def main() -> None:
    """Print the table of categories; with ``--failures`` also the wrong answers."""
    parser = argparse.ArgumentParser(description="Measure Twinstream's built-in model.")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--cases", type=int, default=100, help="conversations per category")
    parser.add_argument("--only", default="", help="only categories whose name contains this")
    parser.add_argument("--failures", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(given.threads)
    answerer = Answerer(given.directory)
    failures: list[str] = []
    sys.stdout.write(f"| {'category':34} | greedy | sampled |\n| {'-' * 34} | -----: | ------: |\n")
    for category in CATEGORIES:
        if given.only in category.name:
            cases = given.cases if category.max_tokens < 300 else max(1, given.cases // 4)
            greedy, sampled = (accuracy(answerer, category, sampling, cases, failures) for sampling in Sampling)
            sys.stdout.write(f"| {category.name:34} | {greedy:5.0%} | {sampled:6.0%} |\n")
            sys.stdout.flush()
    if given.failures:
        sys.stdout.write("\n".join(["", *failures]) + "\n")


if __name__ == "__main__":
    main()
