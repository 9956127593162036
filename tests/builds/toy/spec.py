"""The spec of the toy trigger."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from l1ml.spec import Hidden, ModelSpec, Section, Spec


class ToyModelSpec(ModelSpec):
    """The network."""

    hidden: Hidden = (4,)


class NoiseSpec(Section):
    """What only this trigger has."""

    sigma: float = Field(0.1, ge=0)
    """Standard deviation of the noise that is laid over training events."""


class ToySpec(Spec):
    """Are two numbers on the same side?"""

    trigger: Literal["toy"]
    model: ToyModelSpec = ToyModelSpec()
    noise: NoiseSpec = NoiseSpec()


SPEC = ToySpec
