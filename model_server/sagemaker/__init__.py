"""`python -m model_server.sagemaker`: endpoints on SageMaker made, looked at and removed; and a local one for tests."""
