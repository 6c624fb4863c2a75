"""All that SageMaker says about one thing that can be invoked: an endpoint, or an inference component of one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Hosting(StrEnum):
    """How requests reach the model."""

    DIRECT = "direct"
    COMPONENTS = "components"  # an endpoint that cannot be invoked itself, but its inference components
    SERVERLESS = "serverless"  # answers in one piece only
    ASYNCHRONOUS = "asynchronous"  # through S3
    MULTI_MODEL = "multi-model"
    PIPELINE = "pipeline"  # of several containers


@dataclass(frozen=True, slots=True)
class Deployment:
    """`identity` is another one as soon as another model may be behind the name; empty where that cannot be told.

    `copies` are instances, or copies of a component; None where there is no count. What could not be asked is empty.
    """

    endpoint_name: str
    component_name: str | None = None
    status: str = ""
    identity: str = ""
    hosting: Hosting = Hosting.DIRECT
    copies: int | None = None
    image: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    data_url: str = ""
    model_name: str = ""
