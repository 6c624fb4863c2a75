"""SageMaker endpoints as backends: what there is in the account, and how each of them is spoken to. boto3 lives here."""
