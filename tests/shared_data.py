"""Where real data lie that are no part of the project, beside the checkout; tests skip where they are absent."""

from __future__ import annotations

from pathlib import Path

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
