"""Throughput and latency over the load, as PNG: a line for each input size, one or two runs. matplotlib lives here."""

from collections.abc import Callable, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from app.loadtest.figures import Figures
from app.loadtest.plan import Load, Rate, Users
from app.loadtest.results import Results

# Of Okabe and Ito, whom people of all kinds of colour vision can tell apart; each size has a mark of its own besides.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
_MARKS = ("o", "s", "^", "D", "v", "P")
_LINES = ("-", "--")
_FILLS = ("full", "none")
_INK = "#333333"
_SIZE_INCHES = (7.2, 4.4)
_DOTS_PER_INCH = 150

THROUGHPUT_FILE = "throughput.png"
LATENCY_FILE = "latency.png"


def draw_plots(runs: Sequence[Results], folder: Path) -> tuple[Path, ...]:
    """Writes both plots and returns their paths. The second run is drawn with broken lines."""
    plots: tuple[tuple[str, str, Callable[[Figures], float | None]], ...] = (
        (THROUGHPUT_FILE, "throughput, tokens/s", lambda figures: figures.tokens_per_second),
        (LATENCY_FILE, "p50 latency, ms/token", lambda figures: figures.latency_milliseconds_per_token),
    )
    return tuple(_draw(runs, title, value, folder / name) for name, title, value in plots)


def _draw(runs: Sequence[Results], title: str, value: Callable[[Figures], float | None], file: Path) -> Path:
    figure = Figure(figsize=_SIZE_INCHES, dpi=_DOTS_PER_INCH, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    names = [f", {letter}: {_name(run)}" for letter, run in zip("AB", runs, strict=True)] if len(runs) > 1 else [""]
    sizes = sorted({words for run in runs for words in run.plan.input_words})
    for place, run in enumerate(runs):
        for words in run.plan.input_words:
            _draw_line(axes, run, words, value, place, sizes.index(words), names[place])
    _label(axes, runs, title)
    figure.savefig(file, metadata={"Software": None})
    return file


def _draw_line(
    axes: Axes,
    run: Results,
    words: int,
    value: Callable[[Figures], float | None],
    place: int,
    index: int,
    name: str,
) -> None:
    points = [
        (_amount(cell.key.load), figure)
        for cell in run.cells
        if cell.key.input_words == words and cell.figures and (figure := value(cell.figures)) is not None
    ]
    if not points:
        return
    axes.plot(
        [amount for amount, _ in points],
        [figure for _, figure in points],
        linestyle=_LINES[place],
        fillstyle=_FILLS[place],
        linewidth=1.8,
        color=_COLOURS[index % len(_COLOURS)],
        marker=_MARKS[index % len(_MARKS)],
        markersize=5.5,
        label=f"{words} words{name}",
    )


def _label(axes: Axes, runs: Sequence[Results], title: str) -> None:
    loads = sorted({_amount(load) for run in runs for load in run.plan.loads})
    is_rate = isinstance(runs[0].plan.loads[0], Rate)
    axes.set_xscale("log", base=2)
    axes.set_xticks(loads)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda amount, _: f"{amount:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_ylim(bottom=0)
    axes.set_xlabel("questions a second" if is_rate else "users at the same time", color=_INK)
    axes.set_title(title, loc="left", color=_INK, fontsize=11, fontweight="bold")
    if len(runs) == 1:
        axes.set_title(_name(runs[0]), loc="right", color=_INK, fontsize=8)
    axes.grid(axis="y", color="#dddddd", linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.tick_params(colors=_INK, labelsize=9)
    if axes.get_lines():
        axes.legend(frameon=False, fontsize=8, labelcolor=_INK, handlelength=3)


def _name(run: Results) -> str:
    return run.circumstances.label


def _amount(load: Load) -> float:
    return load.count if isinstance(load, Users) else load.per_second
