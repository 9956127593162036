"""Two branches that become one."""

from __future__ import annotations

from l1ml.layers.family import Family

FAMILY = Family(__name__, ("Merge",))
