"""Questions for a shell command, answered with the command in a code block and an explanation of its parts."""

from model_server.demo_training.corpus.source import Source
from model_server.demo_training.corpus.texts import Section, sections
from model_server.demo_training.corpus.turns import Turn

_QUESTIONS = (
    *("Which shell command {task}? Explain it.", "Which command {task}?", "What is the command that {task}?"),
    *("What shell command {task}?", "Give me a command that {task}.", "Which Linux command {task}?"),
    *("I need a command that {task}.", "Show me a shell command that {task}.", "Is there a command that {task}?"),
    *("command that {task}", "Which bash command {task}? Explain each part."),
    "Tell me the terminal command that {task}.",
)
_ABOUT = (
    *("What does `{command}` do?", "Explain `{command}`.", "Explain the command {command}.", "What does {command} do?"),
    "What is `{command}` for?",
)
_HOW_TO = (
    *("How do I {task}?", "How can I {task}?", "how to {task}", "I want to {task}. Which command do I need?"),
    *(
        "Command to {task}?",
        "Which command do I use to {task}?",
        "Show me how to {task} in the shell.",
        "How do you {task}?",
    ),
    "What do I type to {task}?",
)
_TOOLS = ("kubectl", "docker", "git")
"""Too general to be explained by one command; ``texts/terms.txt`` has them."""

_ABOUT_SHARE = 0.25
_HOW_TO_SHARE = 0.45


def _tasks() -> tuple[Section, ...]:
    return tuple(sections("shell").values())


def _answer(task: Section) -> str:
    parts = (part.split(" = ", maxsplit=1) for part in task.all("-"))
    lines = "\n".join(f"- `{part}`: {meaning}." for part, meaning in parts)
    return f"```bash\n{task.name}\n```\n\n{lines}"


def _infinitive(wording: str) -> str:
    """Return a wording such as "copies a folder" with its verb in the infinitive."""
    verb, _, rest = wording.partition(" ")
    if verb.endswith("ies"):
        verb = verb[:-3] + "y"
    elif verb.endswith(("sses", "ches", "goes")):
        verb = verb[:-2]
    else:
        verb = verb.removesuffix("s")
    return f"{verb} {rest}"


def _known_beginnings(task: Section) -> tuple[str, ...]:
    """Return the whole command, and those of its beginnings that no later command shares."""
    words = task.name.split()
    beginnings = (" ".join(words[:count]) for count in range(1, len(words) + 1))
    later = [f"{other.name} " for other in _tasks()[_tasks().index(task) + 1 :]]
    return tuple(
        text
        for text in beginnings
        if not text.endswith("|") and text not in _TOOLS and not any(other.startswith(f"{text} ") for other in later)
    )


def command(source: Source) -> Turn:
    """Return a question for a command, or for the meaning of one."""
    task = source.pick(_tasks())
    if source.chance(_ABOUT_SHARE):
        user = source.pick(_ABOUT).format(command=source.pick(_known_beginnings(task)))
    elif source.chance(_HOW_TO_SHARE):
        user = source.wording(_HOW_TO, task=_infinitive(source.pick(task.variants("Q")[:-1])))
    else:
        user = source.wording(_QUESTIONS, task=source.pick(task.variants("Q")[:-1]))
    return Turn(user, _answer(task), (task.name,))


def reworded(source: Source) -> Turn:
    """Return a question with a task in words that training never uses. For evaluation only."""
    task = source.pick(_tasks())
    return Turn(source.wording(_QUESTIONS, task=task.variants("Q")[-1]), _answer(task), (task.name,))


def starter(source: Source) -> Turn:
    """Return the shell question that the page offers, in its exact words."""
    del source
    task = _tasks()[0]
    user = f"Which shell command {task.variants('Q')[0]}? Explain it."
    return Turn(user, _answer(task), (task.name,))
