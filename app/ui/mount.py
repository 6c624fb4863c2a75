"""Puts the page into a FastAPI application, with everything off that a chat does not need."""

import gradio as gr
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from app.backends.catalog import BackendChoice
from app.observation import TurnObserver
from app.ui.conversation_list import SCRIPTS, SCRIPTS_PATH
from app.ui.look import LOGO, STYLE_SHEET, build_theme
from app.ui.page import build_page


def mount_page(
    server: FastAPI, choices: tuple[BackendChoice, ...], observer: TurnObserver, *, has_logout: bool
) -> None:
    """The page at `/`, after the routes that `server` has already. `has_logout`: people come in by password."""
    server.mount(SCRIPTS_PATH, StaticFiles(directory=SCRIPTS))
    gr.mount_gradio_app(
        server,
        build_page(choices, observer, has_logout=has_logout),
        path="/",
        theme=build_theme(),
        css_paths=[STYLE_SHEET],
        favicon_path=str(LOGO),
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        show_error=False,
        ssr_mode=False,
    )
