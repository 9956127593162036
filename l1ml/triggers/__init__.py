"""The triggers: for each, what differs from the others on the way from events to a report."""

from __future__ import annotations

from importlib import import_module

from l1ml.spec import Spec
from l1ml.triggers.trigger import Trained, Trigger, load_settings, save_outputs, save_settings

__all__ = ["Trained", "Trigger", "load_settings", "save_outputs", "save_settings", "trigger_of"]


def trigger_of(spec: Spec) -> Trigger:
    """The trigger that a spec is of."""
    trigger: Trigger = import_module(f"l1ml.triggers.{spec.trigger}").TRIGGER
    return trigger
