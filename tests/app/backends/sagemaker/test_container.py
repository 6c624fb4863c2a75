"""What is inside an image."""

import pytest

from app.backends.sagemaker.container import Container, Software, Version, container_of
from tests.app.backends.sagemaker import images


@pytest.mark.parametrize(
    ("image", "software", "version"),
    [
        (images.TGI_1_1, Software.TGI, (1, 1, 0)),
        (images.TGI_1_4, Software.TGI, (1, 4, 5)),
        (images.TGI_3_3, Software.TGI, (3, 3, 6)),
        (images.TGI_NEURON_OLD, Software.TGI, None),
        (images.TGI_NEURON, Software.TGI, (3, 3, 6)),
        (images.TGI_CHINA, Software.TGI, (3, 0, 1)),
        (images.TGI_DIGEST, Software.TGI, None),
        ("ghcr.io/huggingface/text-generation-inference:3.3.6", Software.TGI, None),
        (images.LMI_DEEPSPEED, Software.LMI, (0, 25, 0)),
        (images.LMI_28, Software.LMI, (0, 36, 0)),
        ("deepjavalibrary/djl-serving:0.36.0-lmi", Software.LMI, (0, 36, 0)),
        (images.VLLM, Software.VLLM, None),
        (images.VLLM_HUGGING_FACE, Software.VLLM, None),
        (images.OWN, Software.OWN, None),
        (images.CUSTOM, Software.UNKNOWN, None),
        ("", Software.UNKNOWN, None),
        ("localhost", Software.UNKNOWN, None),
        (images.TEI, Software.OTHER, None),
        (images.TEI_CPU, Software.OTHER, None),
        (images.XGBOOST, Software.OTHER, None),
        (images.SCIKIT_LEARN, Software.OTHER, None),
        (images.TENSORFLOW, Software.OTHER, None),
        (images.PYTORCH, Software.OTHER, None),
        (images.HUGGING_FACE, Software.OTHER, None),
        (images.HUGGING_FACE_NEURON, Software.OTHER, None),
    ],
)
def test_an_image_tells_its_software_and_version(image: str, software: Software, version: Version | None) -> None:
    assert container_of(image, {}) == Container(software, version)


def test_the_registry_in_front_tells_nothing() -> None:
    assert container_of("vllm.example.com/our-chat:tgi1.1.0", {}).software is Software.UNKNOWN


def test_our_own_server_is_known_by_its_variables_under_any_name() -> None:
    assert container_of(images.CUSTOM, {"MAX_MODEL_LENGTH": "4096"}).software is Software.OWN


def test_a_variable_of_ours_does_not_make_tgi_our_own() -> None:
    assert container_of(images.TGI_1_1, {"MAX_MODEL_LENGTH": "4096"}).software is Software.TGI
