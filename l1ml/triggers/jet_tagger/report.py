"""The report of the tagger: ROC curves and the confusion matrix."""

from __future__ import annotations

from l1ml.report.classification import CLASSIFICATION

REPORT = CLASSIFICATION
