"""What boto3 raises, as sentences that a person can act on: the one place that knows AWS's error codes.

AWS's own message is added where only it can say what is wrong, without control characters and without any secret that
went out with the request, for AWS repeats what it refuses.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import (
    ClientError,
    CredentialRetrievalError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)

from model_server.errors import ConfigurationError

LONGEST_DETAIL = 400
EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
WRONG_KEYS = {
    *("UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId", "SignatureDoesNotMatch"),
    *("InvalidSignatureException", "AuthFailure", "IncompleteSignature"),
}
DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized"}
NOT_THERE = {"NoSuchEntity", "NoSuchKey", "NoSuchBucket", "ObjectNotFoundException", "ResourceNotFound", "404"}
THROTTLED = {"ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded", "SlowDown"}
NOT_THERE_TEXT = re.compile(r"could not find|does not exist|no scalable target found", re.IGNORECASE)
IMAGE_TEXT = re.compile(r"\b(image|repository)\b.*(not found|not exist|no such)|requested image", re.IGNORECASE)
ACTION = re.compile(r"perform: ([a-z0-9-]+:[A-Za-z0-9]+)")
INSTANCE = re.compile(r"\bml\.[a-z0-9-]+\.[a-z0-9]+\b")
MAKES = ("create_", "put_", "upload_", "register_")
# Where IAM's name of an action is not that of the call.
ACTIONS = {
    ("s3", "upload_file"): "s3:PutObject and s3:PutObjectTagging",
    ("s3", "put_object"): "s3:PutObject and s3:PutObjectTagging",
    ("s3", "list_objects_v2"): "s3:ListBucket",
    ("s3", "delete_objects"): "s3:DeleteObject",
}
RENEW = "Renew them, for example with `aws sso login`, and run the command again."


class NotThere(ConfigurationError):
    """What was asked for does not exist; whoever asked says what that means."""


class Unclear(ConfigurationError):
    """No answer came: what was asked for may have been done."""


def explain_refusal(
    error: ClientError, service: str, operation: str, region: str, hidden: Sequence[str]
) -> ConfigurationError:
    """Return the sentence for what AWS refused."""
    code, message, action = _code(error), _message(error), _action(service, operation)
    if code == "NoSuchBucket":
        return NotThere("There is no such bucket. Check --s3 and --model-data, and make the bucket first.")
    if _is_not_there(code, message) and not operation.startswith(MAKES):
        return NotThere(f"{action} found nothing of this name in {region}.")
    if code in EXPIRED:
        return ConfigurationError(f"The AWS credentials have expired. {RENEW}")
    if code in WRONG_KEYS:
        return ConfigurationError("AWS does not know these credentials. Check the key, or AWS_PROFILE, and try again.")
    if code in DENIED:
        named = ACTION.search(message)
        return ConfigurationError(
            f"These AWS credentials may not do {named[1] if named else action}. "
            "Ask for this action in their IAM policy (model_server/SAGEMAKER.md has all that are needed)."
        )
    if code in ("ResourceLimitExceeded", "LimitExceededException"):
        return ConfigurationError(_quota(message, region))
    if code in THROTTLED:
        return ConfigurationError("AWS has had too many requests of this account. Wait a minute, and try again.")
    if re.search("capacity", code + message, re.IGNORECASE) and "InsufficientCapacity" in code + message:
        return ConfigurationError(
            f"AWS has no instance of this type free in {region} now. Try later, or set --instance-type or --region."
        )
    if int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)) >= 500:
        return Unclear(f"AWS failed at {action} ({code}). Try again in a minute.")
    return ConfigurationError(_invalid(code, message, action, hidden))


def explain_botocore(
    error: Exception, service: str, operation: str, region: str, hidden: Sequence[str]
) -> ConfigurationError:
    """Return the sentence for what kept boto3 from asking, or from hearing the answer."""
    if isinstance(error, (NoCredentialsError, PartialCredentialsError)):
        return ConfigurationError(
            "No AWS credentials were found. Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
            "or run this on a machine that has a role."
        )
    if isinstance(error, (SSOError, TokenRetrievalError, CredentialRetrievalError)):
        return ConfigurationError(f"The AWS credentials cannot be used: they have expired, or cannot be read. {RENEW}")
    if isinstance(error, EndpointConnectionError):
        return ConfigurationError(
            f"AWS cannot be reached for {service} in {region}. Check the network, --region and AWS_ENDPOINT_URL."
        )
    if isinstance(error, ParamValidationError):
        return ConfigurationError(_invalid("", str(error), _action(service, operation), hidden))
    if isinstance(error, (HTTPClientError, OSError)):
        return Unclear(f"The connection to AWS failed during {_action(service, operation)}. Try again.")
    return ConfigurationError(f"{_action(service, operation)} did not work. The cause: {clean(str(error), hidden)}")


def _is_not_there(code: str, message: str) -> bool:
    if code in NOT_THERE:
        return True
    return code in ("ValidationException", "ValidationError") and bool(NOT_THERE_TEXT.search(message))


def clean(text: str, hidden: Sequence[str] = ()) -> str:
    """Return AWS's text on one line of printable characters, cut to a bearable length, without what is hidden."""
    for secret in filter(None, hidden):
        text = text.replace(secret, "<hidden>")
    text = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return text if len(text) <= LONGEST_DETAIL else text[:LONGEST_DETAIL] + " …"


def _quota(message: str, region: str) -> str:
    instance = INSTANCE.search(message)
    what = f"{instance[0]} for endpoint usage" if instance else "what was asked for"
    return (
        f"The quota of this account for {what} in {region} is used up (at first it is often 0). Ask for more under "
        "Service Quotas, Amazon SageMaker, or set --instance-type or --region."
    )


def _invalid(code: str, message: str, action: str, hidden: Sequence[str]) -> str:
    detail = clean(message, hidden)
    if IMAGE_TEXT.search(message):
        return f"The image was not found, or the role may not read it. Check --image and --role. AWS says: {detail}"
    if "assume" in message.lower() and "role" in message.lower():
        return (
            "SageMaker may not take on the role. Its trust policy must name sagemaker.amazonaws.com "
            f"(model_server/SAGEMAKER.md has it). AWS says: {detail}"
        )
    if "already exist" in message.lower():
        return f"Something of this name was made meanwhile. Choose another --name. AWS says: {detail}"
    return f"AWS refuses {action} as it was asked{f' ({code})' if code else ''}. AWS says: {detail}"


def _action(service: str, operation: str) -> str:
    camel = "".join(part.capitalize() for part in operation.split("_"))
    return ACTIONS.get((service, operation), f"{service}:{camel}")


def _code(error: ClientError) -> str:
    return str(_details(error).get("Code", ""))


def _message(error: ClientError) -> str:
    return str(_details(error).get("Message", ""))


def _details(error: ClientError) -> dict[str, Any]:
    details: dict[str, Any] = error.response.get("Error", {})
    return details
