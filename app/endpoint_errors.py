"""What can go wrong on the way to a SageMaker endpoint, as branches of the tree in `errors.py`.

BackendError
└── EndpointNotChosen
BackendUnavailable
├── AwsUnreachable
├── AwsRegionMissing
├── EndpointNotInService
└── EndpointNotBegun           it took the question and sent nothing
BackendNotReady
├── EndpointStarting           it has no instance yet, or again
└── EndpointThrottled
BackendUnauthorized
├── AwsCredentialsMissing
├── AwsCredentialsRefused      expired, or not those of an account
└── AwsAccessDenied            of one action, which it names
BackendRejected
├── EndpointNotFound
├── RequestFormDoubted         its container refused the request, perhaps for its form
│   └── RequestFormRefused     it wants another form of body, or none that is known
│       └── ModelNameWanted    it wants the model named, any way
├── LicenceNotAccepted
├── ComponentNameWanted
└── StreamingRefused           it answers in one piece only
BackendFailed
├── ContainerFailed            the model's container behind an endpoint
├── EndpointFailed             SageMaker itself
└── StreamMalformed            what arrived cannot be read
StreamInterrupted
├── StreamStalled              nothing came any more
└── StreamTimeLimitReached
"""

from app.errors import (
    BackendError,
    BackendFailed,
    BackendNotReady,
    BackendRejected,
    BackendUnauthorized,
    BackendUnavailable,
    StreamInterrupted,
)


class EndpointNotChosen(BackendError):
    @property
    def user_message(self) -> str:
        return "Choose an endpoint in the sidebar first. Nothing was sent."


class AwsCredentialsMissing(BackendUnauthorized):
    @property
    def user_message(self) -> str:
        return (
            "No AWS credentials were found. Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
            "and start the page again."
        )


class AwsCredentialsRefused(BackendUnauthorized):
    @property
    def user_message(self) -> str:
        return (
            "AWS refused the credentials: they have expired, or are wrong. Renew them, for example with "
            "“aws sso login”, and start the page again if they are set as variables."
        )


class AwsAccessDenied(BackendUnauthorized):
    """`AwsAccessDenied(detail, action)`: `action` is IAM's name of what was not allowed, from our own code."""

    @property
    def user_message(self) -> str:
        return (
            f"These AWS credentials may not do {self.args[1]}. Ask for this action in their IAM policy, "
            "or use other credentials."
        )


class AwsRegionMissing(BackendUnavailable):
    @property
    def user_message(self) -> str:
        return "AWS_REGION is not set, or names no region. Set it, for example to us-west-2, and start the page again."


class AwsUnreachable(BackendUnavailable):
    @property
    def user_message(self) -> str:
        return (
            "AWS cannot be reached. Check the network, AWS_REGION, and AWS_ENDPOINT_URL if it is set; "
            "then send the message again."
        )


class EndpointNotFound(BackendRejected):
    @property
    def user_message(self) -> str:
        return (
            "SageMaker has no such endpoint in this account and region. Refresh the list of endpoints and choose "
            "another, or check AWS_REGION."
        )


class EndpointNotInService(BackendUnavailable):
    """`EndpointNotInService(detail, status)`: `status` is one of SageMaker's own words, or empty."""

    @property
    def user_message(self) -> str:
        status = f" (its status is {self.args[1]})" if self.args[1] else ""
        return f"The endpoint is not in service{status}. Wait until it is, or choose another endpoint."


class EndpointNotBegun(BackendUnavailable):
    """`EndpointNotBegun(detail, seconds)`: so long was waited for."""

    @property
    def user_message(self) -> str:
        return (
            f"The endpoint did not begin to answer within {self.args[1]} seconds. It may still be loading its model, "
            "or be busy; send the message again in a minute."
        )


class RequestFormDoubted(BackendRejected):
    pass


class RequestFormRefused(RequestFormDoubted):
    @property
    def user_message(self) -> str:
        return (
            "The endpoint’s container refused the request in every form that this page knows. Check the settings in "
            "the sidebar, and the endpoint’s dialect in SAGEMAKER_ENDPOINTS; the log has its reason."
        )


class ModelNameWanted(RequestFormRefused):
    pass


class LicenceNotAccepted(BackendRejected):
    @property
    def user_message(self) -> str:
        return (
            "The model answers only those who accept its licence. Read the licence; to accept it, set "
            "SAGEMAKER_ACCEPT_EULA=true and start the page again."
        )


class ComponentNameWanted(BackendRejected):
    @property
    def user_message(self) -> str:
        return (
            "This endpoint has inference components, and one of them must be named. Name it as endpoint/component in "
            "SAGEMAKER_ENDPOINTS and start the page again."
        )


class StreamingRefused(BackendRejected):
    @property
    def user_message(self) -> str:
        return "The endpoint cannot send its answer while it is made. Choose another endpoint."


class EndpointStarting(BackendNotReady):
    @property
    def user_message(self) -> str:
        return "The endpoint is starting: it is new, or was scaled to zero. That takes some minutes."


class EndpointThrottled(BackendNotReady):
    @property
    def user_message(self) -> str:
        return "SageMaker has too many requests at the moment."


class ContainerFailed(BackendFailed):
    @property
    def user_message(self) -> str:
        return "The model’s container reported an error. Send the message again; the log has what the container said."


class EndpointFailed(BackendFailed):
    @property
    def user_message(self) -> str:
        return "SageMaker itself failed. Send the message again; the log has the reason."


class StreamMalformed(BackendFailed):
    @property
    def user_message(self) -> str:
        return (
            "What the endpoint sent cannot be read, so the answer was ended here. If that happens again, set the "
            "endpoint’s dialect in SAGEMAKER_ENDPOINTS; the log has what arrived."
        )


class StreamStalled(StreamInterrupted):
    @property
    def user_message(self) -> str:
        return "The endpoint stopped sending before the answer was complete. What had arrived is kept."


class StreamTimeLimitReached(StreamInterrupted):
    @property
    def user_message(self) -> str:
        return (
            "The answer took longer than SageMaker allows and was ended there. What had arrived is kept; "
            "a lower “Longest answer” avoids this."
        )
