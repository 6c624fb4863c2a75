"""What can be set, and the only reader of the environment.

`load_settings` is called once, by `__main__`; everything below takes the frozen result. A bad value fails here,
before anything starts, with a sentence that names the variable, its value and the remedy.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import overload

from model_server.errors import ConfigurationError
from model_server.prepared import check_prepared

BUILT_IN_MODEL_DIR = Path(__file__).resolve().parent / "demo_model"
BUILT_IN_MODEL_ID = "twinstream-demo"
# The commit that public projects pin; nothing in this repository can check it against the hub.
DEFAULT_SOURCE = "mistralai/Mistral-7B-Instruct-v0.2@63a8b081895390a26e140280378bc85ec8bce07a"
DEFAULT_SLOTS = {"torch": 8, "neuron": 4}  # by executor
EXECUTORS = tuple(DEFAULT_SLOTS)
NEURON_CORE_COUNTS = (1, 2, 4, 8)  # over which Inferentia2 can divide the heads of a Mistral or Llama
LOG_FORMATS = ("text", "json")
MAXIMUM_SLOTS = 1024
MAXIMUM_THREADS = 1024
MAXIMUM_QUEUE = 100_000
MAXIMUM_TIMEOUT_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """One server: which model, on what, for how many requests at once."""

    model_id: str = BUILT_IN_MODEL_ID
    model_dir: Path = BUILT_IN_MODEL_DIR
    executor: str = "torch"
    slots: int = 8
    max_model_length: int | None = None  # None: the checkpoint's own maximum
    torch_threads: int | None = None  # None: as many as pay for the size of the model
    neuron_cores: int = 2
    queue_limit: int = 64  # how many requests may wait for a slot; one more is refused
    request_timeout_seconds: int = 600  # from arrival to the last token
    api_key: str | None = field(default=None, repr=False)
    log_format: str = "text"
    metrics_port: int | None = None  # on Ray, of each replica's own /metrics

    def __post_init__(self) -> None:
        if self.executor not in EXECUTORS:
            raise ConfigurationError(f"EXECUTOR is {self.executor!r}, but must be one of: {', '.join(EXECUTORS)}.")
        if self.log_format not in LOG_FORMATS:
            raise ConfigurationError(
                f"LOG_FORMAT is {self.log_format!r}, but must be one of: {', '.join(LOG_FORMATS)}."
            )
        _check_range("SLOTS", self.slots, 1, MAXIMUM_SLOTS)
        if self.torch_threads is not None:
            _check_range("TORCH_THREADS", self.torch_threads, 1, MAXIMUM_THREADS)
        if self.neuron_cores not in NEURON_CORE_COUNTS:
            counts = ", ".join(map(str, NEURON_CORE_COUNTS))
            raise ConfigurationError(f"NEURON_CORES is {self.neuron_cores}, but must be one of: {counts}.")
        check_queue_limit("QUEUE_LIMIT", self.queue_limit)
        _check_range("REQUEST_TIMEOUT_SECONDS", self.request_timeout_seconds, 1, MAXIMUM_TIMEOUT_SECONDS)
        if self.metrics_port is not None:
            _check_range("METRICS_PORT", self.metrics_port, 1, 65_535)
        if self.max_model_length is not None:
            _check_range("MAX_MODEL_LENGTH", self.max_model_length, 4, 10_000_000)


def load_settings(environment: Mapping[str, str] = os.environ) -> ServerSettings:
    """Return the settings that `environment` asks for; raise ConfigurationError for the first bad value."""
    model_dir = _folder(environment.get("MODEL_DIR"))
    if not _has_configuration(model_dir):
        check_prepared(model_dir)
        raise ConfigurationError(
            f"MODEL_DIR is {str(model_dir)!r}, but there is no config.json in it. "
            "Set MODEL_DIR to a directory with a Mistral or Llama checkpoint, or leave it unset for the built-in model."
        )
    executor = environment.get("EXECUTOR") or "torch"
    return ServerSettings(
        model_id=_text(environment, "MODEL_ID") or _default_model_id(model_dir),
        model_dir=model_dir,
        executor=executor,
        slots=_whole_number(environment, "SLOTS", DEFAULT_SLOTS.get(executor, 1)),
        max_model_length=_whole_number(environment, "MAX_MODEL_LENGTH", None),
        torch_threads=_whole_number(environment, "TORCH_THREADS", None),
        neuron_cores=_whole_number(environment, "NEURON_CORES", 2),
        queue_limit=_whole_number(environment, "QUEUE_LIMIT", 64),
        request_timeout_seconds=_whole_number(environment, "REQUEST_TIMEOUT_SECONDS", 600),
        api_key=_text(environment, "API_KEY") or None,
        log_format=environment.get("LOG_FORMAT") or "text",
        metrics_port=_whole_number(environment, "METRICS_PORT", None),
    )


@dataclass(frozen=True, slots=True)
class PrepareSettings:
    """One volume: what is fetched into which folder, and what it is compiled for, if anything."""

    source: str
    model_dir: Path
    is_compiled: bool
    slots: int
    max_model_length: int | None  # None: the checkpoint's own maximum
    neuron_cores: int


def load_prepare_settings(
    options: Mapping[str, str], is_compiled: bool | None = None, environment: Mapping[str, str] = os.environ
) -> PrepareSettings:
    """Return what `options`, by the names of variables, and behind them `environment` ask to prepare.

    `is_compiled` None: where EXECUTOR is neuron. Raises ConfigurationError for the first bad value.
    """
    environment = {**environment, **options}
    if not environment.get("MODEL_DIR"):
        raise ConfigurationError(
            "MODEL_DIR is not set. Set it, or --model-dir, to the folder that is to hold the model."
        )
    executor = "neuron" if is_compiled else environment.get("EXECUTOR") or "torch"
    served = ServerSettings(  # checks the values as a server would
        executor=executor,
        slots=_whole_number(environment, "SLOTS", DEFAULT_SLOTS.get(executor, 1)),
        max_model_length=_whole_number(environment, "MAX_MODEL_LENGTH", None),
        neuron_cores=_whole_number(environment, "NEURON_CORES", 2),
    )
    return PrepareSettings(
        source=environment.get("MODEL_SOURCE") or DEFAULT_SOURCE,
        model_dir=_folder(environment["MODEL_DIR"]),
        is_compiled=executor == "neuron" and is_compiled is not False,
        slots=served.slots,
        max_model_length=served.max_model_length,
        neuron_cores=served.neuron_cores,
    )


def load_region(environment: Mapping[str, str] = os.environ) -> str | None:
    """Return the region of AWS that is set; None leaves it to boto3's own configuration."""
    return _text(environment, "AWS_REGION") or None


