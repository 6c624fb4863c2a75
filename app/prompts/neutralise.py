"""Keeps text that a person or a model wrote from adding, closing or reordering a turn.

A control string inside content gets one space after its first character (`[INST]` becomes `[ INST]`): it stays
readable, and no tokenizer takes it for control any more. All other text passes byte for byte. Inserting, never
removing, cannot make a new control string out of the rest.
"""

import re

# What the tokenizers of Mistral (v1 to v3, mistral-common 1.13) and Llama-2 treat as control or as marks.
CONTROL_STRINGS = (
    "<unk>",
    "<s>",
    "</s>",
    "<pad>",
    "[INST]",
    "[/INST]",
    "<<SYS>>",
    "<</SYS>>",
    "[TOOL_CALLS]",
    "[AVAILABLE_TOOLS]",
    "[/AVAILABLE_TOOLS]",
    "[TOOL_RESULTS]",
    "[/TOOL_RESULTS]",
    "[SYSTEM_PROMPT]",
    "[/SYSTEM_PROMPT]",
    "[PREFIX]",
    "[MIDDLE]",
    "[SUFFIX]",
    "[IMG]",
    "[IMG_BREAK]",
    "[IMG_END]",
)
# v3 also names its spare control tokens [control_8] … [control_768].
_CONTROL = re.compile("|".join([*map(re.escape, CONTROL_STRINGS), r"\[control_\d+\]"]))


def neutralise(content: str) -> str:
    """`content` in which nothing can be read as a control string."""
    return _CONTROL.sub(lambda match: f"{match[0][0]} {match[0][1:]}", content)
