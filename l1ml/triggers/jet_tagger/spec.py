"""The spec of the Level-1 jet tagger."""

from __future__ import annotations

from typing import Literal

from l1ml.spec import DatasetSpec, Hidden, ModelSpec, Precision, Spec


class JetDatasetSpec(DatasetSpec):
    """Jets."""

    source: Literal["sample", "generated", "public"] = "sample"
    """``sample``: shipped with l1ml; ``generated``: made by ``l1ml data generate``; ``public``: the public set."""


class JetModelSpec(ModelSpec):
    """The network."""

    hidden: Hidden = (64, 32, 32)
    input_precision: Precision = "auto"
    """Type of the inputs; ``auto`` finds the narrowest one that costs less than 0.1 pp of accuracy."""


class JetTaggerSpec(Spec):
    """Which of gluon, quark, W, Z or top made a jet."""

    trigger: Literal["jet_tagger"]
    dataset: JetDatasetSpec = JetDatasetSpec()
    model: JetModelSpec = JetModelSpec()


SPEC = JetTaggerSpec