def load_secret(variable: str, environment: Mapping[str, str] = os.environ) -> str:
    """Return the secret in a variable that the person named; raise ConfigurationError where it is not set.

    What is no name may be the secret itself, given by mistake, so it is not repeated.
    """
    if not (variable.isidentifier() and variable.isupper()):
        raise ConfigurationError(
            "Name the variable that holds the secret, such as HF_TOKEN, and not the secret itself."
        )
    secret = _text(environment, variable)
    if not secret:
        raise ConfigurationError(
            f"{variable!r} is named as the variable with a secret, but it is not set. Set it first."
        )
    return secret


def keep_compilations(directory: Path) -> None:
    """Let an interrupted compilation go on where it stopped, unless a cache is set already."""
    if not os.environ.get("NEURON_COMPILE_CACHE_URL"):
        os.environ["NEURON_COMPILE_CACHE_URL"] = str(directory)


def _folder(text: str | None) -> Path:
    try:
        return Path(text or BUILT_IN_MODEL_DIR).expanduser().resolve()
    except (RuntimeError, OSError, ValueError) as error:
        raise ConfigurationError(f"MODEL_DIR is {text!r}, which names no folder: {error}.") from error


def _has_configuration(model_dir: Path) -> bool:
    try:
        return (model_dir / "config.json").is_file()
    except OSError as error:
        raise ConfigurationError(f"MODEL_DIR is {str(model_dir)!r}, which cannot be read: {error.strerror}.") from error


def _text(environment: Mapping[str, str], variable: str) -> str:
    """Return the value without the space or line end around it, which secret files often have."""
    text = environment.get(variable, "").strip()
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ConfigurationError(f"{variable} holds bytes that are not UTF-8. Set it to plain text.") from error
    return text


def _default_model_id(model_dir: Path) -> str:
    return BUILT_IN_MODEL_ID if model_dir == BUILT_IN_MODEL_DIR else model_dir.name


@overload
def _whole_number(environment: Mapping[str, str], variable: str, default: int) -> int: ...
@overload
def _whole_number(environment: Mapping[str, str], variable: str, default: None) -> int | None: ...
def _whole_number(environment: Mapping[str, str], variable: str, default: int | None) -> int | None:
    text = environment.get(variable)
    if not text:
        return default
    try:
        return int(text)
    except ValueError as error:
        raise ConfigurationError(f"{variable} is {text!r}, but must be a whole number, such as 8.") from error


def check_queue_limit(name: str, value: int) -> None:
    """Raise ConfigurationError, which begins with `name`, for a limit that no queue can have."""
    _check_range(name, value, 0, MAXIMUM_QUEUE)


def _check_range(variable: str, value: int, lowest: int, highest: int) -> None:
    if not lowest <= value <= highest:
        raise ConfigurationError(f"{variable} is {value}, but must be between {lowest} and {highest}.")
