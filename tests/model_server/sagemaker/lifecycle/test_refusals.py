"""Everything that AWS and boto3 can say, as sentences; and that none of it is a traceback or a secret."""

from __future__ import annotations

import pytest
from botocore.exceptions import (
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
    ReadTimeoutError,
    SSOTokenLoadError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)

from model_server.sagemaker.__main__ import main
from model_server.sagemaker.lifecycle.refusals import LONGEST_DETAIL, clean
from tests.model_server.sagemaker.lifecycle.cloud import REGION, Cloud
from tests.model_server.sagemaker.lifecycle.conftest import Command

TGI = "llama-2-13b-chat-tgi"
QUOTA = "The account-level service limit 'ml.g5.12xlarge for endpoint usage' is 0 Instances, with utilization of 0"
DENIED = "User: arn:aws:iam::1:user/x is not authorized to perform: iam:PassRole on resource: arn:aws:iam::1:role/r"


@pytest.mark.parametrize(
    ("code", "message", "sentence"),
    [
        ("ExpiredTokenException", "", "The AWS credentials have expired."),
        ("RequestExpired", "", "The AWS credentials have expired."),
        ("UnrecognizedClientException", "", "AWS does not know these credentials."),
        ("InvalidClientTokenId", "", "AWS does not know these credentials."),
        ("AccessDeniedException", DENIED, "may not do iam:PassRole."),
        ("AccessDeniedException", "", "may not do sagemaker:CreateModel."),
        ("ResourceLimitExceeded", QUOTA, f"for ml.g5.12xlarge for endpoint usage in {REGION} is used up"),
        ("ResourceLimitExceeded", "", "for what was asked for in"),
        ("ThrottlingException", "Rate exceeded", "too many requests"),
        ("InsufficientCapacityException", "", "no instance of this type free"),
        ("ValidationException", "Requested image 1.dkr.ecr.x not found.", "The image was not found"),
        ("ValidationException", "Could not assume role arn. Please ensure", "may not take on the role"),
        ("ValidationException", 'Cannot create already existing model "x".', "Choose another --name."),
        ("ValidationException", "Could not find model data at s3://b/p.", "AWS says: Could not find model data"),
        ("ValidationException", "Anything else", "AWS refuses sagemaker:CreateModel as it was asked"),
    ],
)
def test_each_refusal_is_its_sentence(command: Command, cloud: Cloud, code: str, message: str, sentence: str) -> None:
    cloud.refuse("CreateModel", code, message)
    said = command.deploy(TGI)
    assert said.code == 1
    assert sentence in said.error
    assert "Nothing was made." in said.error


def test_a_failure_of_aws_leaves_it_open_what_was_made(command: Command, cloud: Cloud) -> None:
    cloud.refuse("CreateModel", "InternalFailure", status=500)
    said = command.deploy(TGI)
    assert "Perhaps also the model" in said.error
    assert "AWS failed at sagemaker:CreateModel (InternalFailure)." in said.error


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        (NoCredentialsError(), "No AWS credentials were found."),
        (PartialCredentialsError(provider="env", cred_var="key"), "No AWS credentials were found."),
        (CredentialRetrievalError(provider="x", error_msg="y"), "they have expired, or cannot be read"),
        (TokenRetrievalError(provider="sso", error_msg="y"), "aws sso login"),
        (UnauthorizedSSOTokenError(), "aws sso login"),
        (SSOTokenLoadError(error_msg="y"), "aws sso login"),
        (EndpointConnectionError(endpoint_url="https://x"), "AWS cannot be reached for sagemaker"),
        (ConnectTimeoutError(endpoint_url="https://x"), "The connection to AWS failed"),
        (ReadTimeoutError(endpoint_url="https://x"), "The connection to AWS failed"),
        (OSError("broken"), "The connection to AWS failed"),
    ],
)
@pytest.mark.parametrize("arguments", [("status",), ("delete", "x")])
def test_each_failure_of_boto3_is_its_sentence(
    command: Command, cloud: Cloud, failure: BaseException, sentence: str, arguments: tuple[str, ...]
) -> None:
    cloud.fail("ListEndpoints", failure)
    said = command(*arguments)
    assert said.code == 1
    assert sentence in said.error


def test_without_credentials_the_sentence_says_what_to_set(command: Command) -> None:
    """boto3's own chain, which finds nothing here."""
    said = command("status")
    assert said.code == 1
    assert said.error.startswith("model_server.sagemaker: No AWS credentials were found.")


def test_a_profile_that_does_not_exist_is_a_sentence(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    assert "AWS_PROFILE names a profile that is not in the configuration" in command("status").error


def test_without_a_region_the_sentence_says_what_to_set(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status"]) == 1
    assert "No region is set. Give --region" in capsys.readouterr().err


def test_the_region_of_the_environment_counts(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert main(["deploy", TGI, "--print"]) == 0
    assert "763104351884.dkr.ecr.eu-west-1.amazonaws.com" in capsys.readouterr().out


def test_details_of_aws_are_one_short_printable_line() -> None:
    assert clean("a\nb\x1b[2J\tc secret", ["secret", ""]) == "a b [2J c <hidden>"
    assert len(clean("x" * 1000)) == LONGEST_DETAIL + 2
