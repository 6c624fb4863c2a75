"""How many tokens an endpoint's model takes, from the environment of its container.

Pure. What a container does by default follows TGI's documentation of its launcher (1.x: 2,048 in all and 1,024 for the
prompt; 2.x: 4,096 and 4,095 at most); for the others, and where nothing is known, it is the smallest common window.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from app.backends.sagemaker.container import Container, Software

_DEFAULT_TOKENS = 4096  # also all that Llama 2 was trained for
_LONGEST_WINDOW_TOKENS = 16_777_216  # beyond it, a figure is a mistake


@dataclass(frozen=True, slots=True)
class Window:
    """Prompt and answer together, and the prompt alone at most; None: as many as the window leaves."""

    window_tokens: int
    prompt_limit_tokens: int | None = None


_TGI_1_DEFAULT = Window(2048, 1024)
_TGI_2_DEFAULT = Window(_DEFAULT_TOKENS, 4095)

_VARIABLES = {
    Software.TGI: ("MAX_TOTAL_TOKENS",),
    Software.LMI: ("OPTION_MAX_MODEL_LEN", "OPTION_N_POSITIONS"),
    Software.VLLM: ("SM_VLLM_MAX_MODEL_LEN",),
    Software.OWN: ("MAX_MODEL_LENGTH",),
}
_ALL_VARIABLES = tuple(name for names in _VARIABLES.values() for name in names)
# The later name, and the one that it replaced. TGI does not start with both.
_PROMPT_VARIABLES = ("MAX_INPUT_TOKENS", "MAX_INPUT_LENGTH")


def window_of(container: Container, environment: Mapping[str, str]) -> Window:
    """A variable whose value is no number of tokens counts as not set."""
    default = _default(container)
    window_tokens = _first(environment, _VARIABLES.get(container.software, _ALL_VARIABLES)) or default.window_tokens
    if container.software not in (Software.TGI, Software.UNKNOWN):
        return Window(window_tokens)
    return Window(window_tokens, _first(environment, _PROMPT_VARIABLES) or default.prompt_limit_tokens)


def _default(container: Container) -> Window:
    if container.software is not Software.TGI or container.version is None or container.version >= (3, 0, 0):
        return Window(_DEFAULT_TOKENS)
    return _TGI_2_DEFAULT if container.version >= (2, 0, 0) else _TGI_1_DEFAULT


def _first(environment: Mapping[str, str], names: tuple[str, ...]) -> int | None:
    return next((tokens for name in names if (tokens := _tokens(environment.get(name, "")))), None)


def _tokens(value: str) -> int | None:
    value = value.strip()
    # What has more digits is not even read: Python refuses to convert thousands of them.
    if not (value.isascii() and value.isdecimal() and len(value) <= len(str(_LONGEST_WINDOW_TOKENS))):
        return None
    tokens = int(value)
    return tokens if 2 <= tokens <= _LONGEST_WINDOW_TOKENS else None
