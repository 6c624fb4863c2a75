"""`python -m app.loadtest`: measure, `compare` two runs, `self-check` the generator, or print the JSON `schema`."""

import argparse
import asyncio
import gc
import json
import logging
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from app.errors import ChatError
from app.loadtest.compare import render_comparison
from app.loadtest.document import FILE_NAME, json_schema, read_results, to_json
from app.loadtest.estimate import estimate
from app.loadtest.live import progress_on
from app.loadtest.machine import describe_generator
from app.loadtest.options import Options, parse_options
from app.loadtest.plots import draw_plots
from app.loadtest.report import render_report
from app.loadtest.results import Circumstances, Results
from app.loadtest.run import INTERRUPTED, Run
from app.loadtest.self_check import check_generator
from app.loadtest.target import is_built_in, is_loopback, open_backend
from app.settings import Settings, load_settings, read_environment

_INTERRUPTED_EXIT_CODE = 130
REPORT_FILE = "report.md"
COMPARISON_FILE = "comparison.md"
LOG_FILE = "loadtest.log"
_LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def main(arguments: list[str]) -> int:
    """The exit code: 0 when the table is full, 1 with a sentence when it is not, 130 when a person ended it."""
    try:
        match arguments:
            case ["compare", *rest]:
                return _compare(rest)
            case ["self-check"]:
                print(asyncio.run(check_generator()))
                return 0
            case ["schema"]:
                print(json.dumps(json_schema(), indent=1))
                return 0
            case _:
                return _measure(parse_options(arguments), load_settings(read_environment()))
    except ChatError as error:
        sys.stderr.write(f"loadtest: {error.user_message}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"loadtest: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("loadtest: stopped before anything was measured.\n")
        return _INTERRUPTED_EXIT_CODE


def _measure(options: Options, settings: Settings) -> int:
    sys.stderr.write(f"{options.backend}: {estimate(options.plan)}\n")
    if not (options.has_consent or is_loopback(options.backend, settings)):
        sys.stderr.write("loadtest: the target may be on another machine; add --yes where it may be asked all this.\n")
        return 2
    options.output.mkdir(parents=True, exist_ok=True)
    # What a target says of its failures; on the terminal, hundreds of them would hide the figures.
    logging.basicConfig(filename=options.output / LOG_FILE, filemode="w", level=logging.WARNING, format=_LOG_FORMAT)
    runs: list[Run] = []
    try:
        asyncio.run(_run(options, settings, runs))
    except KeyboardInterrupt:
        if not runs:
            raise
    results = _results(options, settings, runs[0])
    _write(results, options.output)
    if results.stopped:
        sys.stderr.write(f"loadtest: ended early: {results.stopped}\n")
        return _INTERRUPTED_EXIT_CODE if results.stopped == INTERRUPTED else 1
    return 0


async def _run(options: Options, settings: Settings, runs: list[Run]) -> None:
    """Puts the run into `runs` before it begins, so that it outlives Ctrl-C."""
    async with open_backend(options.backend, settings) as backend:
        model = await backend.describe()
        with progress_on(sys.stderr, len(list(options.plan.keys))) as progress:
            run = Run(backend, model, options.plan, progress)
            runs.append(run)
            await run.measure()


def _results(options: Options, settings: Settings, run: Run) -> Results:
    generator = describe_generator()
    own_label = f"built-in model on {generator['processor']}, {generator['cores']} cores"
    label = options.label or (own_label if is_built_in(options.backend, settings) else options.backend)
    made = Circumstances(
        options.backend,
        run.model.display_name,
        run.model.window_tokens,
        datetime.now(UTC).date().isoformat(),
        generator,
        label,
    )
    return Results(options.plan, made, tuple(run.cells()), run.stopped)


def _write(results: Results, folder: Path) -> None:
    report = render_report(results)
    (folder / FILE_NAME).write_bytes(to_json(results))
    (folder / REPORT_FILE).write_text(report, encoding="utf-8")
    plots = draw_plots([results], folder)
    print(f"\n{report}\nIn {folder}: {', '.join([FILE_NAME, REPORT_FILE, *(plot.name for plot in plots)])}")


def _compare(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m app.loadtest compare", description="Draw two runs together.")
    parser.add_argument("runs", type=Path, nargs=2, metavar="RUN", help="the folder of a run")
    parser.add_argument("--output", type=Path, default=Path("build/loadtest-compare"), help="(default: %(default)s)")
    given = parser.parse_args(arguments)
    first, second = (read_results(run) for run in given.runs)
    comparison = render_comparison(first, second)
    given.output.mkdir(parents=True, exist_ok=True)
    (given.output / COMPARISON_FILE).write_text(comparison, encoding="utf-8")
    plots = draw_plots([first, second], given.output)
    print(f"{comparison}\nIn {given.output}: {', '.join([COMPARISON_FILE, *(plot.name for plot in plots)])}")
    return 0


if __name__ == "__main__":
    # So that what ends it gently also gets what was measured, and stops the built-in model.
    signal.signal(signal.SIGTERM, lambda _number, _frame: signal.raise_signal(signal.SIGINT))
    # What is loaded by now stays; looking through it again and again would delay what is timed.
    gc.collect()
    gc.freeze()
    sys.exit(main(sys.argv[1:]))
