"""The spec of the anomaly trigger."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from l1ml.spec import DatasetSpec, FixedPrecision, Hidden, ModelSpec, PruningSpec, Section, Spec, TrainingSpec

Rate = Annotated[float, Field(gt=0)]


class AnomalyDatasetSpec(DatasetSpec):
    """Background for training, and signals for the test alone."""

    source: Literal["sample", "generated", "public"] = "sample"
    """``sample``: shipped with l1ml; ``generated``: made by ``l1ml data generate``; ``public``: a folder with the HDF5
    files of the public benchmark."""
    test_fraction: float = Field(0.4, gt=0, lt=0.5)
    """Share of the background for the test; signals are all in it."""


class AutoencoderSpec(ModelSpec):
    """The encoder, which becomes firmware, and what stands before and after it."""

    hidden: Annotated[Hidden, Field(min_length=1)] = (32, 16)
    latent: int = Field(8, ge=3, le=8)
    """Dimensions of the latent space."""
    score: Literal["means", "divergence", "reconstruction"] = "means"
    """How odd an event is. ``means``: the sum of the squares of the means μ; ``divergence``: that of the latent space
    from the unit normal distribution; ``reconstruction``: what a plain autoencoder misses of the scaled inputs."""
    weight_bits: int = Field(8, ge=3, le=8)
    activation_bits: int = Field(8, ge=6, le=8)
    scaled_precision: FixedPrecision = "fixed<8,4,RND_CONV,SAT>"
    """Type of the scaled inputs; offsets and shifts are found for it."""


class AutoencoderTrainingSpec(TrainingSpec):
    """How the autoencoder is trained."""

    epochs: int = Field(40, ge=1)
    batch_size: int = Field(512, ge=1)
    beta: float = Field(0.03, gt=0)
    """Weight of the divergence of the latent space in the loss."""
    angle_weight: float = Field(0.02, ge=0)
    """What η and φ count for in the loss, beside 1 for pT."""


class AutoencoderPruningSpec(PruningSpec):
    """How many weights of the encoder are removed."""

    sparsity: float = Field(0.5, ge=0, lt=1)
    ramp_epochs: int = Field(10, ge=1)


class RateSpec(Section):
    """Thresholds on the score, by the rates that they give."""

    rates_khz: Annotated[dict[str, Rate], Field(min_length=1)] = Field(
        {"axo_5khz": 5.0, "axo_20khz": 20.0, "axo_100khz": 100.0}
    )
    """Rate of background events at which each decision bit is set."""
    filled_bunches: int = Field(2760, ge=1, le=3564)
    """Colliding bunches, of 3564 places in the LHC."""


class AnomalyVaeSpec(Spec):
    """Is an event unlike those of the Standard Model?"""

    trigger: Literal["anomaly_vae"]
    dataset: AnomalyDatasetSpec = AnomalyDatasetSpec()
    model: AutoencoderSpec = AutoencoderSpec()
    training: AutoencoderTrainingSpec = AutoencoderTrainingSpec()
    pruning: AutoencoderPruningSpec = AutoencoderPruningSpec()
    thresholds: RateSpec = RateSpec()


SPEC = AnomalyVaeSpec
