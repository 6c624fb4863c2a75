"""Which model is behind an endpoint."""

import pytest

from app.backends.sagemaker.model_name import model_name
from app.prompts.template import PromptFormat, prompt_format_for

JUMPSTART_DATA = (
    "s3://jumpstart-cache-prod-us-west-2/huggingface-llm/huggingface-llm-mistral-7b-instruct/artifacts/"
    "inference-prepack/v1.0.0/"
)


@pytest.mark.parametrize(
    ("environment", "data_url", "names", "model_id"),
    [
        ({"HF_MODEL_ID": "mistralai/Mistral-7B-Instruct-v0.2"}, "", [], "mistralai/Mistral-7B-Instruct-v0.2"),
        ({"HF_MODEL_ID": " owner/name@abc "}, "", [], "owner/name"),
        ({"SM_VLLM_MODEL": "Qwen/Qwen3-8B"}, "", [], "Qwen/Qwen3-8B"),
        ({"HF_MODEL_ID": "/opt/ml/model"}, JUMPSTART_DATA, [], "huggingface-llm-mistral-7b-instruct"),
        ({"HF_MODEL_ID": "s3://bucket/llama-2-13b-chat-hf/"}, "", [], "llama-2-13b-chat-hf"),
        ({"OPTION_MODEL_ID": "s3://mistral-instruct/weights/"}, "", [], ""),
        ({}, "s3://bucket/Mistral-7B-Instruct-v0.3/model.tar.gz", ["mistral-instruct"], "Mistral-7B-Instruct-v0.3"),
        ({}, "s3://[::1", [], ""),
        ({}, "", ["", "jumpstart-dft-hf-llm-mistral-7b-ins-20240115-101112"], "huggingface-llm-mistral-7b-instruct"),
        (
            {},
            "",
            ["jumpstart-dft-hf-llm-mistral-7b-ins-2024-01-15-10-11-12-345"],
            "huggingface-llm-mistral-7b-instruct",
        ),
        ({}, "", ["huggingface-llm-mistral-7b-instruct-20240115"], "huggingface-llm-mistral-7b-instruct"),
        ({}, "", ["jumpstart-dft-meta-textgeneration-llama-2-13b-f"], "meta-llama/Llama-2-13b-chat-hf"),
        ({}, "", ["meta-textgeneration-llama-2-7b"], "meta-llama/Llama-2-7b-hf"),
        ({}, "", ["meta-textgeneration-llama-3-8b-instruct"], "meta-textgeneration-llama-3-8b-instruct"),
        ({}, "", ["our-llama-2-7b-chat-2024-01-15-10-11-12-345"], "our-llama-2-7b-chat"),
        ({}, "", ["mistral-production", "chat"], ""),
        ({}, "", [], ""),
    ],
)
def test_the_most_telling_evidence_names_the_model(
    environment: dict[str, str], data_url: str, names: list[str], model_id: str
) -> None:
    assert model_name(environment, data_url, names) == model_id


def test_jumpstarts_models_have_their_formats() -> None:
    assert prompt_format_for(model_name({}, "", ["meta-textgeneration-llama-2-70b-f"])) is PromptFormat.LLAMA_2
    assert prompt_format_for(model_name({}, JUMPSTART_DATA, [])) is PromptFormat.MISTRAL_V1
    assert prompt_format_for(model_name({}, "", ["hf-llm-mistral-7b-2024-01-15"])) is PromptFormat.NONE
