"""The report of the toy trigger, that of any classifier."""

from __future__ import annotations

from l1ml.report.classification import CLASSIFICATION

REPORT = CLASSIFICATION
