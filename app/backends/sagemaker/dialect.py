"""Which form of request an endpoint takes: from the setting, else from its container, else nobody knows.

Pure. Where nobody knows, the backend asks in one form, and in another when that is refused.
"""

from collections.abc import Mapping

from app.backends.sagemaker.container import Container, Software
from app.prompts.template import prompt_format_for
from app.wire.endpoint_request import RequestForm

# Between these, a variable decides which of the two forms TGI takes; since the latter, the body does.
_TGI_SWITCH_SINCE = (1, 4, 0)
_TGI_ALL_FORMS_SINCE = (2, 4, 0)
# The oldest LMI whose chat completions are documented.
_LMI_ALL_FORMS_SINCE = (0, 29, 0)


def request_form(
    container: Container, environment: Mapping[str, str], model_id: str, configured: RequestForm | None
) -> RequestForm | None:
    """A rendered prompt wherever that is possible, so that the page's format is the one that the model reads.

    Where the container has a template and the model is known to be none whose format the page has, `messages`.
    """
    if configured:
        return configured
    is_foreign = bool(model_id) and prompt_format_for(model_id) is None
    match container.software:
        case Software.TGI:
            takes_messages = _is_switched(container, environment) or (
                is_foreign and _is_since(container, _TGI_ALL_FORMS_SINCE)
            )
            return RequestForm.MESSAGES if takes_messages else RequestForm.INPUTS
        case Software.LMI:
            takes_messages = is_foreign and _is_since(container, _LMI_ALL_FORMS_SINCE)
            return RequestForm.MESSAGES if takes_messages else RequestForm.INPUTS
        case Software.VLLM:
            return RequestForm.PROMPT if prompt_format_for(model_id) else RequestForm.MESSAGES
        case Software.OWN:
            return RequestForm.PROMPT
    return None


def _is_switched(container: Container, environment: Mapping[str, str]) -> bool:
    has_switch = container.version is None or _TGI_SWITCH_SINCE <= container.version < _TGI_ALL_FORMS_SINCE
    return has_switch and environment.get("MESSAGES_API_ENABLED", "").strip().lower() in ("true", "1")


def _is_since(container: Container, version: tuple[int, int, int]) -> bool:
    return container.version is not None and container.version >= version
