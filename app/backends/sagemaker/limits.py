"""Figures of SageMaker's own that the page has to know."""

# A container has 60 seconds to begin its answer; SageMaker's documents ask for a client that waits for 70.
READ_TIMEOUT_SECONDS = 70
BODY_LIMIT_BYTES = 6 * 1024 * 1024
