"""The families of layers, found in the folders beside this file when they are first asked for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, reduce
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import l1ml.layers
from l1ml.layers.family import Family


@cache
def families() -> tuple[Family, ...]:
    """All families, in the order of their names."""
    names = [module.name for module in iter_modules(l1ml.layers.__path__) if module.ispkg]
    return tuple(import_module(f"{l1ml.layers.__name__}.{name}").FAMILY for name in names)


@cache
def _by_class() -> dict[str, Family]:
    return {name: family for family in families() for name in family.classes}


def supported() -> list[str]:
    """The hls4ml layer classes that a family takes."""
    return sorted(_by_class())


def supported_layers() -> list[str]:
    """The same for messages, with what is taken of a class of which not all are."""
    return [f"{name} {only}" if (only := family.only) else name for name, family in sorted(_by_class().items())]


def family_of(layer: Any) -> Family:
    """The family of a layer of hls4ml's graph; one without lowering if none takes it, see ``known``."""
    # hls4ml keeps the name of the Keras class (QDense, ...) in the attributes; the graph class is what counts.
    if isinstance(own := getattr(layer, "family", None), Family):  # one that was made of a layer of the graph
        return own
    taken = _by_class()
    found = next((taken[kind.__name__] for kind in type(layer).__mro__ if kind.__name__ in taken), _UNKNOWN)
    return found if found.takes(layer) else _UNKNOWN


def unrolled(layers: Sequence[Any]) -> Sequence[Any]:
    """The layers of a model in order, with those put in place that are in its graph once and done several times.

    Raises:
        L1mlError: If that cannot be done.
    """
    return reduce(lambda found, family: family.unrolled(found), families(), layers)


def known(layer: Any) -> bool:
    """Whether a family takes a layer of hls4ml's graph."""
    return family_of(layer) is not _UNKNOWN


_UNKNOWN = Family(__name__, ())
