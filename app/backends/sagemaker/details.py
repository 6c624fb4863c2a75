"""What is known of one endpoint: enough to show it, to choose a form of request, and to fit a chat to its window."""

from dataclasses import dataclass

from app.wire.endpoint_request import RequestForm


@dataclass(frozen=True, slots=True)
class EndpointDetails:
    """`status` is SageMaker's own word. `model_id` is empty, and `request_form` None, where nothing tells."""

    endpoint_name: str
    component_name: str | None
    status: str
    request_form: RequestForm | None
    model_id: str
    window_tokens: int
    prompt_limit_tokens: int | None
    can_stream: bool
