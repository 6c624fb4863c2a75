"""Words of others (a server's, AWS's) made harmless for the page, where Markdown and HTML would mean something.

Labels in the list of endpoints need none of this: Gradio shows them as text.
"""

import re

_LONGEST_CHARACTERS = 130  # an endpoint's name with its inference component's has at most 127


def plain_model_id(model_id: str) -> str:
    """For between backticks: without anything that could end them."""
    return re.sub(r"[^\w./:@-]", "", model_id)[:_LONGEST_CHARACTERS]


def plain_endpoint_name(name: str) -> str:
    """The characters that SageMaker allows in names, and the `/` between two of them. None of them is Markdown."""
    return re.sub(r"[^A-Za-z0-9/-]", "", name)[:_LONGEST_CHARACTERS]


def shown_as_text(words: str) -> str:
    """HTML and Markdown that show `words` as they are: whatever could be a mark is a character reference."""
    return "".join(mark if mark.isalnum() or mark == " " else f"&#{ord(mark)};" for mark in words)
