"""System texts: most leave the answers as they are, a few ask for something simple that the model learns to do."""

from dataclasses import replace

from model_server.demo_training.corpus.names import formal_name, invented_word
from model_server.demo_training.corpus.source import Source
from model_server.demo_training.corpus.turns import Dialogue, Turn

_PLAIN = (
    *(
        "You are a helpful assistant.",
        "You are a helpful, honest assistant.",
        "Answer briefly.",
        "Be concise and friendly.",
    ),
    *(
        "Always answer truthfully.",
        "You answer questions about a software project.",
        "You are a kind teacher for children.",
    ),
    *(
        "If you do not know the answer, say so.",
        "Answer in English.",
        "You are Twinstream's assistant. Be polite.",
        "Be helpful.",
    ),
    *(
        "You are an expert in everything. Explain your reasoning step by step.",
        "Answer in short sentences.",
        "Be precise.",
    ),
    *("You are a helpful, respectful and honest assistant. Always answer as helpfully as possible, while being safe.",),
    *(
        "You talk to customers of an online shop.",
        "Use simple words.",
        "Never be rude.",
        "The user is an engineer from {word}.",
    ),
    *(
        "This is a conversation with {name}, an expert for {word}.",
        "You work for the company {name}.",
        "Today is a {word} day.",
    ),
)


def plain_system(source: Source) -> str:
    """Return a system text that changes nothing."""
    count = 1 if source.chance(0.7) else 2
    texts = (
        source.pick(_PLAIN).format(name=formal_name(source), word=invented_word(source, 2, 3)) for _ in range(count)
    )
    return " ".join(texts)


def with_system(source: Source, turns: tuple[Turn, ...]) -> Dialogue:
    """Return the dialogue under a system text, which the answers obey where it asks for something."""
    form = source.number(0, 9)
    if form == 0:
        opening = source.pick(("You are a pirate.", "Talk like a pirate.", "Answer like a pirate."))
        return Dialogue(_wrapped(turns, "Arr! ", ""), opening)
    if form == 1:
        word = source.draw(lambda: invented_word(source, 1, 2))
        opening = source.pick(
            ("End every answer with {w}.", "Always end your answer with the word {w}.", "Finish each answer with {w}.")
        )
        return Dialogue(_wrapped(turns, "", " " + word), opening.format(w=word))
    if form == 2:
        word = source.draw(lambda: invented_word(source, 1, 2)).capitalize()
        opening = source.pick(
            (
                "Begin every answer with {w}.",
                "Start each answer with the word {w}.",
                "Always begin your answer with {w}.",
            )
        )
        return Dialogue(_wrapped(turns, word + "! ", ""), opening.format(w=word))
    if form == 3:
        name = formal_name(source)
        opening = source.pick(
            (
                "Your name is {n}.",
                "You are {n}, a friendly assistant.",
                "You are called {n}.",
                "Your name is {n}. Be helpful.",
            )
        )
        question = source.pick(
            ("What is your name?", "Who are you?", "what's your name?", "Who am I talking to?", "What are you called?")
        )
        answer = f"My name is {name}. I am a small demonstration model."
        return Dialogue((Turn(question, answer, (name,)), *turns), opening.format(n=name))
    if form == 4:
        name = formal_name(source)
        opening = source.pick(
            (
                "The user's name is {n}.",
                "The user is called {n}.",
                "You talk to {n}.",
                "The user's name is {n}. Be kind.",
            )
        )
        question = source.pick(("What is my name?", "Who am I?", "what's my name?", "Do you know my name?"))
        return Dialogue((*turns, Turn(question, f"Your name is {name}.", (name,))), opening.format(n=name))
    return Dialogue(turns, plain_system(source))


def _wrapped(turns: tuple[Turn, ...], before: str, after: str) -> tuple[Turn, ...]:
    return tuple(replace(turn, assistant=f"{before}{turn.assistant}{after}") for turn in turns)
