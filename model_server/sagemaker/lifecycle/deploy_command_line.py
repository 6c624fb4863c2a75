"""The options of `deploy`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from model_server.errors import ConfigurationError
from model_server.sagemaker.lifecycle.options import (
    START_SECONDS,
    DeployOptions,
    S3Place,
    parse_environment,
    parse_place,
)
from model_server.sagemaker.lifecycle.presets import PRESETS
from model_server.settings import load_region, load_secret

DEFAULT_REGION = "us-west-2"  # of what is only printed
INTERRUPTED = 130  # as a shell reports Ctrl-C


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    width = max(map(len, PRESETS))
    parser.epilog = "presets:\n" + "\n".join(f"  {name:<{width}}  {one.sentence}" for name, one in PRESETS.items())
    parser.add_argument("preset", choices=list(PRESETS), metavar="PRESET", help="what to deploy, see below")
    parser.add_argument("--print", action="store_true", dest="is_printed", help="show every call, and make nothing")
    parser.add_argument("--yes", action="store_true", help="do not ask before it costs money")
    parser.add_argument("--name", help="of endpoint, configuration and model (default: twinstream-PRESET)")
    add_region(parser)
    parser.add_argument("--role", help="the ARN or name of the role that SageMaker takes on")
    parser.add_argument("--instance-type", help="such as ml.g5.2xlarge (default: the preset's)")
    parser.add_argument("--count", type=int, default=1, help="how many instances (default: %(default)s)")
    parser.add_argument("--image", help="an address in ECR, or a name of images.json (default: the preset's)")
    parser.add_argument(
        "--env", action="append", default=[], metavar="NAME=VALUE", help="a variable of the container; may be repeated"
    )
    parser.add_argument("--hub-token-from", metavar="VARIABLE", help="the variable that holds your token of the hub")
    parser.add_argument("--snapshot", type=Path, help="a folder with a model, to be put into S3")
    parser.add_argument("--s3", metavar="S3_URL", help="below which files are put, such as s3://bucket/prefix")
    parser.add_argument("--model-data", metavar="S3_URL", help="where a model is in S3 already, instead of --snapshot")
    parser.add_argument("--model-version", help="of JumpStart's model (default: the newest)")
    parser.add_argument("--subnets", default="", metavar="ID,ID", help="of your network, with --security-groups")
    parser.add_argument("--security-groups", default="", metavar="ID,ID", help="with --subnets")
    parser.add_argument(
        "--timeout",
        type=int,
        default=START_SECONDS,
        metavar="SECONDS",
        help="how long fetching the model may take, and then starting, each (default: %(default)s, which is the most)",
    )
    parser.add_argument("--min-count", type=int, help="autoscaling: the fewest instances, with --max-count")
    parser.add_argument("--max-count", type=int, help="autoscaling: the most instances")
    parser.add_argument(
        "--target-concurrency", type=int, default=4, help="autoscaling: requests at once per instance (default: 4)"
    )


def add_region(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--region", help="default: AWS_REGION, or what AWS's own configuration says")


def find_region(given: str | None, default: str | None = None) -> str:
    """Return the region that is given, set or configured, or `default`; raise ConfigurationError where none is."""
    from model_server.sagemaker.lifecycle.aws import configured_region  # boto3, which the other commands do not need

    region = given or load_region() or configured_region() or default
    if region is None:
        raise ConfigurationError("No region is set. Give --region, such as us-west-2, or set AWS_REGION.")
    return region


def run(arguments: argparse.Namespace) -> int:
    """Print the plan, or make the endpoint, and return the exit code."""
    from model_server.sagemaker.lifecycle.aws import Aws, PublicBuckets
    from model_server.sagemaker.lifecycle.deploy import deploy, plan_for_print
    from model_server.sagemaker.lifecycle.report import render_plan
    from model_server.sagemaker.lifecycle.waiting import Patience

    region = find_region(arguments.region, DEFAULT_REGION if arguments.is_printed else None)
    options = _read_options(arguments, region)
    if arguments.is_printed:
        sys.stdout.write(render_plan(plan_for_print(options, PublicBuckets(region).read_object)))
        return 0
    token = load_secret(options.token_from) if options.token_from else None
    try:
        return deploy(options, Aws(region), token, _asker(arguments.yes), Patience(sys.stderr))
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        return INTERRUPTED


def _read_options(arguments: argparse.Namespace, region: str) -> DeployOptions:
    return DeployOptions(
        preset=PRESETS[arguments.preset],
        name=arguments.name or f"twinstream-{arguments.preset}",
        region=region,
        role=arguments.role,
        image=arguments.image,
        instance_type=arguments.instance_type,
        count=arguments.count,
        environment=parse_environment(arguments.env),
        subnets=_names(arguments.subnets),
        security_groups=_names(arguments.security_groups),
        start_seconds=arguments.timeout,
        token_from=arguments.hub_token_from,
        snapshot=arguments.snapshot,
        model_data=_folder(arguments.model_data),
        storage=parse_place(arguments.s3) if arguments.s3 else None,
        model_version=arguments.model_version,
        minimum_count=arguments.min_count,
        maximum_count=arguments.max_count,
        target_concurrency=arguments.target_concurrency,
    )


def _folder(text: str | None) -> S3Place | None:
    return parse_place(text) if text else None


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _asker(is_agreed: bool) -> Callable[[str], bool]:
    def ask(question: str) -> bool:
        if is_agreed:
            return True
        if not sys.stdin.isatty():
            raise ConfigurationError("Nothing was made: this asks before it costs, and nobody is there. Add --yes.")
        sys.stderr.write(question)
        sys.stderr.flush()
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    return ask
