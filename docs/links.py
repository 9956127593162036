"""Links of the user guide to files of the repository that are no pages of it: a hook of MkDocs.

On a page of the repository such a link leads to the file. The guide is read without the repository, so there the file
is named and not linked.
"""

from __future__ import annotations

import re
from typing import Any

OUTSIDE = re.compile(r"\[([^\]]*)\]\(\.\./([^)#\s]+)(?:#[^)\s]*)?\)")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace each link that leaves ``docs/`` by its text and the file's path in the repository."""
    return OUTSIDE.sub(_named, markdown)


def _named(link: re.Match[str]) -> str:
    text, path = link.groups()
    return f"`{path}`" if path.endswith(text) else f"{text} (`{path}`)"
