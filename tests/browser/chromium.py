"""Finds a Chromium for the browser tests, or gets one: `python -m tests.browser.chromium` prints its path.

In this order: $CHROMIUM, one on PATH, Debian's package where the user may install it, Playwright's own download.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser, Playwright, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# Chromium's own calls home would be refused here, many at a time.
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def main() -> None:
    print(find() or _install_by_apt() or _install_by_playwright() or _give_up())


def find() -> str | None:
    """The path of a Chromium that is there already."""
    named = os.environ.get("CHROMIUM")
    return shutil.which(named) if named else next(filter(None, map(shutil.which, _NAMES)), None)


def launch(playwright: Playwright) -> Browser:
    """The one that `find` finds."""
    return playwright.chromium.launch(executable_path=find(), args=_ARGUMENTS)


def _install_by_apt() -> str | None:
    if os.geteuid() != 0 or not shutil.which("apt-get") or os.environ.get("CHROMIUM"):
        return None
    print("Installing Chromium for the browser tests (apt-get install chromium)…", file=sys.stderr)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-q"], ["install", "-y", "-q", "--no-install-recommends", "chromium"]):
        subprocess.run(["apt-get", *arguments], env=environment, stdout=sys.stderr, check=False)
    return find()


def _install_by_playwright() -> str | None:
    if os.environ.get("CHROMIUM"):
        return None
    path = _playwright_path()
    if not path.exists():
        print("Installing Chromium for the browser tests (playwright install chromium)…", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], stdout=sys.stderr, check=False)
    return str(path) if path.exists() else None


def _playwright_path() -> Path:
    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path)


def _give_up() -> str:
    sys.exit("The browser tests need a Chromium: install one, or set CHROMIUM to the path of yours.")


if __name__ == "__main__":
    main()
