"""What can be deployed, as published: image, instance, environment. A table; how it becomes calls is in `plan.py`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

MISTRAL = "mistralai/Mistral-7B-Instruct-v0.2"
LLAMA = "meta-llama/Llama-2-13b-chat-hf"
JUMPSTART_MISTRAL = "huggingface-llm-mistral-7b-instruct"
MODEL_FOLDER = "/opt/ml/model"  # where SageMaker puts a model's files


class Weights(Enum):
    """Where the container gets the model from."""

    HUB = "hub"  # it fetches them by itself, with a token where the model is gated
    PROPERTIES = "properties"  # S3, named in a serving.properties of ours
    FOLDER = "folder"  # S3, mounted at MODEL_FOLDER
    JUMPSTART = "jumpstart"  # AWS's own bucket, as JumpStart's manifest says


@dataclass(frozen=True, slots=True)
class Preset:
    """`image` None: only the person knows it. `properties`: of serving.properties, without the model's place."""

    name: str
    sentence: str
    weights: Weights
    image: str | None
    instance_type: str
    environment: Mapping[str, str] = field(default_factory=dict)
    token_variable: str | None = None  # in which the container reads the hub's token; None: it needs none
    properties: Mapping[str, str] = field(default_factory=dict)
    volume_gib: int | None = None  # None: as the instance has it


_PRESETS = (
    Preset(
        name="mistral-7b-instruct-tgi",
        sentence="Mistral-7B-Instruct-v0.2 from the hub, on TGI",
        weights=Weights.HUB,
        image="tgi-2.2.0",  # v0.2 has no sliding window, which TGI 1.1 of the published deployment takes for granted
        instance_type="ml.g5.2xlarge",
        environment={
            "HF_MODEL_ID": MISTRAL,
            "SM_NUM_GPUS": "1",
            "MAX_INPUT_LENGTH": "8191",
            "MAX_TOTAL_TOKENS": "8192",
            "MAX_BATCH_PREFILL_TOKENS": "8191",
        },
        token_variable="HUGGING_FACE_HUB_TOKEN",  # noqa: S106  a name
    ),
    Preset(
        name="llama-2-13b-chat-tgi",
        sentence="Llama-2-13B-chat from the hub, on TGI over four GPUs",
        weights=Weights.HUB,
        image="tgi-1.0.3",
        instance_type="ml.g5.12xlarge",
        environment={
            "HF_MODEL_ID": LLAMA,
            "SM_NUM_GPUS": "4",
            "MAX_INPUT_LENGTH": "2048",
            "MAX_TOTAL_TOKENS": "4096",
            "MAX_BATCH_TOTAL_TOKENS": "8192",
        },
        token_variable="HUGGING_FACE_HUB_TOKEN",  # noqa: S106  a name
    ),
    Preset(
        name="mistral-7b-instruct-lmi",
        sentence="Mistral-7B-Instruct-v0.2 from the hub, on LMI",
        weights=Weights.HUB,
        image="lmi-0.31.0",
        instance_type="ml.g5.2xlarge",
        environment={
            "HF_MODEL_ID": MISTRAL,
            "TENSOR_PARALLEL_DEGREE": "max",
            "OPTION_ROLLING_BATCH": "vllm",
            "OPTION_MAX_MODEL_LEN": "8192",
            "MODEL_LOADING_TIMEOUT": "3600",
        },
        token_variable="HF_TOKEN",  # noqa: S106  a name
    ),
    Preset(
        name="llama-2-13b-chat-lmi",
        sentence="Llama-2-13B-chat from the hub, on LMI over four GPUs",
        weights=Weights.HUB,
        image="lmi-0.31.0",
        instance_type="ml.g5.12xlarge",
        environment={
            "HF_MODEL_ID": LLAMA,
            "TENSOR_PARALLEL_DEGREE": "4",
            "OPTION_ROLLING_BATCH": "vllm",
            "OPTION_MAX_ROLLING_BATCH_SIZE": "64",
            "OPTION_MAX_MODEL_LEN": "4096",
            "MODEL_LOADING_TIMEOUT": "3600",
        },
        token_variable="HF_TOKEN",  # noqa: S106  a name
    ),
    Preset(
        name="mistral-7b-instruct-lmi-s3",
        sentence="Mistral-7B-Instruct-v0.2 from S3, on LMI",
        weights=Weights.PROPERTIES,
        image="lmi-0.31.0",
        instance_type="ml.g5.2xlarge",
        environment={"MODEL_LOADING_TIMEOUT": "3600"},
        properties={
            "engine": "Python",
            "option.tensor_parallel_degree": "max",
            "option.rolling_batch": "vllm",
            "option.max_model_len": "8192",
            "option.model_loading_timeout": "900",
        },
    ),
    Preset(
        name="llama-2-13b-chat-lmi-s3",
        sentence="Llama-2-13B-chat from S3, on LMI over four GPUs",
        weights=Weights.PROPERTIES,
        image="lmi-0.25.0",
        instance_type="ml.g5.12xlarge",
        environment={"MODEL_LOADING_TIMEOUT": "3600"},
        properties={
            "engine": "MPI",
            "option.entryPoint": "djl_python.huggingface",
            "option.tensor_parallel_degree": "4",
            "option.low_cpu_mem_usage": "TRUE",
            "option.rolling_batch": "lmi-dist",
            "option.max_rolling_batch_size": "64",
            "option.model_loading_timeout": "900",
            "option.paged_attention": "true",
        },
    ),
    Preset(
        name="mistral-7b-instruct-jumpstart",
        sentence="JumpStart's Mistral-7B-Instruct, as its manifest describes it",
        weights=Weights.JUMPSTART,
        image=None,
        instance_type="ml.g5.2xlarge",
    ),
    Preset(
        name="mistral-7b-instruct-neuron",
        sentence="this project's own server on Inferentia2, with a folder that `prepare` made",
        weights=Weights.FOLDER,
        image=None,
        instance_type="ml.inf2.8xlarge",
        environment={
            "EXECUTOR": "neuron",
            "MODEL_DIR": MODEL_FOLDER,
            "MODEL_ID": "Mistral-7B-Instruct-v0.2",
            "NEURON_CORES": "2",
            "SLOTS": "4",
            "MAX_MODEL_LENGTH": "4096",
        },
        volume_gib=128,  # image, weights and graphs: more than the volume that an instance has unasked
    ),
)
PRESETS = {preset.name: preset for preset in _PRESETS}
