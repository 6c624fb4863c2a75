"""The walls: who may import whom, where heavy libraries live, how long a file may be.

Each house is a list of floors, the lowest first. A file imports what stands on its own floor or below, and never in a
circle; the two houses never import each other.
"""

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
FILE_LIMIT_LINES = 250

FLOORS = {
    "app": [
        ["errors", "endpoint_errors", "generation", "text", "__init__"],
        ["settings", "access_setting", "endpoint_setting", "conversation"],
        ["wire", "prompts"],
        ["backends"],
        ["chat"],
        ["observation"],
        ["ui", "loadtest"],
        ["access"],
        ["server", "content_policy", "metrics"],
        ["__main__"],
    ],
    "model_server": [
        ["errors", "__init__"],
        ["prepared"],
        ["settings", "model_configuration", "strict_schema"],
        ["weights", "serve_configuration", "logs"],
        ["executors"],
        ["engine"],
        ["api"],
        ["replica"],
        ["deployment", "http_server", "prepare", "plan", "sagemaker"],
        ["__main__"],
    ],
}

# A heavy library and the only places that may know it.
HOMES = {
    "app": {
        "gradio": ["app/ui/"],
        "httpx": ["app/backends/ray_serve.py"],
        "jinja2": ["app/prompts/template.py"],
        "mistral_common": ["app/prompts/token_count.py"],
        "fastapi": ["app/server.py", "app/ui/mount.py"],
        "prometheus_client": ["app/metrics.py"],
        "uvicorn": ["app/__main__.py"],
        "dotenv": ["app/settings.py"],
        "matplotlib": ["app/loadtest/plots.py"],
        "rich": ["app/loadtest/live.py"],
        "subprocess": ["app/backends/embedded.py"],
        "boto3": ["app/backends/sagemaker/"],
        "botocore": ["app/backends/sagemaker/"],
        "urllib3": ["app/backends/sagemaker/"],
        "torch": [],
        "transformers": [],
    },
    "model_server": {
        "ray": ["model_server/deployment.py"],
        "torch": ["model_server/executors/", "model_server/engine/sampling.py", "model_server/engine/scheduler.py"],
        "transformers_neuronx": ["model_server/executors/neuron.py"],
        "safetensors": ["model_server/executors/torch/parameters.py"],
        "tokenizers": ["model_server/engine/"],
        "yaml": ["model_server/serve_configuration.py"],
        "jinja2": ["model_server/engine/chat_template.py"],
        "fastapi": ["model_server/api/"],
        "prometheus_client": ["model_server/api/metrics.py"],
        "uvicorn": ["model_server/http_server.py"],
        "huggingface_hub": ["model_server/prepare/sources/hub.py"],
        "boto3": ["model_server/prepare/sources/s3.py", "model_server/sagemaker/"],
        "botocore": ["model_server/prepare/sources/s3.py", "model_server/sagemaker/"],
        "transformers": [],
        "gradio": [],
    },
}

READS_THE_ENVIRONMENT = {
    "app/settings.py",
    "app/backends/embedded.py",  # hands it on to the model server
    "app/ui/__init__.py",  # sets what Gradio reads while it is imported
    "model_server/settings.py",
    "model_server/deployment.py",  # sets what Ray's processes read
}


def files(house: str) -> list[Path]:
    """Python files of a house, without the training of the built-in model and the bench: tools beside it."""
    tools = {PROJECT / "model_server" / "demo_training", PROJECT / "model_server" / "bench"}
    return sorted(path for path in (PROJECT / house).rglob("*.py") if tools.isdisjoint(path.parents))


def name_of(path: Path) -> str:
    return str(path.relative_to(PROJECT))


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)} imports relatively"
            yield node.module or ""


def floor_of(module: str) -> int:
    house, *rest = module.split(".")
    name = rest[0] if rest else "__init__"
    return next(number for number, floor in enumerate(FLOORS[house]) if name in floor)


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize("house", FLOORS)
def test_files_import_only_what_stands_below_them(house: str) -> None:
    wrong = [
        f"{name_of(path)} imports {module}"
        for path in files(house)
        for module in imports(path)
        if module.split(".")[0] == house and floor_of(module) > floor_of(module_of(path))
    ]
    assert wrong == []


@pytest.mark.parametrize("house", FLOORS)
def test_files_never_import_each_other_in_a_circle(house: str) -> None:
    graph = {module_of(path): [name for name in imports(path) if name.startswith(house)] for path in files(house)}
    list(TopologicalSorter(graph).static_order())


def test_the_two_houses_never_import_each_other() -> None:
    for house, other in (("app", "model_server"), ("model_server", "app")):
        assert [name_of(path) for path in files(house) if other in {name.split(".")[0] for name in imports(path)}] == []


@pytest.mark.parametrize("house", HOMES)
def test_heavy_libraries_have_one_home(house: str) -> None:
    wrong = [
        f"{name_of(path)} imports {library}"
        for path in files(house)
        for library in {name.split(".")[0] for name in imports(path)} & HOMES[house].keys()
        if not any(name_of(path).startswith(home) for home in HOMES[house][library])
    ]
    assert wrong == []


@pytest.mark.parametrize("house", FLOORS)
def test_only_settings_reads_the_environment(house: str) -> None:
    readers = {
        name_of(path)
        for path in files(house)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
    }
    assert readers <= READS_THE_ENVIRONMENT


def test_every_file_is_short_enough_to_hold_in_the_head() -> None:
    paths = [path for house in ("app", "model_server", "tests") for path in (PROJECT / house).rglob("*.py")]
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in paths}
    assert {name: lines for name, lines in lengths.items() if lines > FILE_LIMIT_LINES} == {}


def test_every_file_says_what_it_is() -> None:
    houses = [path for house in FLOORS for path in files(house)]
    assert [name_of(path) for path in houses if not ast.get_docstring(tree_of(path))] == []


def test_every_variable_is_in_the_example() -> None:
    """Whatever a settings file asks the environment for, by its literal name."""
    example = (PROJECT / ".env.example").read_text(encoding="utf-8")
    asked = {
        node.value
        for house in FLOORS
        for node in ast.walk(tree_of(PROJECT / house / "settings.py"))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isupper()
    }
    assert [name for name in asked if f"{name}=" not in example] == []
