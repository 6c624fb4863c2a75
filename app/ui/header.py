"""The head of the sidebar: mark and title, the list of shortcuts behind “?”, and the way out where there is a login."""

from app.ui.look import LOGO, TITLE

_SHORTCUTS = (
    '<button type="button" id="shortcuts" aria-haspopup="dialog" aria-label="Keyboard shortcuts" '
    'title="Keyboard shortcuts">?</button>'
)
_LOGOUT = '<form method="post" action="logout"><button type="submit" id="logout">Log out</button></form>'


def header_html(*, has_logout: bool) -> str:
    mark = LOGO.read_text(encoding="utf-8")
    return f'<div class="brand">{mark}<h1>{TITLE}</h1>{_LOGOUT if has_logout else ""}{_SHORTCUTS}</div>'
