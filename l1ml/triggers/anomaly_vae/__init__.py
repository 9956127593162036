"""The anomaly trigger: how odd is an event to an autoencoder that knows the background alone?"""

from __future__ import annotations

from l1ml.triggers.trigger import Trigger

TRIGGER = Trigger(__name__, headline="auc_signals", data="anomaly", simulates=125_000)
