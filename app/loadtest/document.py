"""Results as JSON and back. Their form is documented in `results.schema.json`, which a test keeps true."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from app.loadtest.errors import LoadtestError
from app.loadtest.results import Results

FILE_NAME = "results.json"


@dataclass(frozen=True, slots=True)
class Document:
    """A load test of Twinstream. `version` changes when a field changes its meaning or goes."""

    results: Results
    version: Literal[1] = 1


_ADAPTER = TypeAdapter(Document)


def to_json(results: Results) -> bytes:
    return _ADAPTER.dump_json(Document(results), indent=1) + b"\n"


def from_json(content: bytes) -> Results:
    """Raises LoadtestError for what is no document of this version."""
    try:
        return _ADAPTER.validate_json(content).results
    except ValidationError as error:
        raise LoadtestError("This is not the result of a load test, or one of another version.") from error


def read_results(run: Path) -> Results:
    """`run` is the folder of a run, or its JSON file. Raises LoadtestError naming it where there is none."""
    file = run / FILE_NAME if run.is_dir() else run
    try:
        return from_json(file.read_bytes())
    except OSError as error:
        raise LoadtestError(f"{file} cannot be read ({error.strerror}); name the folder of a run.") from error
    except LoadtestError as error:
        raise LoadtestError(f"{file}: {error}") from error


def json_schema() -> dict[str, Any]:
    """The JSON Schema of such a document."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_ADAPTER.json_schema(mode="serialization")}
