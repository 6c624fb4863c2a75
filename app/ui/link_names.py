"""How a backend is named outside of the page: in a link, and by a program. As the sidebar says, or as a URL would."""

import re

from app.backends.catalog import BackendChoice


def link_name(label: str) -> str:
    """`Built-in model` → `built-in-model`. `browser/deep_link.js` does the same."""
    return re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")


def find_choice(choices: tuple[BackendChoice, ...], name: str) -> BackendChoice | None:
    """The choice of that label or link name."""
    return next((choice for choice in choices if link_name(choice.label) == link_name(name)), None)
