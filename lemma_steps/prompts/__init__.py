"""The prompts of every task: how a row becomes messages, how the messages are read back, how a reply is parsed.

The wording is in `lemma_steps/templates`. Nothing here knows of distilabel or of any client.
"""

from lemma_steps.prompts.parsing import parse_reply
from lemma_steps.prompts.reading import read_row
from lemma_steps.prompts.rendering import INFERENCE_STOP, TASKS, Message, inference_prompt, render, template_id
from lemma_steps.prompts.replies import (
    Afterthought,
    Classification,
    Injection,
    Location,
    Reply,
    ReplyError,
    Revision,
    Solution,
)

__all__ = [
    "INFERENCE_STOP",
    "TASKS",
    "Afterthought",
    "Classification",
    "Injection",
    "Location",
    "Message",
    "Reply",
    "ReplyError",
    "Revision",
    "Solution",
    "inference_prompt",
    "parse_reply",
    "read_row",
    "render",
    "template_id",
]
