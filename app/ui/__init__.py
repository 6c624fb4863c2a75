"""The page. gradio lives in this folder and nowhere else.

Gradio reads these variables while it is imported, so they are set here, which is always imported before it. What a
person has set stays. They keep the page from calling other hosts, from keeping prompts in the browser's run history,
and from summarising its queue with pandas after every event (measured: 3 to 11 ms each).
"""

import os

_GRADIO_DEFAULTS = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_ANALYTICS_CACHE_FREQUENCY": "1000000000",
    "GRADIO_HEARTBEAT_INTERVAL": "5",
    "HF_HUB_DISABLE_TELEMETRY": "1",
}
for _name, _value in _GRADIO_DEFAULTS.items():
    os.environ.setdefault(_name, _value)
