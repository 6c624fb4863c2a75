"""What is asked of a model and what comes back: plain values, shared by the prompt, the wire and the backends."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class GenerationParameters:
    """How to sample. The defaults are those published with the Llama-2 streaming example for SageMaker.

    `ignore_eos`: go on to `max_tokens` even where the model would end; only for measuring, and only some servers can.
    Raises ValueError, naming the field, for a value that no model server accepts.
    """

    temperature: float = 0.9
    top_p: float = 0.6
    top_k: int = 50
    max_tokens: int = 512
    repetition_penalty: float = 1.03
    seed: int | None = None
    stop: tuple[str, ...] = ()
    ignore_eos: bool = False

    def __post_init__(self) -> None:
        checks = {
            "temperature": 0 <= self.temperature <= 2,
            "top_p": 0 < self.top_p <= 1,
            "top_k": self.top_k >= 0,
            "max_tokens": self.max_tokens >= 1,
            "repetition_penalty": self.repetition_penalty > 0,
        }
        for field, holds in checks.items():
            if not holds:
                raise ValueError(f"{field} is out of range: {getattr(self, field)!r}")


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message for a server that renders the prompt itself. `role` is `system`, `user` or `assistant`."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """One answer to be made, in the two forms in which servers take it: the same turns, rendered and as messages.

    `prompt` has no BOS token: every server adds its own, so exactly one reaches the model.
    """

    prompt: str
    messages: tuple[ChatMessage, ...]
    parameters: GenerationParameters
    session_id: str


@dataclass(frozen=True, slots=True)
class ModelDescription:
    """What serves: its name, how many tokens prompt and answer may have together, and the prompt alone at most.

    `model_id` is empty where nothing tells the model; then `served_as`, which somebody chose, is all that is known.
    `prompt_limit_tokens` None: as many as the window leaves. `renders_prompt`: it takes messages, and makes the prompt
    of them itself, so that no prompt format of ours matters.
    """

    model_id: str
    window_tokens: int
    prompt_limit_tokens: int | None = None
    renders_prompt: bool = False
    served_as: str = ""

    @property
    def display_name(self) -> str:
        return self.model_id or self.served_as


class FinishReason(StrEnum):
    STOP = "stop"  # the model ended its answer, or a stop text was reached
    LENGTH = "length"  # max_tokens or the window cut the answer
    UNKNOWN = "unknown"  # it ended properly, in a dialect that does not say why


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the server counted them. `prompt_tokens` None: it counted the answer alone."""

    prompt_tokens: int | None
    completion_tokens: int
    cached_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Timings:
    """Measured by the app, from the moment the request was about to be sent."""

    first_token_seconds: float
    total_seconds: float

    @property
    def streaming_seconds(self) -> float:
        """From the first token to the end."""
        return self.total_seconds - self.first_token_seconds


@dataclass(frozen=True, slots=True)
class TextDelta:
    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The one end of a stream. `usage` is None where the server does not count, `timings` until the chat adds it."""

    reason: FinishReason
    usage: Usage | None = None
    timings: Timings | None = None


StreamEvent = TextDelta | Finished
