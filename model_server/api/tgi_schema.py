"""The body of a request in the form of TGI (text-generation-inference): `inputs`, `parameters`, `stream`.

Sampled where `do_sample` is true, or where it is not given but temperature, top_k, top_p or seed is; greedy otherwise.
`temperature: 0` and `top_p: 1`, which TGI refuses, mean what they mean elsewhere. `stop_sequences` is the name that LMI
containers have for `stop`: both are read. What this server cannot do is refused.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field, ValidationInfo, field_validator

from model_server.api.schema import BEAMS_REFUSED, Body, StopString, Text, Value, refuse
from model_server.engine.request import MAXIMUM_STOP_STRINGS, SamplingParameters


class TgiParameters(Body):
    max_new_tokens: int | None = Field(default=None, ge=1)
    do_sample: bool | None = None
    temperature: float | None = Field(default=None, ge=0, le=100)
    top_k: int | None = Field(default=None, ge=-1)
    top_p: float | None = Field(default=None, gt=0, le=1)
    repetition_penalty: float = Field(default=1.0, ge=0.01, le=10)
    seed: int | None = None
    stop: list[StopString] = Field(default_factory=list, max_length=MAXIMUM_STOP_STRINGS)
    stop_sequences: list[StopString] = Field(default_factory=list, max_length=MAXIMUM_STOP_STRINGS)
    truncate: int | None = Field(default=None, ge=2)
    return_full_text: bool = False
    details: bool = False
    best_of: int = 1
    num_beams: int = 1
    frequency_penalty: float = 0.0
    typical_p: float = 1.0
    watermark: bool = False
    decoder_input_details: bool = False
    top_n_tokens: int = 0
    grammar: dict[str, Any] = Field(default_factory=dict)
    adapter_id: str = ""

    @field_validator("frequency_penalty", "watermark", "decoder_input_details", "top_n_tokens", "grammar", "adapter_id")
    @classmethod
    def _refuse_additions(cls, value: Value, field: ValidationInfo) -> Value:
        return refuse(value, str(field.field_name))

    @field_validator("typical_p")
    @classmethod
    def _refuse_typical(cls, value: float) -> float:
        refuse(value != 1, "typical_p")
        return value

    @field_validator("best_of", "num_beams")
    @classmethod
    def _refuse_several(cls, value: int) -> int:
        if value != 1:
            raise ValueError(BEAMS_REFUSED)
        return value

    @property
    def is_sampled(self) -> bool:
        if self.do_sample is not None:
            return self.do_sample
        return any(value is not None for value in (self.temperature, self.top_k, self.top_p, self.seed))

    @property
    def stops(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*self.stop, *self.stop_sequences]))  # clients that know both names send both

    def sampling(self, max_tokens: int) -> SamplingParameters:
        """Return the engine's form of these fields."""
        temperature = 1.0 if self.temperature is None else self.temperature
        return SamplingParameters(
            max_tokens=max_tokens,
            temperature=temperature if self.is_sampled else 0.0,
            top_p=self.top_p or 1.0,
            top_k=max(self.top_k or 0, 0),
            repetition_penalty=self.repetition_penalty,
            seed=self.seed,
            stop=self.stops,
        )


class TgiBody(Body):
    """POST /invocations, with `inputs`: a prompt as it stands, in which control strings are control tokens."""

    inputs: Text = Field(min_length=1)
    parameters: TgiParameters = TgiParameters()
    stream: bool = False
