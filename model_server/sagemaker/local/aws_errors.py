"""Refusals in the words and shapes of AWS, for both services: the runtime speaks REST, the control plane JSON 1.1."""

from __future__ import annotations

import json

JsonObject = dict[str, object]
LOG_STREAM_ARN = "arn:aws:logs:us-west-2:000000000000:log-group:/aws/sagemaker/Endpoints/{}"


class AwsError(Exception):
    """A refusal: the HTTP status, AWS's code and sentence, and fields that only this error has."""

    def __init__(self, status: int, code: str, sentence: str, fields: JsonObject | None = None) -> None:
        super().__init__(status, code, sentence, fields)
        self.status, self.code, self.sentence, self.fields = status, code, sentence, fields or {}

    @property
    def headers(self) -> dict[str, str]:
        return {"x-amzn-ErrorType": self.code}

    def runtime_body(self) -> bytes:
        return json.dumps({**self.fields, "Message": self.sentence}).encode()

    def control_plane_body(self) -> bytes:
        return json.dumps({"__type": self.code, "message": self.sentence}).encode()


def model_error(endpoint_name: str, status: int, body: str) -> AwsError:
    """Return what the runtime makes of a container that answered with an error."""
    arn = LOG_STREAM_ARN.format(endpoint_name)
    sentence = (
        f'Received client error ({status}) from primary with message "{body}". See {arn} in account 000000000000 '
        "for more information."
    )
    fields: JsonObject = {"OriginalStatusCode": status, "OriginalMessage": body, "LogStreamArn": arn}
    return AwsError(424, "ModelError", sentence, fields)


def endpoint_not_found(name: str) -> AwsError:
    return AwsError(400, "ValidationError", f"Endpoint {name} of account 000000000000 not found.")


def validation_error(sentence: str) -> AwsError:
    """Of the runtime."""
    return AwsError(400, "ValidationError", sentence)


def validation_exception(sentence: str) -> AwsError:
    """Of the control plane."""
    return AwsError(400, "ValidationException", sentence)


def no_signature() -> AwsError:
    return AwsError(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
