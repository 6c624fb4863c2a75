"""How the page looks: its theme, its style sheet and its mark. System fonts only, so no other host is ever asked."""

from pathlib import Path

import gradio as gr

_HERE = Path(__file__).parent
STYLE_SHEET = _HERE / "style.css"
UNUSABLE_SCRIPT = (_HERE / "unusable.js").read_text(encoding="utf-8")  # LABEL stands for the line's label
LOGO = _HERE.parents[1] / "assets" / "logo.svg"
TITLE = "Twinstream"

_TEAL = gr.themes.Color(
    name="stream",
    c50="#effcf9", c100="#d2f7ee", c200="#a6eede", c300="#6fdec9", c400="#38c5af", c500="#17a394",
    c600="#0c7f76", c700="#0d655f", c800="#10504c", c900="#124340", c950="#042827",
)  # fmt: skip


def build_theme() -> gr.themes.Base:
    return gr.themes.Base(
        primary_hue=_TEAL,
        secondary_hue=gr.themes.colors.indigo,
        neutral_hue=gr.themes.colors.slate,
        radius_size=gr.themes.sizes.radius_lg,
        font=["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"],
        font_mono=["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace"],
    ).set(
        body_background_fill="*neutral_50",
        body_background_fill_dark="*neutral_950",
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_300",
        block_label_text_color="*neutral_700",
        block_label_text_color_dark="*neutral_200",
        block_info_text_color="*neutral_600",
        block_info_text_color_dark="*neutral_300",
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_hover="*primary_800",
        button_primary_background_fill_dark="*primary_700",
        button_primary_background_fill_hover_dark="*primary_600",
        button_primary_text_color="white",
        button_primary_text_color_dark="white",
        slider_color="*primary_600",
        checkbox_label_border_color="*neutral_300",
        input_placeholder_color="*neutral_500",
        input_placeholder_color_dark="*neutral_400",
    )
