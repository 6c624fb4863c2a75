"""What was told in a conversation, and the turns that tell it, ask for it, correct it or sum it up."""

from dataclasses import dataclass, field

from model_server.demo_training.corpus.memory_attributes import Attribute, attributes, name_attribute
from model_server.demo_training.corpus.source import Source
from model_server.demo_training.corpus.texts import sections
from model_server.demo_training.corpus.turns import Turn

_UNKNOWN = (
    "You have not told me your {noun} yet.",
    "I do not know your {noun}. You have not told me in this chat.",
    "You have not told me your {noun}. What is it?",
)
_CORRECTIONS = (
    "Actually, {told}",
    "Sorry, that was wrong. {told}",
    "No, wait. {told}",
    "I changed my mind. {told}",
    "Correction: {told}",
)


@dataclass(slots=True)
class Memory:
    """What the person has told in this conversation so far, in order."""

    told: dict[str, str] = field(default_factory=dict)
    by_noun: dict[str, Attribute] = field(default_factory=dict)

    def keep(self, attribute: Attribute, value: str) -> None:
        """Remember a value; a newer one replaces the older."""
        self.told[attribute.noun] = value
        self.by_noun[attribute.noun] = attribute


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _wordings(section: str) -> tuple[str, ...]:
    return sections("memory")[section].variants("Q")


def _any_attribute(source: Source) -> Attribute:
    return name_attribute() if source.chance(0.35) else source.pick(attributes())


def tell(source: Source, memory: Memory) -> Turn:
    """Return a turn in which the person tells one thing, or two."""
    attribute = _any_attribute(source)
    if attribute.noun in memory.told:
        return correct(source, memory)
    value = attribute.value(source)
    memory.keep(attribute, value)
    user = source.wording(attribute.tell, v=value)
    assistant = source.answer(attribute.acknowledge, v=value, V=_capital(value))
    if source.chance(0.2):
        other = source.pick(attributes())
        if other.noun not in memory.told:
            second = other.value(source)
            memory.keep(other, second)
            user = user.rstrip(".") + source.pick((". ", " and ", ", ")) + source.wording(other.tell[:4], v=second)
            assistant = source.answer(
                (f"{_told(attribute, value)}, and {other.statement}. I will remember that.",), v=second
            )
    return Turn(user, _capital(assistant), (value,))


def correct(source: Source, memory: Memory) -> Turn:
    """Return a turn in which the person changes something told before."""
    attribute = memory.by_noun[source.pick(tuple(memory.told))]
    value = attribute.value(source)
    memory.keep(attribute, value)
    user = source.pick(_CORRECTIONS).format(told=source.wording(attribute.tell[:4], v=value))
    return Turn(user, f"All right, {_told(attribute, value)}.", (value,))


def _told(attribute: Attribute, value: str) -> str:
    return attribute.statement.format(v=value)


def tell_and_ask(source: Source, memory: Memory, question: Turn) -> Turn:
    """Return a turn in which the person gives a name and asks something else at once."""
    name = name_attribute()
    value = name.value(source)
    memory.keep(name, value)
    greeting = source.pick((f"Hello {value}!", f"Hi {value}!", f"Nice to meet you, {value}!"))
    told = source.wording(name.tell[:9], v=value).rstrip(" .!?,")
    user = told + source.pick((". ", ". ", ", ", " and ", "! ")) + question.user
    return Turn(user, f"{greeting} {question.assistant}", (value, *question.expected))


def ask_two(source: Source, memory: Memory) -> Turn:
    """Return a question for two told things at once."""
    first, second = source.random.sample(tuple(memory.told), 2)
    one, other = (ask(source, memory, memory.by_noun[noun]) for noun in (first, second))
    user = one.user.rstrip("?.! ") + " and " + other.user[0].lower() + other.user[1:]
    statements = (_told(memory.by_noun[noun], memory.told[noun]) for noun in (first, second))
    return Turn(user, _capital(", and ".join(statements)) + ".", (*one.expected, *other.expected))


def recall(source: Source, memory: Memory) -> Turn:
    """Return a question for one thing that was told."""
    nouns = tuple(memory.told)
    noun = "name" if "name" in memory.told and source.chance(0.4) else source.pick(nouns)
    return ask(source, memory, memory.by_noun[noun])


def ask(source: Source, memory: Memory, attribute: Attribute) -> Turn:
    """Return a question for a told value and its right answer."""
    value = memory.told[attribute.noun]
    statement = _told(attribute, value)
    answers = (f"{_capital(statement)}.", f"You told me that {statement}.", f"{_capital(statement)}.")
    return Turn(source.wording(attribute.ask), source.pick(answers), (value,))


def ask_unknown(source: Source, memory: Memory) -> Turn:
    """Return a question for something that was not told: the answer says so."""
    missing = [attribute for attribute in attributes() if attribute.noun not in memory.told]
    attribute = name_attribute() if "name" not in memory.told and source.chance(0.3) else source.pick(missing)
    return Turn(source.wording(attribute.ask), source.answer(_UNKNOWN, noun=attribute.noun), ("not told me",))


def sum_up(source: Source, memory: Memory) -> Turn:
    """Return the wish to hear everything that was told."""
    if not memory.told:
        return Turn(
            source.wording(_wordings("sum up")), "You have not told me anything about you yet.", ("not told me",)
        )
    statements = [_told(memory.by_noun[noun], value) for noun, value in memory.told.items()]
    joined = ", and ".join((", ".join(statements[:-1]), statements[-1])) if len(statements) > 1 else statements[0]
    return Turn(source.wording(_wordings("sum up")), f"You told me that {joined}.", tuple(memory.told.values()))


def look_back(source: Source, turns: list[Turn]) -> Turn:
    """Return a question about the conversation itself: the last or first message, or the last answer."""
    form = source.number(0, 2)
    if form == 0:
        said = turns[-1].user
        return Turn(source.wording(_wordings("last message")), f'You said: "{said}"', (said,))
    if form == 1:
        said = turns[0].user
        return Turn(source.wording(_wordings("first message")), f'Your first message was: "{said}"', (said,))
    return Turn(source.wording(_wordings("last answer")), turns[-1].assistant, (turns[-1].assistant,))
