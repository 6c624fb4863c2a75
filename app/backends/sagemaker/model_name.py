"""Which model an endpoint serves, from whatever about it has a name. Pure.

Its format of prompts follows from it (`prompt_format_for`), so JumpStart's shortened names are written out.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import urlsplit

from app.prompts.template import PromptFormat, prompt_format_for

_VARIABLES = (
    "HF_MODEL_ID",
    "SM_VLLM_MODEL",
    "OPTION_MODEL_ID",
    "MODEL_ID",
    "MODEL_SOURCE",
    "SM_VLLM_SERVED_MODEL_NAME",
)

_JUMPSTART = re.compile(
    r"(?:huggingface-llm|hf-llm|meta-textgeneration|huggingface-textgeneration\d?|deepseek-llm|mistral-llm)-[a-z0-9.-]+"
)
# `jumpstart-dft-hf-llm-mistral-7b-ins-20240115-101112` and `…-2024-01-15-10-11-12-345`
_TIMESTAMP = re.compile(r"-20\d\d-?\d\d-?\d\d[-\d]*$")
_LLAMA_2 = re.compile(r"meta-textgeneration-llama-2-(\d+b)(-f)?\b")


def model_name(environment: Mapping[str, str], data_url: str, names: Iterable[str]) -> str:
    """The model's id, for example of the hub; empty where nothing tells.

    `data_url` is where the weights come from, `names` are those of the endpoint's parts, the most telling first.
    """
    candidates = (
        *(_of_reference(environment.get(name, "")) for name in _VARIABLES),
        _of_path(data_url),
        *(_of_name(name) for name in names),
    )
    return next((candidate for candidate in candidates if candidate), "")


def _of_reference(reference: str) -> str:
    """`owner/name` of the hub, perhaps with a commit; of an address, as much as a path of it tells."""
    reference = reference.strip()
    if "://" in reference or reference.startswith("/"):
        return _of_path(reference)
    return reference.partition("@")[0]


def _of_path(url: str) -> str:
    """The part of the path that names a model, without the bucket, whose name may say anything."""
    parts = [part for part in _path(url).split("/") if part]
    return next((name for part in reversed(parts) if (name := _of_name(part))), "")


def _path(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return ""


def _of_name(name: str) -> str:
    """A name that somebody chose tells only where it says more than the family: “mistral” may be anything."""
    name = _TIMESTAMP.sub("", name)
    jumpstart = _JUMPSTART.search(name.lower())
    if jumpstart:
        return _written_out(jumpstart.group())
    return name if prompt_format_for(name) not in (None, PromptFormat.NONE) else ""


def _written_out(name: str) -> str:
    """JumpStart calls a Llama 2 for chats `-f`, and cuts `instruct` where a name grows too long."""
    llama = _LLAMA_2.match(name)
    if llama:
        size, is_chat = llama.groups()
        return f"meta-llama/Llama-2-{size}{'-chat' if is_chat else ''}-hf"
    return "".join(_words(name))


def _words(name: str) -> Iterator[str]:
    for word in re.split(r"(-)", name):
        yield {"hf": "huggingface", "ins": "instruct", "inst": "instruct", "instr": "instruct"}.get(word, word)
