"""Endpoints on SageMaker: `deploy`, `status` and `delete`, by boto3 alone. What they make is tagged."""
