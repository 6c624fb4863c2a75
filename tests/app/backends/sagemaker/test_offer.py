"""What the page says of a deployment."""

from dataclasses import replace

import pytest

from app.backends.endpoints import Endpoint
from app.backends.sagemaker.deployment import Deployment, Hosting
from app.backends.sagemaker.details import EndpointDetails
from app.backends.sagemaker.offer import details_of, endpoint_of
from app.endpoint_setting import EndpointSetting
from app.wire.endpoint_request import RequestForm
from tests.app.backends.sagemaker import images

SERVING = Deployment(
    "chat",
    status="InService",
    image=images.TGI_1_1,
    environment={
        "HF_MODEL_ID": "mistralai/Mistral-7B-Instruct-v0.1",
        "MAX_INPUT_LENGTH": "8191",
        "MAX_TOTAL_TOKENS": "8192",
    },
    copies=1,
)


def test_a_serving_endpoint_is_offered_with_its_model() -> None:
    assert endpoint_of(SERVING, None) == Endpoint("chat", "chat · mistralai/Mistral-7B-Instruct-v0.1")


def test_details_say_how_it_is_spoken_to() -> None:
    assert details_of(SERVING, None, None) == EndpointDetails(
        "chat", None, "InService", RequestForm.INPUTS, "mistralai/Mistral-7B-Instruct-v0.1", 8192, 8191, True
    )


def test_a_component_is_named_with_its_endpoint() -> None:
    line = endpoint_of(Deployment("chat", "part", "InService", image=images.CUSTOM), None)
    assert line == Endpoint("chat/part", "chat/part")


@pytest.mark.parametrize("status", ["Updating", "SystemUpdating", "RollingBack", "UpdateRollbackFailed"])
def test_what_still_serves_is_offered_with_its_status(status: str) -> None:
    line = endpoint_of(replace(SERVING, status=status), None)
    assert line.is_offered
    assert line.label.endswith(f" · {status}")


@pytest.mark.parametrize("status", ["Creating", "Deleting", "Failed", "OutOfService", "SomethingNew"])
def test_what_does_not_serve_is_shown_with_status_and_reason(status: str) -> None:
    line = endpoint_of(Deployment("chat", status=status), None)
    assert line.label == f"chat · {status}"
    assert line.reason


def test_what_was_scaled_to_zero_is_offered_because_only_a_request_starts_it() -> None:
    line = endpoint_of(replace(SERVING, copies=0), None)
    assert line.is_offered
    assert line.label.endswith(" · scaled to zero")
    assert details_of(replace(SERVING, copies=0), None, None).status == "InService"


def test_what_could_not_be_asked_is_offered_and_taken_to_serve() -> None:
    unknown = Deployment("chat")
    assert endpoint_of(unknown, EndpointSetting("chat")) == Endpoint("chat", "chat")
    assert details_of(unknown, EndpointSetting("chat"), None).status == "InService"


@pytest.mark.parametrize("hosting", [Hosting.ASYNCHRONOUS, Hosting.MULTI_MODEL, Hosting.PIPELINE, Hosting.COMPONENTS])
def test_what_cannot_chat_by_the_way_it_is_hosted_says_so(hosting: Hosting) -> None:
    assert endpoint_of(replace(SERVING, hosting=hosting), None).reason


def test_a_serverless_endpoint_is_offered_and_does_not_stream() -> None:
    serverless = replace(SERVING, hosting=Hosting.SERVERLESS, copies=None)
    assert endpoint_of(serverless, None).is_offered
    assert not details_of(serverless, None, None).can_stream


@pytest.mark.parametrize("image", [images.TEI, images.XGBOOST, images.HUGGING_FACE])
def test_what_is_no_chat_server_is_not_offered_unless_a_person_gives_its_dialect(image: str) -> None:
    deployment = replace(SERVING, image=image)
    assert "SAGEMAKER_ENDPOINTS" in endpoint_of(deployment, None).reason
    assert not endpoint_of(deployment, EndpointSetting("chat")).is_offered
    assert endpoint_of(deployment, EndpointSetting("chat", None, "inputs")).is_offered


def test_an_unknown_image_is_offered_without_a_form() -> None:
    custom = Deployment("chat", status="InService", image=images.CUSTOM)
    assert endpoint_of(custom, None).is_offered
    assert details_of(custom, None, None).request_form is None


def test_what_was_learnt_counts_and_what_was_configured_counts_more() -> None:
    setting = EndpointSetting("chat", None, "prompt")
    assert details_of(SERVING, None, RequestForm.MESSAGES).request_form is RequestForm.MESSAGES
    assert details_of(SERVING, setting, RequestForm.MESSAGES).request_form is RequestForm.PROMPT
