"""What Twinstream is and how to use it, and the words a newcomer meets on the page."""

from model_server.demo_training.corpus.source import Source
from model_server.demo_training.corpus.texts import exchanges, sections
from model_server.demo_training.corpus.turns import Turn

TERM_SHARE = 0.55


def what_is_twinstream(source: Source) -> Turn:
    """Return the first starter prompt of the page, or another wording of it."""
    return sections("product")["what_is"].exchange().turn(source)


def product(source: Source) -> Turn:
    """Return a question about Twinstream or about one of its words."""
    return term(source) if source.chance(TERM_SHARE) else source.pick(exchanges("product")).turn(source)


def term(source: Source) -> Turn:
    """Return a question for the meaning of a word, with its definition."""
    *terms, asked = sections("terms").values()
    chosen = source.pick(terms)
    user = source.wording(asked.variants("Q"), term=source.pick(chosen.variants("N")))
    return Turn(user, source.pick(chosen.all("A")), chosen.all("="))
