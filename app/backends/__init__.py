"""The ways to reach a model. Each file turns one client library into the contract of `base.py`."""
