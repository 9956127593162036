"""The firmware of the three projects still computes what it did when it was verified: packs of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from l1ml.golden.checking import check
from l1ml.golden.pack import Pack
from l1ml.verification.vectors import FAMILIES

FOLDER = Path(__file__).parent

NAMES = [f"{project}_r{factor}" for project in ("jet_tagger", "electron_rings", "anomaly_vae") for factor in (1, 8)]


def test_there_is_a_small_pack_of_each_project_and_reuse_factor() -> None:
    assert sorted(file.stem for file in FOLDER.glob("*.golden")) == sorted(NAMES)
    assert [file.name for file in FOLDER.glob("*.golden") if file.stat().st_size > 300_000] == []


@pytest.mark.parametrize("name", NAMES)
def test_cpp_and_verilog_made_again_give_the_golden_integers_with_the_golden_timing(name: str, tmp_path: Path) -> None:
    pack = Pack.load(FOLDER / f"{name}.golden")
    assert pack.name == name
    families = dict(pack.manifest.families)
    if name != "jet_tagger_r1":  # the others show all its faults
        assert families.pop("sought") > 0
    assert families.keys() == set(FAMILIES) and min(families.values()) > 100
    cpp, rtl = check(pack, tmp_path)
    assert (cpp.what, cpp.events, cpp.fault()) == ("C++", 2000, None)
    assert (rtl.what, rtl.events, rtl.fault()) == ("RTL", 2000, None)
    assert rtl.timing == (pack.manifest.latency, pack.manifest.initiation_interval)
