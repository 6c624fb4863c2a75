"""What a person asks `deploy` for, checked before anything is looked up or made."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from model_server.errors import ConfigurationError
from model_server.sagemaker.lifecycle.presets import Preset

NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
VARIABLE = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
SECRET_VARIABLE = re.compile(
    r".*(TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?|API_KEY|ACCESS_KEY(_ID)?)|.*(HF|HUB|AUTH|ACCESS)_TOKEN.*",
    re.IGNORECASE,
)
SECRET_VALUE = re.compile(r"(hf_|sk-|AKIA|ASIA)\w{12,}")
START_SECONDS = 3600  # as published; SageMaker allows no more
SHORTEST_START_SECONDS = 60


@dataclass(frozen=True, slots=True)
class S3Place:
    """A bucket and a prefix in it, which is empty or ends with a slash."""

    bucket: str
    prefix: str

    @property
    def url(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"


@dataclass(frozen=True, slots=True)
class DeployOptions:
    """One deployment. None and empty: as the preset has it, or not wanted."""

    preset: Preset
    name: str
    region: str
    role: str | None = None
    image: str | None = None
    instance_type: str | None = None
    count: int = 1
    environment: Mapping[str, str] = field(default_factory=dict)
    subnets: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()
    start_seconds: int = START_SECONDS
    token_from: str | None = None  # the name of the variable of this machine that holds the hub's token
    snapshot: Path | None = None
    model_data: S3Place | None = None
    storage: S3Place | None = None
    model_version: str | None = None
    minimum_count: int | None = None
    maximum_count: int | None = None
    target_concurrency: int = 4

    def __post_init__(self) -> None:
        check_name(self.name)
        for variable, value in self.environment.items():
            _check_variable(variable, value)
        if self.token_from and self.preset.token_variable is None:
            raise ConfigurationError(f"{self.preset.name} fetches nothing from the hub: leave out --hub-token-from.")
        if bool(self.subnets) != bool(self.security_groups):
            raise ConfigurationError("A network takes both: --subnets and --security-groups. Give the other too.")
        if not SHORTEST_START_SECONDS <= self.start_seconds <= START_SECONDS:
            raise ConfigurationError(
                f"--timeout is {self.start_seconds}, but SageMaker gives a container between {SHORTEST_START_SECONDS} "
                f"and {START_SECONDS} seconds to start."
            )
        if self.count < 1:
            raise ConfigurationError(f"--count is {self.count}, but an endpoint has at least 1 instance.")
        self._check_scaling()

    def _check_scaling(self) -> None:
        if self.minimum_count is None and self.maximum_count is None:
            return
        if self.minimum_count is None or self.maximum_count is None:
            raise ConfigurationError("Autoscaling takes both: --min-count and --max-count. Give the other too.")
        if self.minimum_count < 1:
            raise ConfigurationError(
                f"--min-count is {self.minimum_count}, but endpoints of this kind cannot scale below 1. "
                "To pay nothing, delete the endpoint."
            )
        if not self.minimum_count <= self.count <= self.maximum_count:
            raise ConfigurationError(
                f"--count is {self.count}, but must be between --min-count {self.minimum_count} "
                f"and --max-count {self.maximum_count}."
            )
        if self.target_concurrency < 1:
            raise ConfigurationError(f"--target-concurrency is {self.target_concurrency}, but must be at least 1.")


def check_name(name: str) -> None:
    """Raise ConfigurationError for a name that SageMaker refuses."""
    if not NAME.fullmatch(name):
        raise ConfigurationError(
            f"The name {name!r} does not do: letters, digits and single hyphens between them, at most 63."
        )


def parse_place(text: str) -> S3Place:
    """Return what `s3://bucket/prefix` names; raise ConfigurationError where it is no such address."""
    match = re.fullmatch(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(/[A-Za-z0-9_./=+@-]*)?", text)
    if match is None:
        raise ConfigurationError(
            f"{text!r} is not an address in S3 such as s3://bucket/prefix, with letters, digits and _ . / = + @ - only."
        )
    prefix = (match[2] or "").strip("/")
    return S3Place(match[1], f"{prefix}/" if prefix else "")


def parse_environment(texts: list[str]) -> dict[str, str]:
    """Return the variables of `NAME=VALUE`, the last of the same name; raise ConfigurationError for another form."""
    pairs = [text.partition("=") for text in texts]
    for variable, equals, _ in pairs:
        if not equals or not VARIABLE.fullmatch(variable):
            raise ConfigurationError("--env takes NAME=VALUE, with letters, digits and _ in the name, such as SLOTS=8.")
    return {variable: value for variable, _, value in pairs}


def _check_variable(variable: str, value: str) -> None:
    if SECRET_VARIABLE.fullmatch(variable) or SECRET_VALUE.search(value):
        raise ConfigurationError(
            f"--env {variable} looks like a secret, which does not belong on a command line: others can read it there. "
            "Put the hub's token into a variable of this shell, and name that: --hub-token-from HF_TOKEN."
        )
