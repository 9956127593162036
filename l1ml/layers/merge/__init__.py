"""Two branches that become one by computing."""

from __future__ import annotations

from l1ml.layers.family import Family

FAMILY = Family(__name__, ("Merge", "Dot"))
