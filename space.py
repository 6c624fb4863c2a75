"""What a Hugging Face Space runs: the same page as `make run`, with the built-in model, open to the Space's visitors.

A duplicated Space works at once; its settings are the variables of `.env.example`, set as the Space's secrets.
"""

import os

from app.__main__ import main

if __name__ == "__main__":
    os.environ.setdefault("GRADIO_SERVER_NAME", "0.0.0.0")  # noqa: S104  the Space's own proxy stands in front
    # Gradio would dress the page up with the Space's heart and fonts, which other hosts have.
    os.environ.pop("SYSTEM", None)
    main()
