"""Results of synthesis that are kept in the user's cache, by the content of all that they depend on."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from l1ml.folders import write_whole


def kept(parts: Iterable[str | bytes], compute: Callable[[], dict[str, float]]) -> dict[str, float]:
    """Numbers that were computed before from the same parts, else computed now.

    Args:
        parts: All that decides the numbers: sources, options, the program's version.
        compute: Computes them.
    """
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(f"{len(data)} ".encode() + data)
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    file = Path(home) / "l1ml" / "yosys" / f"{digest.hexdigest()[:32]}.json"
    try:
        known: dict[str, float] = json.loads(file.read_text())
        return known
    except (OSError, ValueError):
        pass
    found = compute()
    with suppress(OSError):  # a cache that cannot be written is none
        write_whole(file, json.dumps(found))
    return found
