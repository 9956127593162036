"""How well jets are told apart."""

from __future__ import annotations

from l1ml.datasets.parts import Prepared
from l1ml.learning.evaluate import classifier_metrics
from l1ml.triggers.jet_tagger.data import OUTPUT
from l1ml.triggers.jet_tagger.spec import JetTaggerSpec
from l1ml.triggers.trigger import Metrics, Outputs


def metrics(spec: JetTaggerSpec, data: Prepared, outputs: Outputs) -> Metrics:
    """Accuracy, and the area under the ROC curve of each class against the others."""
    return classifier_metrics(data.parts["test"].labels, outputs[OUTPUT], data.classes)
