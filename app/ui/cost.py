"""What generated tokens cost: the price of an instance's hour over the tokens that it generates in an hour.

The prices are defaults that a person can overwrite: US dollars, on demand, about, because AWS changes them. Those of
SageMaker are from https://github.com/aws-samples/foundation-model-benchmarking-tool, src/fmbench/configs/pricing.yml,
those of EC2 from its public list for Linux in us-east-1.
"""

from app.backends.catalog import BackendChoice

FREE = "No price"

DOLLARS_PER_HOUR = {
    FREE: 0.0,
    "EC2 inf2.xlarge": 0.7582,
    "EC2 inf2.8xlarge": 1.9679,
    "EC2 inf2.24xlarge": 6.4906,
    "EC2 inf2.48xlarge": 12.9813,
    "SageMaker ml.g5.xlarge": 1.4084,
    "SageMaker ml.g5.2xlarge": 1.515,
    "SageMaker ml.g5.12xlarge": 7.09,
    "SageMaker ml.g6.2xlarge": 1.222,
    "SageMaker ml.inf2.xlarge": 0.99,
    "SageMaker ml.inf2.8xlarge": 2.36,
    "SageMaker ml.inf2.24xlarge": 7.79,
    "SageMaker ml.inf2.48xlarge": 15.58,
}


def usual_instance(choice: BackendChoice) -> str:
    """What a 7B model commonly runs on behind this line; which one it really is, the page cannot see."""
    if choice.is_demonstration:
        return FREE
    return "SageMaker ml.g5.2xlarge" if choice.endpoints else "EC2 inf2.8xlarge"


def dollars_per_million_tokens(dollars_per_hour: float | None, tokens_per_second: float | None) -> float | None:
    """None where the price or the speed is not known."""
    if not dollars_per_hour or dollars_per_hour < 0 or not tokens_per_second:
        return None
    return dollars_per_hour * 1_000_000 / (tokens_per_second * 3600)
