"""Results as a run would leave them, with everything that a report has to show."""

from app.generation import Usage
from app.loadtest.answer import Answer, Outcome
from app.loadtest.figures import figures_of
from app.loadtest.plan import CellKey, Objective, Plan, Rate, Rounds, Seconds, Users
from app.loadtest.results import Cell, CellState, Circumstances, Results

GENERATOR = {"processor": "Example CPU", "cores": "2", "system": "Linux", "python": "3.11.7", "httpx": "0.28.1"}


def circumstances(label: str = "an instance") -> Circumstances:
    return Circumstances("built-in", "demo", 1024, "2026-11-21", GENERATOR, label)


def cell(plan: Plan, key: CellKey, seconds: float, reason: str = "") -> Cell:
    """Ten tokens in so many seconds, and a refusal; partial where there is a reason."""
    answers = [
        Answer(0.0, 0.0, seconds, text_seconds=(seconds / 2, seconds), usage=Usage(20, 10, 5)),
        Answer(0.0, 0.0, 0.5, Outcome.REFUSED, error="BackendNotReady"),
    ]
    figures = figures_of(answers, plan.objective, plan.price_per_hour)
    return Cell(key, CellState.PARTIAL if reason else CellState.MEASURED, reason, figures)


def finished_run(label: str = "an instance", factor: float = 1.0, turns: int = 1) -> Results:
    """Two sizes and three loads: the last cell is partial, the larger size does not fit at all."""
    plan = Plan(
        (Users(1), Users(2), Users(4)),
        (16, 128),
        10,
        Rounds(1),
        seed=5,
        turns=turns,
        objective=Objective(500.0, 4000.0),
        price_per_hour=3.6,
    )
    loads = plan.loads
    small = [cell(plan, CellKey(16, load), factor * (index + 1)) for index, load in enumerate(loads[:2])]
    small.append(cell(plan, CellKey(16, loads[2]), factor * 8, "interrupted"))
    none = [Cell(CellKey(128, load), CellState.NOT_MEASURED, "needs 2,000 tokens") for load in loads]
    return Results(plan, circumstances(label), (*small, *none), "interrupted")


def run_at_a_rate() -> Results:
    plan = Plan((Rate(0.5),), (16,), 10, Seconds(3), seed=5)
    return Results(plan, circumstances(), (cell(plan, CellKey(16, Rate(0.5)), 2.0),))
