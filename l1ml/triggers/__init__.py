"""The triggers, a folder for each. What is in a folder says `l1ml.triggers.trigger.Trigger`."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from l1ml.spec import Spec
from l1ml.triggers.trigger import Trained, Trigger, load_outputs, load_settings, named, save_outputs, save_settings

__all__ = ["Trained", "Trigger", "load_outputs", "load_settings", "save_outputs", "save_settings"]
__all__ += ["trigger_of", "triggers"]


def triggers() -> dict[str, Trigger]:
    """All triggers by name: the folders of this package.

    Raises:
        L1mlError: If a folder does not say what it is.
    """
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg)
    return {name: named(import_module(f"{__name__}.{name}"), "TRIGGER") for name in names}


def trigger_of(spec: Spec) -> Trigger:
    """The trigger that a spec is of."""
    return triggers()[spec.trigger]
