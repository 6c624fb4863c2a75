"""What software an image has inside, read from its address and the environment it is started with.

Pure. Which form of request that software takes is `dialect.py`'s, how long its window is `window.py`'s.
Addresses are like `763104351884.dkr.ecr.us-west-2.amazonaws.com/huggingface-pytorch-tgi-inference:2.0.1-tgi1.1.0-…`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

Version = tuple[int, int, int]


class Software(StrEnum):
    TGI = "TGI"
    LMI = "LMI"
    VLLM = "vLLM"
    OWN = "Twinstream"  # this project's own model server
    UNKNOWN = "unknown"  # perhaps somebody's own chat server
    OTHER = "other"  # certainly no chat server


@dataclass(frozen=True, slots=True)
class Container:
    """`version` is the software's own (of LMI: DJL Serving's); None where the tag does not tell."""

    software: Software
    version: Version | None = None


# Names of repositories, the more telling first: `huggingface-pytorch-tgi-inference` is also a pytorch-inference.
_REPOSITORIES = (
    (re.compile(r"\btei\b|text-embeddings"), Software.OTHER),
    (re.compile(r"\btgi\b|text-generation-inference"), Software.TGI),
    (re.compile(r"djl-(inference|serving)"), Software.LMI),
    (re.compile(r"\bvllm\b"), Software.VLLM),
    (re.compile(r"twinstream"), Software.OWN),
    (
        re.compile(
            r"xgboost|scikit-learn|sklearn|sparkml|autogluon|triton|blazingtext|linear-learner|object-detection|"
            r"image-classification|semantic-segmentation|factorization-machines|forecasting-deepar|randomcutforest|"
            r"(tensorflow|pytorch|mxnet|chainer)-inference"
        ),
        Software.OTHER,
    ),
)
# Variables that only this project's model server reads; its image may have any name in the account's own registry.
_OWN_VARIABLES = {"MAX_MODEL_LENGTH", "NEURON_COMPILE_CACHE_URL", "NEURON_CORES", "MODEL_SOURCE"}

# Neuron's tag has Optimum's version, which since 3 is that of TGI inside and before was a count of its own.
_VERSIONS = {
    Software.TGI: re.compile(r"(?:tgi|optimum(?=[3-9]))(\d+)\.(\d+)\.(\d+)"),
    Software.LMI: re.compile(r"^v?(\d+)\.(\d+)\.(\d+)"),
}


def container_of(image: str, environment: Mapping[str, str]) -> Container:
    """What that image has inside. `image` may be empty, where it is not known."""
    repository, tag = _parts(image)
    software = next((software for pattern, software in _REPOSITORIES if pattern.search(repository)), Software.UNKNOWN)
    if software in (Software.UNKNOWN, Software.OTHER) and _OWN_VARIABLES & environment.keys():
        software = Software.OWN
    pattern = _VERSIONS.get(software)
    match = pattern.search(tag) if pattern else None
    if not match:
        return Container(software)
    major, minor, patch = match.groups()
    return Container(software, (int(major), int(minor), int(patch)))


def _parts(image: str) -> tuple[str, str]:
    """Repository and tag, without the registry in front, whose name may say anything."""
    registry, slash, path = image.lower().partition("/")
    repository, _, tag = (path if slash else registry).partition(":")
    return repository, tag
