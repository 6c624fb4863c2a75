"""Which form of request an endpoint takes."""

import pytest

from app.backends.sagemaker.container import container_of
from app.backends.sagemaker.dialect import request_form
from app.wire.endpoint_request import RequestForm
from tests.app.backends.sagemaker import images

MISTRAL = "mistralai/Mistral-7B-Instruct-v0.2"
FOREIGN = "meta-llama/Meta-Llama-3-8B-Instruct"
SWITCH = {"MESSAGES_API_ENABLED": "true"}
INPUTS, MESSAGES, PROMPT = RequestForm


@pytest.mark.parametrize(
    ("image", "environment", "model_id", "form"),
    [
        (images.TGI_1_1, {}, MISTRAL, INPUTS),
        (images.TGI_1_1, {}, FOREIGN, INPUTS),
        (images.TGI_1_1, SWITCH, MISTRAL, INPUTS),  # older than the switch
        (images.TGI_1_4, SWITCH, MISTRAL, MESSAGES),
        (images.TGI_1_4, {"MESSAGES_API_ENABLED": "false"}, MISTRAL, INPUTS),
        (images.TGI_1_4, {}, FOREIGN, INPUTS),
        (images.TGI_2_2, {"MESSAGES_API_ENABLED": " True"}, MISTRAL, MESSAGES),
        (images.TGI_2_4, SWITCH, MISTRAL, INPUTS),  # newer than the switch
        (images.TGI_2_4, {}, FOREIGN, MESSAGES),
        (images.TGI_3_3, {}, MISTRAL, INPUTS),
        (images.TGI_3_3, {}, "", INPUTS),
        (images.TGI_NEURON_OLD, {}, MISTRAL, INPUTS),
        (images.TGI_NEURON_OLD, SWITCH, MISTRAL, MESSAGES),
        (images.TGI_NEURON, {}, MISTRAL, INPUTS),
        (images.LMI_DEEPSPEED, {}, FOREIGN, INPUTS),
        (images.LMI_10, {}, FOREIGN, INPUTS),
        (images.LMI_11, {}, FOREIGN, MESSAGES),
        (images.LMI_28, {}, MISTRAL, INPUTS),
        (images.LMI_28, {}, "", INPUTS),
        (images.VLLM, {}, MISTRAL, PROMPT),
        (images.VLLM, {}, FOREIGN, MESSAGES),
        (images.VLLM_HUGGING_FACE, {}, "", MESSAGES),
        (images.OWN, {}, "", PROMPT),
        (images.CUSTOM, {}, MISTRAL, None),
        (images.XGBOOST, {}, "", None),
    ],
)
def test_the_container_tells(image: str, environment: dict[str, str], model_id: str, form: RequestForm | None) -> None:
    assert request_form(container_of(image, environment), environment, model_id, None) is form


@pytest.mark.parametrize("image", [images.TGI_1_1, images.VLLM, images.CUSTOM])
def test_what_a_person_configured_comes_first(image: str) -> None:
    assert request_form(container_of(image, {}), {}, MISTRAL, MESSAGES) is MESSAGES
