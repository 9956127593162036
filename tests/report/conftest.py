"""Build folders for the tests of the report."""

from __future__ import annotations

from pathlib import Path

import pytest
from report_build import COMMANDS, TAGGER, write_build

from l1ml.report.build import write_report


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """A finished build, its report not yet written."""
    return write_build(tmp_path / "build")


@pytest.fixture(scope="session")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished build with its report in ``report/``; to be read only."""
    folder = write_build(tmp_path_factory.mktemp("reported") / "build")
    write_report(folder, folder / "report", commands=COMMANDS, **TAGGER)
    return folder
