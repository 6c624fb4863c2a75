"""The login page: one form, which needs no script and nothing from any host."""

from html import escape
from pathlib import Path
from string import Template
from urllib.parse import quote

from starlette.responses import HTMLResponse

_HERE = Path(__file__).parent
_TEMPLATE = Template((_HERE / "login.html").read_text(encoding="utf-8"))
_LOGO = (_HERE.parents[1] / "assets" / "logo.svg").read_text(encoding="utf-8")


def login_page(error: str, status: int, headers: dict[str, str]) -> HTMLResponse:
    """`error` is a sentence of our own; empty: none."""
    alert = f'<p id="error" role="alert">{escape(error)}</p>' if error else ""
    described = 'aria-describedby="error" aria-invalid="true"' if error else ""
    icon = f"data:image/svg+xml,{quote(_LOGO)}"
    html = _TEMPLATE.substitute(logo=_LOGO, icon=icon, alert=alert, described=described)
    return HTMLResponse(html, status, headers)
