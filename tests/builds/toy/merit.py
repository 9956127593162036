"""How often the toy trigger is right."""

from __future__ import annotations

from l1ml.triggers.toy.spec import ToySpec

from l1ml.datasets.parts import Prepared
from l1ml.learning.evaluate import classifier_metrics
from l1ml.triggers.trigger import Metrics, Outputs


def metrics(spec: ToySpec, data: Prepared, outputs: Outputs) -> Metrics:
    """Accuracy and the areas under the ROC curves."""
    return classifier_metrics(data.parts["test"].labels, outputs["logits"], data.classes)
