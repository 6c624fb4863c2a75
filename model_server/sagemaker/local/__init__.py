"""A SageMaker on this machine, for development and tests: one port, many endpoints, one model server behind them."""
