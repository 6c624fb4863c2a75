"""Results on disk."""

import json
from pathlib import Path

import jsonschema
import pytest

from app.loadtest import document
from app.loadtest.document import FILE_NAME, from_json, json_schema, read_results, to_json
from app.loadtest.errors import LoadtestError
from app.loadtest.results import Results
from tests.app.loadtest.finished_runs import finished_run, run_at_a_rate

SCHEMA = Path(document.__file__).with_name("results.schema.json")
RUNS = [finished_run(), finished_run(turns=3), run_at_a_rate()]


@pytest.mark.parametrize("run", RUNS)
def test_results_are_read_as_they_were_written(run: Results) -> None:
    assert from_json(to_json(run)) == run


@pytest.mark.parametrize("run", RUNS)
def test_results_keep_the_documented_schema(run: Results) -> None:
    jsonschema.validate(json.loads(to_json(run)), json.loads(SCHEMA.read_text(encoding="utf-8")))


def test_the_schema_file_is_that_of_the_program() -> None:
    """Another form is another version: raise it, and write the file with `python -m app.loadtest schema`."""
    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == json_schema()


def test_every_field_has_its_figure_in_the_document() -> None:
    results = json.loads(to_json(finished_run()))
    assert results["version"] == 1
    assert results["results"]["cells"][0]["figures"]["tokens_per_second"] == 10.0
    assert results["results"]["cells"][0]["key"] == {"input_words": 16, "load": {"count": 1}}


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"version": 2, "results": {}}'])
def test_what_is_no_result_is_refused_with_a_sentence(content: bytes, tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    with pytest.raises(LoadtestError, match="not the result of a load test"):
        read_results(tmp_path)


def test_a_document_of_another_version_is_refused() -> None:
    with pytest.raises(LoadtestError):
        from_json(to_json(finished_run()).replace(b'"version": 1', b'"version": 2'))


def test_a_folder_without_results_is_named(tmp_path: Path) -> None:
    with pytest.raises(LoadtestError, match=FILE_NAME):
        read_results(tmp_path)
