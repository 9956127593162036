"""The electron trigger on rings of calorimeter energy: is a cluster an electron?"""

from __future__ import annotations

from l1ml.triggers.trigger import Trigger

TRIGGER = Trigger(__name__, headline="auc", data="rings", simulates=40_000)
