"""RTL in the style of Vitis HLS is held against a pack as our own is."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from l1ml.compiler.network import Tensor
from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.golden.checking import check
from l1ml.golden.pack import Manifest, Pack

MINIATURE = Path(__file__).parents[1] / "verification/vitis/rom"


def adder(project: str = "adder") -> Pack:
    """A pack of what the miniature computes: x0 + x1 and x1 - x2."""
    inputs = np.random.default_rng(8).integers(-128, 128, (60, 3))
    manifest = Manifest(
        l1ml="0.1.0", hls4ml="1.3.0", project=project, reuse_factor=1, spec_sha256="", weights_sha256="",
        inputs=(Tensor("x", 3, FixedType(8, 8)),), outputs=(Tensor("sums", 2, FixedType(9, 9)),),
        latency=9, initiation_interval=1, families={"data": 50, "random": 10}, layers=(),
    )  # fmt: skip
    return Pack(manifest, inputs, np.stack([inputs[:, 0] + inputs[:, 1], inputs[:, 1] - inputs[:, 2]], axis=1))


@pytest.fixture
def rtl(tmp_path: Path) -> Path:
    """A copy of the miniature, as Vitis HLS would have put it into a project."""
    return Path(shutil.copytree(MINIATURE, tmp_path / "project/adder_prj/solution1/syn/verilog"))


def test_right_rtl_passes_whatever_its_timing(rtl: Path, tmp_path: Path) -> None:
    (verdict,) = check(adder(), tmp_path / "work", rtl=tmp_path / "project")
    assert (verdict.what, verdict.events, verdict.mismatches, verdict.timing) == ("RTL", 60, 0, (2, 2))
    assert verdict.fault() is None


def test_a_wrong_weight_fails(rtl: Path, tmp_path: Path) -> None:
    (rtl / "adder_w2_ROM_AUTO_1R.dat").write_text("0x11\n0x01\n")
    pack = adder()
    (verdict,) = check(pack, tmp_path / "work", rtl=rtl)
    first = verdict.first
    assert first is not None
    assert (first.event, first.family, first.output) == (0, "data", 1)
    fault = verdict.fault(allow_latency=True)
    assert fault is not None
    assert fault.startswith(f"RTL and pack differ in {np.count_nonzero(pack.inputs[:, 2])} outputs; event 0 (data), ")
    assert fault.endswith(f"golden {first.golden}, RTL {first.found}")


def test_rtl_without_its_rom_or_of_another_project_is_refused(rtl: Path, tmp_path: Path) -> None:
    with pytest.raises(L1mlError, match="has no module other; it has adder"):
        check(adder("other"), tmp_path / "work", rtl=rtl)
    (rtl / "adder_w2_ROM_AUTO_1R.dat").unlink()
    with pytest.raises(L1mlError, match=r"adder_w2_ROM_AUTO_1R.dat is missing"):
        check(adder(), tmp_path / "work", rtl=rtl)
