"""Small sums, differences, products and quotients, and word problems with their reasoning."""

from model_server.demo_training.corpus.names import formal_name
from model_server.demo_training.corpus.source import Source, Split, is_held_out
from model_server.demo_training.corpus.turns import Turn

_QUESTIONS = (
    *(
        "What is {a} {sign} {b}?",
        "{a} {sign} {b}",
        "{a}{sign}{b}",
        "{a} {sign} {b} = ?",
        "{a}{sign}{b}=",
        "How much is {a} {sign} {b}?",
    ),
    *(
        "Calculate {a} {sign} {b}.",
        "Compute {a}{sign}{b}.",
        "What's {a} {sign} {b}?",
        "What is {a} {word} {b}?",
        "{a} {word} {b}?",
    ),
    *("How much is {a} {word} {b}?", "what does {a} {sign} {b} make", "Solve {a} {sign} {b}."),
    "Please work out {a} {sign} {b}.",
)
_SIGNS = {
    "+": (("+",), ("plus", "and")),
    "−": (("-", "-", "−"), ("minus", "take away")),
    "×": (("*", "x", "×"), ("times", "multiplied by")),
    "÷": (("/", "÷"), ("divided by", "over")),
}


def _result(a: int, sign: str, b: int) -> int:
    return {"+": a + b, "−": a - b, "×": a * b, "÷": a // b if b else 0}[sign]


def _operands(source: Source, sign: str) -> tuple[int, int]:
    """Return two numbers in the trained range of an operation."""
    if sign == "×":
        return source.number(0, 12), source.number(0, 20)
    if sign == "÷":
        b = source.number(1, 12)
        return b * source.number(0, 12), b
    highest = 99 if source.chance(0.85) else 999
    a, b = source.number(0, highest), source.number(0, 99 if source.chance(0.5) else highest)
    return (max(a, b), min(a, b)) if sign == "−" and source.chance(0.85) else (a, b)


def sum_of(source: Source) -> Turn:
    """Return one small calculation. Pairs of numbers are held out for sums and differences, not for the tables."""
    while True:
        sign = source.pick(("+", "+", "−", "−", "×", "÷"))
        a, b = _operands(source, sign)
        if sign in "×÷" or is_held_out(f"{a} {sign} {b}") == (source.split is Split.HELD_OUT):
            break
    signs, words = _SIGNS[sign]
    result = _result(a, sign, b)
    shown = f"−{-result}" if result < 0 else str(result)
    user = source.wording(_QUESTIONS, a=a, b=b, sign=source.pick(signs), word=source.pick(words))
    return Turn(user, f"{a} {sign} {b} = {shown}.", (f"= {shown}",))


def too_large(source: Source) -> Turn:
    """Return a calculation beyond the trained range, with an honest answer."""
    sign = source.pick(("+", "−", "×"))
    lowest = 1000 if sign in "+−" else 100
    a, b = source.number(lowest, 99999), source.number(lowest, 99999)
    user = source.wording(_QUESTIONS, a=a, b=b, sign=source.pick(_SIGNS[sign][0]), word=source.pick(_SIGNS[sign][1]))
    return Turn(
        user,
        "These numbers are too large for me. I am a small demonstration model and only do small sums.",
        ("too large",),
    )


_BOXES = (
    ("trays", "tray"),
    ("boxes", "box"),
    ("bags", "bag"),
    ("baskets", "basket"),
    ("shelves", "shelf"),
    ("crates", "crate"),
    ("packs", "pack"),
    ("tables", "table"),
    ("rows", "row"),
    ("jars", "jar"),
)
_ITEMS = (
    "rolls",
    "apples",
    "eggs",
    "books",
    "pens",
    "oranges",
    "cookies",
    "bottles",
    "cups",
    "stamps",
    "marbles",
    "candles",
    "plants",
    "toys",
    "cakes",
    "pears",
    "coins",
    "cards",
    "chairs",
    "buttons",
)
_PEOPLE = (
    ("A baker", "She"),
    ("A farmer", "He"),
    ("A shop", "It"),
    ("A teacher", "She"),
    ("A librarian", "He"),
    ("A gardener", "She"),
    ("A school", "It"),
    ("A cook", "He"),
    ("My uncle", "He"),
    ("My sister", "She"),
)
_LOSES = ("sells", "gives away", "loses", "uses", "sends away")
_GAINS = ("buys", "gets", "finds", "receives")
_EXPLAIN = (
    "Explain your reasoning.",
    "Explain.",
    "Show your reasoning.",
    "Explain step by step.",
    "Think step by step.",
    "",
    "",
    "Show your work.",
)


def _subject(source: Source) -> tuple[str, str]:
    return (formal_name(source), source.pick(("She", "He"))) if source.chance(0.4) else source.pick(_PEOPLE)


def word_problem(source: Source) -> Turn:
    """Return a problem of two steps (so many boxes with so many things, then some more or fewer) and its reasoning."""
    draw = source.random.random()
    if draw < 0.40:
        return source.pick((_one_step, _own_things, _in_total))(source)
    while True:
        boxes, each = source.number(2, 15), source.number(2, 12)
        total = boxes * each
        is_loss = source.chance(0.65)
        change = source.number(1, total - 1) if is_loss else source.number(1, 99)
        if is_held_out(f"{boxes} {each} {change}") == (source.split is Split.HELD_OUT):
            break
    subject, pronoun = _subject(source)
    (box, _), item = source.pick(_BOXES), source.pick(_ITEMS)
    verb = source.pick(_LOSES if is_loss else _GAINS)
    more = "" if is_loss else " more"
    asked = source.pick(("are left?", "are left now?")) if is_loss else "are there now?"
    story = f"{subject} has {boxes} {box} with {each} {item} each. {pronoun} {verb} {change}{more} {item}."
    user = f"{story} How many {item} {asked} {source.pick(_EXPLAIN)}".strip()
    result = total - change if is_loss else total + change
    sign, left = ("−", "left") if is_loss else ("+", "now")
    because = f"{pronoun} {verb} {change}{more}"
    assistant = (
        f"First, count all {item}: {boxes} {box} × {each} {item} = {total} {item}.\n"
        f"{because}, so we {'subtract' if is_loss else 'add'}: {total} {sign} {change} = {result}.\n"
        f"**{'There are ' + str(result) + ' ' + item + ' ' + left}.**"
    )
    return Turn(user, assistant, (f"= {total}", f"= {result}."))


def _one_step(source: Source) -> Turn:
    """Return a problem with one sum or difference."""
    start, item = source.number(3, 99), source.pick(_ITEMS)
    is_loss = source.chance(0.5)
    change = source.number(1, start) if is_loss else source.number(1, 99)
    subject, pronoun = _subject(source)
    verb = source.pick(_LOSES if is_loss else _GAINS)
    more = "" if is_loss else " more"
    asked = source.pick(
        (f"How many {item} are left?", "How many are left?", f"How many {item} does {pronoun.lower()} have now?")
    )
    if not is_loss:
        asked = source.pick((f"How many {item} does {pronoun.lower()} have now?", f"How many {item} are there now?"))
    user = f"{subject} has {start} {item}. {pronoun} {verb} {change}{more}. {asked} {source.pick(_EXPLAIN)}".strip()
    result = start - change if is_loss else start + change
    sign = "−" if is_loss else "+"
    assistant = (
        f"{subject} starts with {start} {item}. {pronoun} {verb} {change}{more}, so we "
        f"{'subtract' if is_loss else 'add'}: {start} {sign} {change} = {result}.\n**The answer is {result} {item}.**"
    )
    return Turn(user, assistant, (f"= {result}.",))


def _own_things(source: Source) -> Turn:
    """Return a problem about the person's own things, with one sum or difference."""
    start, item, is_loss = source.number(2, 60), source.pick(_ITEMS), source.chance(0.5)
    change = source.number(1, start) if is_loss else source.number(1, 60)
    verb = source.pick(("eat", "give away", "sell", "lose") if is_loss else ("buy", "get", "find"))
    what = f"{change}" if is_loss else f"{change} more"
    who, whose = source.pick((("I", "I"), ("you", "you"), ("we", "we")))
    user = source.pick(
        (
            f"If {who} have {start} {item} and {verb} {what}, how many {item} do {whose} have?",
            f"{who.capitalize()} have {start} {item}. {who.capitalize()} {verb} {what}. How many do {whose} have now?",
            f"{who.capitalize()} have {start} {item} and {verb} {what}. How many {item} do {whose} have?",
        )
    )
    sign, result = ("−", start - change) if is_loss else ("+", start + change)
    assistant = (
        f"{'Subtract' if is_loss else 'Add'}: {start} {sign} {change} = {result}.\n**The answer is {result} {item}.**"
    )
    return Turn(f"{user} {source.pick(_EXPLAIN)}".strip(), assistant, (f"= {result}.",))


def _in_total(source: Source) -> Turn:
    """Return a problem with one product."""
    boxes, each = source.number(2, 15), source.number(2, 12)
    (box, _), item = source.pick(_BOXES), source.pick(_ITEMS)
    subject, _ = _subject(source)
    user = source.pick(
        (
            f"{subject} has {boxes} {box} with {each} {item} each. How many {item} are there in total?",
            f"There are {boxes} {box} with {each} {item} in each. How many {item} are there?",
            f"{boxes} {box} have {each} {item} each. How many {item} is that?",
        )
    )
    assistant = (
        f"Multiply: {boxes} {box} × {each} {item} = {boxes * each} {item}.\n**There are {boxes * each} {item}.**"
    )
    return Turn(f"{user} {source.pick(_EXPLAIN)}".strip(), assistant, (f"= {boxes * each}",))


def starter(source: Source) -> Turn:
    """Return the word problem that the page offers, in its exact words."""
    del source
    return Turn(
        "A baker has 12 trays with 6 rolls each. She sells 50 rolls. How many rolls are left? Explain your reasoning.",
        "First, count all rolls: 12 trays × 6 rolls = 72 rolls.\nShe sells 50, so we subtract: 72 − 50 = 22.\n"
        "**There are 22 rolls left.**",
        ("22 rolls",),
    )
