"""The command line."""

from pathlib import Path

import pytest

from app.loadtest.options import parse_options
from app.loadtest.plan import Limits, Objective, Rate, Rounds, Seconds, Users


def test_without_options_the_published_table_is_measured_on_the_built_in_model() -> None:
    options = parse_options([])
    plan = options.plan
    assert (options.backend, options.has_consent) == ("built-in", False)
    assert plan.loads == tuple(Users(count) for count in (1, 2, 4, 8, 16, 32, 64, 128))
    assert (plan.input_words, plan.output_tokens, plan.length, plan.turns) == ((128, 512, 6400), 128, Seconds(30.0), 1)


def test_every_option_reaches_the_plan() -> None:
    arguments = (
        "--backend sagemaker:mistral --users 4,1 --input-words 9 --output-tokens 3 --rounds 2 --turns 5 --seed 7"
    )
    arguments += " --warm-up 0 --timeout 9 --error-limit 0.25 --objective-ms 40"
    arguments += " --objective-first-token-ms 500 --price-per-hour 1.5 --label L --output out --yes"
    options = parse_options(arguments.split())
    plan = options.plan
    assert (options.backend, options.label, options.output, options.has_consent) == (
        "sagemaker:mistral",
        "L",
        Path("out"),
        True,
    )
    assert (plan.loads, plan.input_words, plan.output_tokens) == ((Users(1), Users(4)), (9,), 3)
    assert (plan.length, plan.turns, plan.seed, plan.warm_up_requests) == (Rounds(2), 5, 7, 0)
    assert (plan.limits, plan.objective, plan.price_per_hour) == (Limits(9.0, 0.25), Objective(40.0, 500.0), 1.5)


def test_rates_take_the_place_of_users() -> None:
    assert parse_options(["--rate", "2,0.5"]).plan.loads == (Rate(0.5), Rate(2.0))


def test_words_are_new_in_each_run_unless_a_seed_is_given() -> None:
    assert len({parse_options([]).plan.seed for _ in range(5)}) > 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("--backend vllm", "is none of built-in, ray-serve, sagemaker:NAME"),
        ("--backend sagemaker:", "is none of"),
        ("--users 0", "at least one user"),
        ("--users x", "invalid"),
        ("--users 1 --rate 1", "not allowed with"),
        ("--rounds 1 --seconds 1", "not allowed with"),
        ("--rounds 0", "at least one round"),
        ("--seconds 0", "more than 0 seconds"),
        ("--rate 0", "a rate is above 0"),
        ("--rate 1 --rounds 3", "not for --rounds"),
        ("--rate 1 --turns 3", "not at a --rate"),
        ("--input-words 0", "at least one word"),
        ("--output-tokens 0", "at least one token"),
        ("--turns 0", "at least one turn"),
        ("--warm-up -1", "0 or more"),
        ("--timeout 0", "above 0 seconds"),
        ("--error-limit 2", "between 0 and 1"),
        ("--price-per-hour 0", "a price is above 0"),
    ],
)
def test_what_cannot_be_used_ends_the_program_with_a_sentence(
    arguments: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        parse_options(arguments.split())
    assert end.value.code == 2
    assert sentence in capsys.readouterr().err
