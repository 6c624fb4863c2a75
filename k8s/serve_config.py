"""`python -m k8s.serve_config`: writes the Serve configuration of each overlay, as a patch of its RayService.

It is model_server/serve.yaml, from which `make serve-ray` serves too, with the figures of tuning.yaml laid over it.
With `--check` nothing is written, and a file that is not what it would be ends it with 1. Does not import Ray.
"""

import sys
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).resolve().parent
SERVE_FILE = FOLDER.parent / "model_server" / "serve.yaml"
TUNING_FILE = FOLDER / "tuning.yaml"
# What Ray reserves for a replica, beside its processor: by overlay, and the same as its Pod has.
ACCELERATORS = {"inf2": {"neuron_cores": 2}, "high-availability": {"neuron_cores": 2}, "cpu": {}}
TUNED = ("min_replicas", "max_replicas", "target_requests", "queue_length", "idle_seconds", "scale_up_step")
HEADER = "# Written by `make serve-config` from model_server/serve.yaml and k8s/tuning.yaml. Change those.\n"


def main(arguments: list[str]) -> int:
    """Return 0, or 1 where `--check` finds a file that is not as it should be, or tuning.yaml cannot be used."""
    try:
        wanted = {overlay: render_patch(overlay, figures) for overlay, figures in read_tuning(TUNING_FILE).items()}
    except ValueError as error:
        print(f"{TUNING_FILE.name}: {error}", file=sys.stderr)
        return 1
    stale = [overlay for overlay, text in wanted.items() if _read(path_of(overlay)) != text]
    if arguments == ["--check"]:
        for overlay in stale:
            print(f"{path_of(overlay)} is not what serve.yaml and tuning.yaml make: run `make serve-config`.")
        return 1 if stale else 0
    for overlay in stale:
        path_of(overlay).write_text(wanted[overlay], encoding="utf-8")
        print(f"wrote {path_of(overlay)}")
    return 0


def path_of(overlay: str) -> Path:
    return FOLDER / "overlays" / overlay / "serve-config.yaml"


def read_tuning(path: Path) -> dict[str, dict[str, float]]:
    """Return the figures of each overlay; raise ValueError where one is too many, missing or no number."""
    tuning = yaml.safe_load(path.read_text(encoding="utf-8"))
    if set(tuning) != set(ACCELERATORS):
        raise ValueError(f"the overlays must be {', '.join(ACCELERATORS)}.")
    for overlay, figures in tuning.items():
        if set(figures) != set(TUNED):
            raise ValueError(f"{overlay} must have exactly {', '.join(TUNED)}.")
        for name, value in figures.items():
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ValueError(f"{overlay}.{name} is {value!r}, but must be a number.")
    return dict(tuning)


def make_configuration(overlay: str, figures: dict[str, float]) -> dict[str, Any]:
    """Return the whole configuration, in Ray's form."""
    document: dict[str, Any] = yaml.safe_load(SERVE_FILE.read_text(encoding="utf-8"))
    deployment = document["applications"][0]["deployments"][0]
    deployment["autoscaling_config"] |= {
        "min_replicas": figures["min_replicas"],
        "max_replicas": figures["max_replicas"],
        "target_ongoing_requests": figures["target_requests"],
        "downscale_delay_s": figures["idle_seconds"],
        "upscaling_factor": figures["scale_up_step"],
    }
    deployment["user_config"] = {"queue_limit": figures["queue_length"]}
    if ACCELERATORS[overlay]:
        deployment["ray_actor_options"]["resources"] = ACCELERATORS[overlay]
    return document


def render_patch(overlay: str, figures: dict[str, float]) -> str:
    """Return the patch: the configuration, and how many Pods Ray may ask for, which follows from it."""
    configuration = yaml.safe_dump(make_configuration(overlay, figures), sort_keys=False, width=120)
    group = "/spec/rayClusterConfig/workerGroupSpecs/0"
    text = "".join(f"    {line}\n" for line in configuration.splitlines())
    return (
        f"{HEADER}"
        f"- op: add\n  path: /spec/serveConfigV2\n  value: |\n{text}"
        f"- op: replace\n  path: {group}/minReplicas\n  value: {figures['min_replicas']}\n"
        f"- op: replace\n  path: {group}/maxReplicas\n  value: {figures['max_replicas']}\n"
    )


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
