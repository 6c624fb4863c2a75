"""The only reader of the environment. Every variable stands in `.env.example`."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from dotenv import load_dotenv

from app.access_setting import OPEN, AccessSetting, parse_access
from app.endpoint_setting import EndpointSetting, parse_endpoint_settings
from app.errors import SettingsError

# It becomes part of a host's name, and regions to come cannot be known: only what no region can be is refused.
_REGION = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the page listens, and which models it offers. `ray_serve_url` None: the built-in model.

    `sagemaker_endpoints` empty: all that the account has. `aws_region` None: as boto3 finds it. AWS's own variables are
    boto3's to read.
    """

    host: str = "127.0.0.1"
    port: int = 7860
    ray_serve_url: str | None = None
    ray_serve_api_key: str | None = field(default=None, repr=False)
    sagemaker_endpoints: tuple[EndpointSetting, ...] = ()
    sagemaker_accepts_eula: bool = False
    aws_region: str | None = None
    access: AccessSetting = OPEN


def read_environment() -> Mapping[str, str]:
    """The environment, completed from `.env` in the current directory, which never overrides what is set."""
    load_dotenv(".env", override=False)
    return os.environ


def load_settings(environment: Mapping[str, str]) -> Settings:
    """Raises SettingsError naming variable, value and remedy. An empty variable counts as not set."""
    return Settings(
        host=environment.get("GRADIO_SERVER_NAME") or "127.0.0.1",
        port=_port(environment.get("GRADIO_SERVER_PORT") or "7860"),
        ray_serve_url=_url(environment.get("RAY_SERVE_URL") or None),
        ray_serve_api_key=_key(environment.get("RAY_SERVE_API_KEY") or None),
        sagemaker_endpoints=parse_endpoint_settings(environment.get("SAGEMAKER_ENDPOINTS") or ""),
        sagemaker_accepts_eula=_truth(environment.get("SAGEMAKER_ACCEPT_EULA") or "false"),
        aws_region=_region(environment.get("AWS_REGION") or None),
        access=parse_access(environment.get("CHAT_AUTH") or None, environment.get("CHAT_AUTH_HEADER") or None),
    )


def _port(value: str) -> int:
    if not value.isdecimal() or not 0 < int(value) < 65536:
        raise SettingsError(f"GRADIO_SERVER_PORT is {value!r}; set it to a port between 1 and 65535.")
    return int(value)


def _key(value: str | None) -> str | None:
    if value is not None and not (value.isascii() and value.isprintable()):
        raise SettingsError("RAY_SERVE_API_KEY has characters that no HTTP header can carry; use plain ASCII.")
    return value


def _truth(value: str) -> bool:
    if value.lower() not in ("true", "false"):
        raise SettingsError(f"SAGEMAKER_ACCEPT_EULA is {value!r}; set it to true or false.")
    return value.lower() == "true"


def _region(value: str | None) -> str | None:
    if value is not None and not _REGION.fullmatch(value):
        raise SettingsError(f"AWS_REGION is {value!r}; set it to the code of a region, like us-west-2.")
    return value


def _url(value: str | None) -> str | None:
    """Without a closing slash or `/v1`, which the backend adds."""
    if value is None:
        return None
    if not _is_address(value):
        raise SettingsError(
            f"RAY_SERVE_URL is {value!r}; set it to an address like http://localhost:8000, without /v1."
        )
    return value.rstrip("/").removesuffix("/v1")


def _is_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        is_complete = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none, half an IPv6 address
        return False
    return is_complete and value.isascii() and value.isprintable() and " " not in value
