"""SageMaker endpoints as backends: which there are in the account, and how each is spoken to. boto3 lives here."""
