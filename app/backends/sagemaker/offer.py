"""From what SageMaker says of a deployment to what the page says: how it is spoken to, whether it is offered. Pure."""

from app.backends.endpoints import Endpoint
from app.backends.sagemaker.container import Software, container_of
from app.backends.sagemaker.deployment import Deployment, Hosting
from app.backends.sagemaker.details import IN_SERVICE, SERVING_STATUSES, EndpointDetails
from app.backends.sagemaker.dialect import request_form
from app.backends.sagemaker.model_name import model_name
from app.backends.sagemaker.window import window_of
from app.endpoint_setting import EndpointSetting, joined_name
from app.wire.endpoint_request import RequestForm

_REASONS = {
    Hosting.COMPONENTS: "It has no inference component yet. Add one, then refresh the list.",
    Hosting.ASYNCHRONOUS: "It answers later, through S3, which is no chat.",
    Hosting.MULTI_MODEL: "It loads one of many models for each request; this page can speak to one-model endpoints.",
    Hosting.PIPELINE: "It is a pipeline of several containers; this page can speak to single ones.",
}
_STATUS_REASONS = {
    "Creating": "It is still being created. Refresh the list in some minutes.",
    "Deleting": "It is being deleted.",
    "Failed": "It failed to start. The AWS console and the log have the reason.",
    "OutOfService": "It is out of service. Update it in the AWS console, or make it again.",
}
_NO_CHAT_SERVER = (
    "Its container is not known to generate text. If it does, name it with its dialect in SAGEMAKER_ENDPOINTS."
)


def details_of(deployment: Deployment, setting: EndpointSetting | None, learnt: RequestForm | None) -> EndpointDetails:
    """`setting` is what a person configured, `learnt` the form that was found to be understood."""
    container = container_of(deployment.image, deployment.environment)
    names = (deployment.component_name or "", deployment.model_name, deployment.endpoint_name)
    model_id = model_name(deployment.environment, deployment.data_url, names)
    configured = RequestForm(setting.dialect) if setting and setting.dialect else None
    window = window_of(container, deployment.environment)
    return EndpointDetails(
        endpoint_name=deployment.endpoint_name,
        component_name=deployment.component_name,
        status=deployment.status or IN_SERVICE,
        request_form=request_form(container, deployment.environment, model_id, configured or learnt),
        model_id=model_id,
        window_tokens=window.window_tokens,
        prompt_limit_tokens=window.prompt_limit_tokens,
        can_stream=deployment.hosting is not Hosting.SERVERLESS,
    )


def endpoint_of(deployment: Deployment, setting: EndpointSetting | None) -> Endpoint:
    """The line of the list."""
    details = details_of(deployment, setting, None)
    name = joined_name(deployment.endpoint_name, deployment.component_name)
    label = " · ".join(part for part in (name, details.model_id, _status_label(deployment)) if part)
    return Endpoint(name, label, _reason(deployment, has_dialect=bool(setting and setting.dialect)))


def _reason(deployment: Deployment, *, has_dialect: bool) -> str:
    """Why it is not offered; empty where it is. A person who gives the dialect knows what the container is."""
    if deployment.status and deployment.status not in SERVING_STATUSES:
        return _STATUS_REASONS.get(deployment.status, "It is not in service.")
    if deployment.hosting in _REASONS:
        return _REASONS[deployment.hosting]
    software = container_of(deployment.image, deployment.environment).software
    return _NO_CHAT_SERVER if software is Software.OTHER and not has_dialect else ""


def _status_label(deployment: Deployment) -> str:
    if deployment.copies == 0 and deployment.status in SERVING_STATUSES:
        return "scaled to zero"
    return "" if deployment.status == IN_SERVICE else deployment.status
