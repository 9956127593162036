"""What a file of ``hls_projects/`` may say: common parts, those of each trigger, and how it is read."""

from l1ml.spec.loading import SPECS, load_spec, parse_overrides, projects
from l1ml.spec.sections import Precision, Section, Spec

__all__ = ["SPECS", "Precision", "Section", "Spec", "load_spec", "parse_overrides", "projects"]
