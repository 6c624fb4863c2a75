"""JumpStart's bucket as the published specifications look, with invented values."""

from __future__ import annotations

import copy
import json
from typing import Any

from tests.model_server.sagemaker.lifecycle.cloud import KNOWN_TO_MOTO, REGION, Cloud

BUCKET = f"jumpstart-cache-prod-{REGION}"
MODEL = "huggingface-llm-mistral-7b-instruct"
IMAGE = f"763104351884.dkr.ecr.{REGION}.amazonaws.com/huggingface-pytorch-tgi-inference:of-the-alias"
SPECIFICATION: dict[str, Any] = {
    "model_id": MODEL,
    "version": "2.0.0",
    "hosting_ecr_specs": {"framework": "huggingface-llm", "framework_version": "1.1.0"},
    "hosting_artifact_key": "huggingface-infer/infer.tar.gz",
    "hosting_prepacked_artifact_key": f"huggingface-llm/{MODEL}/artifacts/inference-prepack/v1.0.0/",
    "inference_environment_variables": [
        {"name": "HF_MODEL_ID", "default": "/opt/ml/model", "scope": "container"},
        {"name": "MAX_INPUT_LENGTH", "default": 8191, "scope": "container"},
        {"name": "MAX_TOTAL_TOKENS", "default": 8192, "scope": "container"},
        {"name": "SM_NUM_GPUS", "default": "1", "scope": "container"},
    ],
    "default_inference_instance_type": "ml.g5.2xlarge",
    "supported_inference_instance_types": ["ml.g5.2xlarge", "ml.g5.12xlarge", KNOWN_TO_MOTO],
    "hosting_instance_type_variants": {
        "regional_aliases": {REGION: {"gpu_uri": IMAGE}},
        "variants": {
            "g5": {"regional_properties": {"image_uri": "$gpu_uri"}},
            "ml.g5.12xlarge": {"properties": {"environment_variables": {"SM_NUM_GPUS": "4"}}},
        },
    },
}


def specification(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(SPECIFICATION), **changes}


def publish(cloud: Cloud, *specifications: dict[str, Any], region: str = REGION) -> None:
    """Put a manifest and `specifications` where JumpStart has them."""
    s3 = cloud.direct("s3")
    bucket = f"jumpstart-cache-prod-{region}"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})
    manifest = [{"model_id": "another", "version": "9.0.0", "spec_key": "another.json", "min_version": "2.0"}]
    for one in specifications:
        key = f"community_models/{MODEL}/specs_v{one['version']}.json"
        manifest.append({"model_id": MODEL, "version": one["version"], "spec_key": key, "min_version": "2.189.0"})
        s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(one).encode(), ACL="public-read")
    s3.put_object(Bucket=bucket, Key="models_manifest.json", Body=json.dumps(manifest).encode(), ACL="public-read")
