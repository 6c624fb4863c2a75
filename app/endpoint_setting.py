"""The value of `SAGEMAKER_ENDPOINTS`: which endpoints the page offers, and what to speak to them.

Pure. It knows dialects by their words alone; what a word means on the wire is `app/wire/endpoint_request.py`'s.
"""

import re
from dataclasses import dataclass

from app.errors import SettingsError

# What people call a dialect, and the form of request that it means.
DIALECTS = {
    "inputs": "inputs",
    "tgi": "inputs",
    "lmi": "inputs",
    "messages": "messages",
    "chat": "messages",
    "tgi-messages": "messages",
    "lmi-messages": "messages",
    "prompt": "prompt",
    "completions": "prompt",
    "openai": "prompt",
    "vllm": "prompt",
}

# SageMaker's own rule for the names of endpoints and inference components.
_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
_NAME_LIMIT_CHARACTERS = 63


@dataclass(frozen=True, slots=True)
class EndpointSetting:
    """`dialect` is the word of a request's form (`inputs`, `messages`, `prompt`); None: as the container tells."""

    endpoint_name: str
    component_name: str | None = None
    dialect: str | None = None

    @property
    def name(self) -> str:
        return joined_name(self.endpoint_name, self.component_name)


def joined_name(endpoint_name: str, component_name: str | None) -> str:
    """What an endpoint is chosen by: `endpoint`, or `endpoint/component`."""
    return f"{endpoint_name}/{component_name}" if component_name else endpoint_name


def split_name(name: str) -> tuple[str, str | None]:
    """What `joined_name` joined."""
    endpoint_name, _, component_name = name.partition("/")
    return endpoint_name, component_name or None


def is_endpoint_name(name: str) -> bool:
    """Whether SageMaker could have an endpoint, and a component, of this name."""
    parts = name.split("/")
    return len(parts) <= 2 and all(len(part) <= _NAME_LIMIT_CHARACTERS and _NAME.fullmatch(part) for part in parts)


def parse_endpoint_settings(value: str) -> tuple[EndpointSetting, ...]:
    """Of `name[/component][:dialect]`, separated by commas. Raises SettingsError."""
    settings = tuple(_parse_entry(entry.strip()) for entry in value.split(",") if entry.strip())
    names = [setting.name for setting in settings]
    for name in names:
        if names.count(name) > 1:
            raise SettingsError(f"SAGEMAKER_ENDPOINTS names {name!r} more than once; leave one of them.")
    return settings


def _parse_entry(entry: str) -> EndpointSetting:
    name, has_dialect, dialect = (part.strip() for part in entry.partition(":"))
    if has_dialect and dialect.lower() not in DIALECTS:
        raise SettingsError(
            f"SAGEMAKER_ENDPOINTS has {entry!r}, whose dialect is none that is known; "
            f"after the colon write one of {', '.join(DIALECTS)}, or leave it away."
        )
    if not is_endpoint_name(name):
        raise SettingsError(
            f"SAGEMAKER_ENDPOINTS has {entry!r}; write name, name/component or name:dialect, separated by commas. "
            f"Names have letters, digits and hyphens, at most {_NAME_LIMIT_CHARACTERS}."
        )
    return EndpointSetting(*split_name(name), DIALECTS.get(dialect.lower()))
