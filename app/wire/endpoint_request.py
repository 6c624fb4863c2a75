"""The body of a request to an endpoint, in each of the three forms in which containers take it."""

from enum import StrEnum


class RequestForm(StrEnum):
    """Which field of the body holds the conversation. No container takes all of them."""

    INPUTS = "inputs"  # TGI's own form, and LMI's: the rendered prompt and `parameters`
    MESSAGES = "messages"  # OpenAI's chat: the container renders the prompt
    PROMPT = "prompt"  # OpenAI's completion: the rendered prompt
