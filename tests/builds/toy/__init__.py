"""A toy trigger: are two numbers of four on the same side? It shows that a trigger is one folder."""

from __future__ import annotations

from l1ml.triggers.trigger import Trigger

TRIGGER = Trigger(__name__, headline="accuracy")
