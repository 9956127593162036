"""The spec of the electron trigger on rings of calorimeter energy."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from l1ml.spec import DatasetSpec, FixedPrecision, Hidden, ModelSpec, PruningSpec, Section, Spec, TrainingSpec


def _rising(edges: tuple[float, ...]) -> tuple[float, ...]:
    if any(low >= high for low, high in pairwise(edges)):
        raise ValueError("edges must rise")
    return edges


Edges = Annotated[tuple[Annotated[float, Field(ge=0)], ...], AfterValidator(_rising)]
Efficiency = Annotated[float, Field(gt=0, lt=1)]


class RingDatasetSpec(DatasetSpec):
    """Candidates with their rings."""

    source: Literal["sample", "generated", "lorenzetti"] = "sample"
    """``sample``: shipped with l1ml; ``generated``: made by ``l1ml data generate``; ``lorenzetti``: an npz file of
    the public full simulation."""


class NormSpec(Section):
    """The normalisation of the rings to the size of their sum."""

    smallest: float = Field(1.0, gt=0)
    """What a sum closer to zero is taken for, in GeV."""
    precision: FixedPrecision = "fixed<9,1,RND,SAT>"
    """Type of the normalised rings."""


class RingModelSpec(ModelSpec):
    """The network and what stands before and after it."""

    hidden: Hidden = (8,)
    activation: Literal["relu", "tanh"] = "relu"
    weight_bits: int = Field(7, ge=2, le=16)
    activation_bits: int = Field(8, ge=1, le=16)
    ring_precision: FixedPrecision = "fixed<14,10,RND,SAT>"
    """Type of the energies of rings, in GeV."""
    norm: NormSpec = NormSpec()


class ThresholdSpec(Section):
    """Thresholds on the network's output, in bins of transverse energy and pseudorapidity."""

    et_edges: Annotated[Edges, Field(min_length=1)] = (10.0, 20.0, 30.0, 40.0)
    """Lower edges of the bins in GeV; the last bin is open, and what lies below the first edge is rejected."""
    eta_edges: Annotated[Edges, Field(min_length=2)] = (0.0, 0.8, 1.5, 2.5)
    """Edges of the bins in absolute pseudorapidity; what lies beyond the last one is rejected."""
    working_points: Annotated[dict[str, Efficiency], Field(min_length=1)] = Field(
        {"tight": 0.90, "medium": 0.95, "loose": 0.98}
    )
    """Electron efficiency, in each bin, at which each decision bit is set."""
    et_precision: FixedPrecision = "ufixed<12,9,RND,SAT>"
    eta_precision: FixedPrecision = "fixed<9,3,RND,SAT>"
    pileup_precision: FixedPrecision = "ufixed<8,8,RND,SAT>"


class RingTrainingSpec(TrainingSpec):
    """How the network is trained."""

    epochs: int = Field(40, ge=1)
    batch_size: int = Field(512, ge=1)
    patience: int = Field(6, ge=1)
    folds: int = Field(5, ge=2)
    """Parts into which the events for training and validation are divided; each is left out once."""


class RingPruningSpec(PruningSpec):
    """How many weights are removed."""

    sparsity: float = Field(0.5, ge=0, lt=1)
    ramp_epochs: int = Field(10, ge=1)


class ElectronRingsSpec(Spec):
    """Is a cluster in the calorimeter an electron?"""

    trigger: Literal["electron_rings"]
    dataset: RingDatasetSpec = RingDatasetSpec()
    model: RingModelSpec = RingModelSpec()
    training: RingTrainingSpec = RingTrainingSpec()
    pruning: RingPruningSpec = RingPruningSpec()
    thresholds: ThresholdSpec = ThresholdSpec()


SPEC = ElectronRingsSpec
