"""What is known of one endpoint: enough to show it, to choose a form of request, and to fit a chat to its window."""

from dataclasses import dataclass

from app.wire.endpoint_request import RequestForm

IN_SERVICE = "InService"
# SageMaker's words for what answers while something is done to it. After a failed rollback, old and new answer mixed.
SERVING_STATUSES = frozenset({IN_SERVICE, "Updating", "SystemUpdating", "RollingBack", "UpdateRollbackFailed"})


@dataclass(frozen=True, slots=True)
class EndpointDetails:
    """`status` is SageMaker's own word, which says InService also of what was scaled to zero: only a request makes that
    start again. Where the credentials may not ask, it is InService, too, and the request tells.

    `model_id` is empty, and `request_form` None, where nothing tells.
    """

    endpoint_name: str
    component_name: str | None
    status: str
    request_form: RequestForm | None
    model_id: str
    window_tokens: int
    prompt_limit_tokens: int | None
    can_stream: bool
