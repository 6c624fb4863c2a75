"""A stand-in for transformers-neuronx, with its names, its refusals and its traps, over the real forward pass.

`installed/` is what stands on the path where the library would; what it names is here. Written from what the library
does, as far as an executor with continuous batching and sampling on the host can see it, not from how it does it. A
correct executor gets exactly what the torch executor computes; each mistake gets an error, or wrong logits. It computes
in float32, whatever `amp` asks for, so that company does not change a choice.
"""

from __future__ import annotations

from pathlib import Path

INSTALLED = Path(__file__).resolve().parent / "installed"
