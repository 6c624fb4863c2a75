"""Which endpoints `local` offers: one for each dialect, some of other kinds, some that cannot be spoken to.

Images are real ones. Environments are what people deploy them with, where the windows are those of the model that
answers here. Where the name of a model would decide how it is asked, its folder is given instead.
"""

from __future__ import annotations

from model_server.sagemaker.local.dialects.lmi import Lmi
from model_server.sagemaker.local.dialects.openai import Vllm
from model_server.sagemaker.local.dialects.tgi import Tgi
from model_server.sagemaker.local.dialects.tgi_messages import TgiMessages
from model_server.sagemaker.local.endpoints import Component, Container, Endpoint
from model_server.sagemaker.local.faults import Fault

TGI = "huggingface-pytorch-tgi-inference"
LMI = "djl-inference"
FOLDER = {"HF_MODEL_ID": "/opt/ml/model"}
ROLLING = {"OPTION_ROLLING_BATCH": "vllm"}
TAGS = {"made-by": "local"}
NO_ANSWER = "The primary container for production variant AllTraffic did not pass the ping health check."


class EndpointTable:
    """The endpoints of one model: its name, and its window in tokens."""

    def __init__(self, model_id: str, window_tokens: int) -> None:
        self._model_id = model_id
        self._window = str(window_tokens)
        self._prompt_limit = str(window_tokens - 1)

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return all that answer, and those that do not, as they are: oldest first, so that lists begin with TGI 3."""
        return (*self._not_offered(), *self._others(), *self._lmi(), *self._tgi())

    def faults(self) -> tuple[Endpoint, ...]:
        """Return one endpoint for each fault, by the name of `fault-…`."""
        container = self._tgi_3(FOLDER)
        return tuple(Endpoint(f"fault-{fault.value}", container, fault=fault, tags=TAGS) for fault in Fault)

    def _tgi(self) -> tuple[Endpoint, ...]:
        first = Container(
            f"{TGI}:2.0.1-tgi1.1.0-gpu-py39-cu118-ubuntu20.04",
            {**FOLDER, "SM_NUM_GPUS": "1", "MAX_INPUT_LENGTH": self._prompt_limit, "MAX_TOTAL_TOKENS": self._window},
            Tgi((1, 1)),
        )
        switched = Container(
            f"{TGI}:2.1.1-tgi1.4.5-gpu-py310-cu121-ubuntu22.04",
            {**first.environment, "HF_MODEL_ID": self._model_id, "MESSAGES_API_ENABLED": "true"},
            TgiMessages("1.4.5", self._model_id),
        )
        second = Container(
            f"{TGI}:2.3.0-tgi2.2.0-gpu-py310-cu121-ubuntu22.04-v2.0", self._tgi_environment(FOLDER), Tgi((2, 2))
        )
        return (
            Endpoint("tgi-1-1", first, tags=TAGS),
            Endpoint("tgi-1-4-messages", switched, tags=TAGS),
            Endpoint("tgi-2-2", second, tags=TAGS),
            Endpoint("tgi-3", self._tgi_3(FOLDER), tags=TAGS),
            Endpoint("tgi-3-messages", self._tgi_3({"HF_MODEL_ID": self._model_id}), tags=TAGS),
        )

    def _lmi(self) -> tuple[Endpoint, ...]:
        named = {"HF_MODEL_ID": self._model_id}
        lines = {**FOLDER, "OPTION_OUTPUT_FORMATTER": "jsonlines"}
        compatible = {**FOLDER, **ROLLING, "OPTION_TGI_COMPAT": "true"}
        chats = {**named, **ROLLING, "OPTION_OUTPUT_FORMATTER": "sse"}
        rows = (
            ("lmi-0-25-outputs", "0.25.0-deepspeed0.11.0-cu118", lines, self._dialect(25, formatter="jsonlines")),
            ("lmi-0-26-pieces", "0.26.0-deepspeed0.12.6-cu121", FOLDER, self._dialect(26)),
            ("lmi-0-28-jsonlines", "0.28.0-lmi10.0.0-cu124", lines, self._dialect(28, formatter="jsonlines")),
            ("lmi-15-rolling", "0.33.0-lmi15.0.0-cu128", {**FOLDER, **ROLLING}, self._dialect(33)),
            ("lmi-15-sse", "0.33.0-lmi15.0.0-cu128", compatible, self._dialect(33, is_tgi=True)),
            ("lmi-17-async", "0.35.0-lmi17.0.0-cu128", FOLDER, self._dialect(35, is_async=True)),
            ("lmi-17-async-messages", "0.35.0-lmi17.0.0-cu128", named, self._dialect(35, is_async=True)),
            ("lmi-messages", "0.36.0-lmi20.0.0-cu128", chats, self._dialect(36, formatter="sse")),
        )
        return tuple(
            Endpoint(name, Container(f"{LMI}:{tag}", self._lmi_environment(environment), dialect), tags=TAGS)
            for name, tag, environment, dialect in rows
        )

    def _others(self) -> tuple[Endpoint, ...]:
        vllm = Container(
            "vllm:0.27.1-gpu-py312-cu130-ubuntu22.04-sagemaker",
            {"SM_VLLM_MODEL": self._model_id, "SM_VLLM_MAX_MODEL_LEN": self._window},
            Vllm(self._model_id),
        )
        asynchronous = Container(
            f"{LMI}:0.35.0-lmi17.0.0-cu128", self._lmi_environment(FOLDER), self._dialect(35, is_async=True)
        )
        components = (
            Component("component-tgi-3", self._tgi_3(FOLDER)),
            Component("component-lmi-17", asynchronous, has_model=True),
        )
        asleep = (Component("component-asleep", self._tgi_3(FOLDER), copies=0),)
        return (
            Endpoint("vllm", vllm, tags=TAGS),
            Endpoint("serverless", self._tgi_3(FOLDER), is_serverless=True, tags=TAGS),
            Endpoint("components", components=components, tags=TAGS),
            Endpoint("scaled-to-zero", components=asleep, tags=TAGS),
        )

    def _not_offered(self) -> tuple[Endpoint, ...]:
        no_chat = Container("sagemaker-xgboost:1.7-1", {}, None)
        return (
            Endpoint("being-created", self._tgi_3(FOLDER), status="Creating", tags=TAGS),
            Endpoint("failed", self._tgi_3(FOLDER), status="Failed", failure_reason=NO_ANSWER, tags=TAGS),
            Endpoint("no-chat", no_chat),
        )

    def _tgi_3(self, model: dict[str, str]) -> Container:
        dialect = TgiMessages("3.3.6", self._model_id, native=Tgi((3, 3)))
        tag = "2.7.0-tgi3.3.6-gpu-py311-cu124-ubuntu22.04"
        return Container(f"{TGI}:{tag}", self._tgi_environment(model), dialect)

    def _tgi_environment(self, model: dict[str, str]) -> dict[str, str]:
        limits = {"MAX_INPUT_TOKENS": self._prompt_limit, "MAX_TOTAL_TOKENS": self._window}
        return {**model, "SM_NUM_GPUS": "1", **limits}

    def _lmi_environment(self, environment: dict[str, str]) -> dict[str, str]:
        return {**environment, "TENSOR_PARALLEL_DEGREE": "max", "OPTION_MAX_MODEL_LEN": self._window}

    def _dialect(self, minor: int, **options: object) -> Lmi:
        return Lmi((0, minor), self._model_id, **options)  # type: ignore[arg-type]
