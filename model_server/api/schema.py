"""The bodies of requests, as OpenAI's clients send them: ranges checked, unknown fields ignored, null means not given.

What this server cannot do is refused with a sentence rather than ignored. Does not read HTTP or compute anything.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from model_server.engine.chat_template import Message
from model_server.engine.request import MAXIMUM_STOP_LENGTH, MAXIMUM_STOP_STRINGS, SamplingParameters

COMPLETION_MAX_TOKENS = 16  # OpenAI's default
MAXIMUM_MESSAGES = 10_000
BEAMS_REFUSED = "this server streams each token as it is chosen, so it cannot search with beams or take words back"

Value = TypeVar("Value")


def _refuse_surrogates(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("a surrogate without its other half is not text") from error
    return text


Text = Annotated[str, AfterValidator(_refuse_surrogates)]
StopString = Annotated[Text, Field(min_length=1, max_length=MAXIMUM_STOP_LENGTH)]


class Body(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _drop_nulls(cls, data: Any) -> Any:
        return {name: value for name, value in data.items() if value is not None} if isinstance(data, dict) else data


class StreamOptions(Body):
    include_usage: bool = False


class GenerationBody(Body):
    """What completions and chat completions have in common."""

    model: str | None = None
    temperature: float = Field(default=1.0, ge=0, le=2)
    top_p: float = Field(default=1.0, gt=0, le=1)
    top_k: int = Field(default=0, ge=-1)
    repetition_penalty: float = Field(default=1.0, ge=0.01, le=10)
    seed: int | None = None
    stop: StopString | list[StopString] = Field(default_factory=list)
    stream: bool = False
    stream_options: StreamOptions = StreamOptions()
    ignore_eos: bool = False
    n: int = 1
    best_of: int = 1
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    logit_bias: dict[str, Any] = Field(default_factory=dict)
    use_beam_search: bool = False
    num_beams: int = 1
    length_penalty: float = 1.0
    early_stopping: bool | str = False
    no_repeat_ngram_size: int = 0
    min_tokens: int = 0
    top_logprobs: int = 0

    @field_validator("min_tokens", "top_logprobs")
    @classmethod
    def _refuse_numbers(cls, value: int, field: ValidationInfo) -> int:
        return refuse(value, str(field.field_name))

    @field_validator("presence_penalty", "frequency_penalty", "logit_bias")
    @classmethod
    def _refuse_biases(cls, value: Value, field: ValidationInfo) -> Value:
        return refuse(value, str(field.field_name))

    @field_validator("n", "best_of")
    @classmethod
    def _refuse_several(cls, value: int) -> int:
        if value != 1:
            raise ValueError("this server makes one answer per request")
        return value

    @field_validator("use_beam_search", "num_beams", "length_penalty", "early_stopping", "no_repeat_ngram_size")
    @classmethod
    def _refuse_beams(cls, value: Value, field: ValidationInfo) -> Value:
        if value != cls.model_fields[str(field.field_name)].default:
            raise ValueError(BEAMS_REFUSED)
        return value

    @field_validator("stop")
    @classmethod
    def _bound_stops(cls, value: str | list[str]) -> str | list[str]:
        if isinstance(value, list) and len(value) > MAXIMUM_STOP_STRINGS:
            raise ValueError(f"at most {MAXIMUM_STOP_STRINGS} stop strings are allowed")
        return value

    def sampling(self, max_tokens: int) -> SamplingParameters:
        """Return the engine's form of these fields."""
        return SamplingParameters(
            max_tokens=max_tokens,
            temperature=self.temperature,
            top_p=self.top_p,
            top_k=max(self.top_k, 0),  # -1 means the same as 0
            repetition_penalty=self.repetition_penalty,
            seed=self.seed,
            stop=(self.stop,) if isinstance(self.stop, str) else tuple(self.stop),
            ignores_end_token=self.ignore_eos,
        )


class CompletionBody(GenerationBody):
    """POST /v1/completions"""

    prompt: Text
    max_tokens: int = Field(default=COMPLETION_MAX_TOKENS, ge=1)
    logprobs: int | None = None
    echo: bool = False
    suffix: str = ""

    @field_validator("logprobs")
    @classmethod
    def _refuse_logprobs(cls, value: int | None) -> int | None:
        refuse(value is not None, "log probabilities")  # 0 asks for those of the chosen tokens
        return value

    @field_validator("echo", "suffix")
    @classmethod
    def _refuse_additions(cls, value: Value, field: ValidationInfo) -> Value:
        return refuse(value, str(field.field_name))


class TextPart(Body):
    type: Literal["text"]
    text: Text


class MessageBody(Body):
    """`developer` is OpenAI's newer name for `system`."""

    role: Literal["system", "developer", "user", "assistant"]
    content: Text | list[TextPart]

    @property
    def _role(self) -> str:
        return "system" if self.role == "developer" else self.role

    def message(self) -> Message:
        """Return the engine's form: parts are one text."""
        if isinstance(self.content, str):
            return Message(self._role, self.content)
        return Message(self._role, "".join(part.text for part in self.content))


class ChatBody(GenerationBody):
    """POST /v1/chat/completions; without max_tokens, an answer may fill the rest of the window."""

    messages: list[MessageBody] = Field(min_length=1, max_length=MAXIMUM_MESSAGES)
    max_tokens: int | None = Field(default=None, ge=1)
    max_completion_tokens: int | None = Field(default=None, ge=1)
    logprobs: bool = False
    tools: list[Any] = Field(default_factory=list)
    functions: list[Any] = Field(default_factory=list)  # what tools were called before
    response_format: dict[str, Any] = Field(default_factory=dict)

    @field_validator("logprobs")
    @classmethod
    def _refuse_logprobs(cls, value: bool) -> bool:
        return refuse(value, "log probabilities")

    @field_validator("response_format")
    @classmethod
    def _refuse_formats(cls, value: dict[str, Any]) -> dict[str, Any]:
        refuse(value not in ({}, {"type": "text"}), "response formats other than text")
        return value

    @field_validator("tools", "functions")
    @classmethod
    def _refuse_tools(cls, value: list[Any], field: ValidationInfo) -> list[Any]:
        return refuse(value, str(field.field_name))


class TokenizeBody(Body):
    """POST /tokenize, with a prompt or with messages"""

    prompt: Text | None = None
    messages: list[MessageBody] | None = Field(default=None, min_length=1, max_length=MAXIMUM_MESSAGES)
    add_special_tokens: bool = True

    @model_validator(mode="after")
    def _need_one(self) -> TokenizeBody:
        if (self.prompt is None) == (self.messages is None):
            raise ValueError("send either prompt or messages")
        return self


def refuse(value: Value, what: str) -> Value:
    """Return a value that asks for nothing; raise ValueError for any other."""
    if value:
        raise ValueError(f"this server does not offer {what}")
    return value
