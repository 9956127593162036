"""The Level-1 jet tagger: which of gluon, quark, W, Z or top made a jet, from 16 features of its substructure."""

from __future__ import annotations

from l1ml.triggers.trigger import Trigger

TRIGGER = Trigger(
    __name__,
    headline="accuracy",
    data="jets",
    simulates=100_000,
    downloads=True,
)
