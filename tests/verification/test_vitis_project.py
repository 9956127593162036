"""An hls4ml project's own C++ is what RTL of Vitis HLS is held against. The project here is written by hand."""

from __future__ import annotations

import re
import shutil
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from command_line import error_of
from command_line import l1ml as command

import l1ml
from l1ml.compiler.network import Tensor
from l1ml.errors import L1mlError
from l1ml.fixed import INT, FixedType
from l1ml.verification.vitis import ProjectCpp, VitisSimulation
from l1ml.verification.vitis.project import read_top

MINIATURES = Path(__file__).parent / "vitis"

MANY_TYPES = """#include "ap_fixed.h"
#include "ap_int.h"
namespace tagger {
typedef ap_fixed<60,20,AP_RND_CONV,AP_SAT> wide_t;
void kinds(
    wide_t a[2 * N_A], ap_uint<7> b[1],  // sizes may be products
    ap_fixed<61,21> y[2 * N_A], ap_ufixed<3,-2,AP_TRN_ZERO,AP_SAT_SYM> z[1],
    unsigned short &const_size_in_1, unsigned short &const_size_out_1
);
}
"""

MANY_TYPES_BODY = """#include "kinds.h"
void tagger::kinds(wide_t a[2 * N_A], ap_uint<7> b[1], ap_fixed<61,21> y[2 * N_A],
                   ap_ufixed<3,-2,AP_TRN_ZERO,AP_SAT_SYM> z[1],
                   unsigned short &const_size_in_1, unsigned short &const_size_out_1) {
    #pragma HLS ARRAY_RESHAPE variable=a complete dim=0
    #pragma HLS ARRAY_RESHAPE variable=b complete dim=0
    #pragma HLS array_partition variable=y complete dim=0
    #pragma HLS array_partition variable=z complete dim=0
    const_size_in_1 = const_size_out_1 = 2;
    for (int i = 0; i < 2 * N_A; i++)
        y[i] = a[i] + b[0];
    z[0].range(2, 0) = b[0].range(2, 0);
}
"""


def write_project(folder: Path) -> Path:
    """A project with the miniature's C++, and RTL where Vitis HLS puts it. Returns its folder."""
    firmware = folder / "firmware"
    shutil.copytree(MINIATURES / "firmware", firmware)
    headers(firmware)
    shutil.copytree(MINIATURES / "pipelined", folder / "adder_prj/solution1/syn/verilog")
    return folder


def headers(firmware: Path) -> None:
    """What hls4ml copies into its projects."""
    origin = find_spec("hls4ml")
    assert origin is not None
    assert origin.origin is not None
    templates = Path(origin.origin).parent / "templates/vivado"
    shutil.copytree(templates / "ap_types", firmware / "ap_types")
    shutil.copytree(templates / "nnet_utils", firmware / "nnet_utils")


def test_a_project_is_verified_by_itself(tmp_path: Path) -> None:
    project = write_project(tmp_path / "a project")
    done = command("verify", "--vitis", project, "--events", "500")
    assert done.stdout == "bit-exact: 500 events × 2 outputs, 0 mismatches; latency 2, II 1\n", done.stderr
    (project / "firmware/weights/w2.txt").write_text("1, 0, 1, 1, 0, 1\n")
    x = np.array([[1.0, 2.0, 0.0], [-3.0, 5.0, 7.0]])
    result = l1ml.verify(project, x, rtl=project / "adder_prj")
    assert (result.events, result.mismatches) == (2, 1)
    first = result.first_mismatch
    assert first is not None
    assert (first.event, first.output, first.golden, first.rtl) == (1, 1, 12, -2)
    with pytest.raises(L1mlError, match="takes 3 values an event"):
        l1ml.verify(project, np.zeros((2, 5)))


def test_types_and_shapes_are_those_of_its_header_and_integers_are_exact(tmp_path: Path) -> None:
    firmware = tmp_path / "firmware"
    firmware.mkdir()
    headers(firmware)
    (firmware / "defines.h").write_text("#define N_A 1\n")
    (firmware / "kinds.h").write_text('#include "defines.h"\n' + MANY_TYPES)
    (firmware / "kinds.cpp").write_text(MANY_TYPES_BODY)
    cpp = ProjectCpp(tmp_path)
    assert cpp.design.inputs == [
        Tensor("a", 2, FixedType(60, 20, True, "RND_CONV", "SAT")),
        Tensor("b", 1, FixedType(7, 7, False, INT)),
    ]
    assert cpp.design.outputs == [
        Tensor("y", 2, FixedType(61, 21)),
        Tensor("z", 1, FixedType(3, -2, False, "TRN_ZERO", "SAT_SYM")),
    ]
    inputs = np.array([[2**59 - 1, -(2**59), 127], [-1, 2**55 + 3, 5]])
    b = inputs[:, 2]
    expected = np.stack([inputs[:, 0] + (b << 40), inputs[:, 1] + (b << 40), b & 7], axis=1)
    assert np.array_equal(cpp.run(inputs), expected)


def test_weights_that_are_not_whole_are_an_error(tmp_path: Path) -> None:
    project = write_project(tmp_path)
    cpp = ProjectCpp(project)
    assert np.array_equal(cpp.run(np.array([[1, 2, 3]])), [[3, -1]])
    weights = project / "firmware/weights/w2.txt"
    weights.write_text("1, 0, 1\n")
    with pytest.raises(L1mlError, match="the C\\+\\+ of adder says 'ERROR: Expected 6 values but read only 3 values'"):
        cpp.run(np.array([[1, 2, 3]]))
    weights.unlink()
    with pytest.raises(L1mlError, match="the C\\+\\+ of adder ended with exit code 1"):
        cpp.run(np.array([[1, 2, 3]]))


def test_a_project_whose_cpp_does_not_compile_is_one_line(tmp_path: Path) -> None:
    project = write_project(tmp_path)
    (project / "firmware/adder.cpp").write_text((project / "firmware/adder.cpp").read_text().replace("w2[i ", "w3[i "))
    message = error_of(command("verify", "--vitis", project))
    assert re.match(r"the compilation of the C\+\+ of adder ended with exit code 1 \(error: .w3. was not decl", message)
    assert Path(message.rpartition("see ")[2]).is_file()


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("adder.h", "input_t x[N_INPUT_1_1]", "hls::stream<input_t> &x", "adder in .* takes streams .*io_parallel"),
        ("adder.h", "result_t layer2_out", "weight2_t w2[6], result_t layer2_out", "w2.6. is neither an input nor an"),
        ("adder.h", "void adder(", "void adding(", "adder.h declares no function adder"),
        ("adder.cpp", '"w2.txt"', '"w3.txt"', "weights/w3.txt is missing, which adder.cpp reads; copy it there"),
        ("adder_axi.h", "", "void adder_axi();", r"has 2 functions \(adder, adder_axi\); l1ml takes projects of"),
        ("defines.h", None, None, "defines.h is missing, without which adder.cpp does not compile"),
        ("adder.cpp", None, None, r"has 0 functions \(no .cpp with its .h\)"),
    ],
    ids=["stream", "weights", "name", "weights missing", "two", "header", "source"],
)
def test_a_project_of_another_kind_is_refused(
    tmp_path: Path, file: str, old: str | None, new: str | None, message: str
) -> None:
    firmware = Path(shutil.copytree(MINIATURES / "firmware", tmp_path / "firmware"))
    for name in ("ap_types", "nnet_utils"):
        (firmware / name).mkdir()
    (firmware / "adder_axi.cpp").write_text("")
    assert read_top(firmware).name == "adder"
    if old is None or new is None:
        (firmware / file).unlink()
    else:
        text = (firmware / file).read_text() if (firmware / file).exists() else ""
        assert old in text
        (firmware / file).write_text(text.replace(old, new) if old else new)
    with pytest.raises(L1mlError, match=message):
        read_top(firmware)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "l1ml verify takes a SPEC or the folder of a build, or else --vitis PROJECT, and --rtl with it"),
        (("jet_tagger", "--rtl", "x"), "l1ml verify takes a SPEC or the folder of a build, or else --vitis PROJECT"),
        (("jet_tagger", "--vitis", "x"), "--vitis x is verified as it lies there: SPEC, --set and --out do not go"),
        (("--vitis", "."), "is no hls4ml project: it has no folder firmware/"),
    ],
    ids=["nothing", "RTL alone", "both", "no project"],
)
def test_what_does_not_go_together_is_one_line(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    assert message in error_of(command("verify", *arguments, cwd=tmp_path))


def test_a_dataflow_design_gets_a_verdict_whatever_its_timing(tmp_path: Path) -> None:
    project = write_project(tmp_path)
    result = l1ml.verify(project, rtl=MINIATURES / "dataflow", events=400)
    assert (result.events, result.mismatches) == (400, 0)
    assert isinstance(result.simulation, VitisSimulation)
    assert result.simulation.intervals == (1, 2, 3, 4)
    assert result.simulation.latencies[0] == 2
    assert result.simulation.latency == result.simulation.latencies[-1] > 4
    assert result.as_dict()["initiation_interval"] == 4
    assert result.simulation.timing == f"latency 2 to {result.simulation.latency}, II 1 to 4"
    pipeline = Path(shutil.copytree(MINIATURES / "dataflow", tmp_path / "verilog")) / "adder.v"
    pipeline.write_text(pipeline.read_text().replace("HLS_INPUT_ARCH=dataflow", "HLS_INPUT_ARCH=pipeline"))
    with pytest.raises(
        L1mlError, match=r"is a pipeline and has no constant timing: latencies \[2, .*intervals \[1, 2, 3"
    ):
        l1ml.verify(project, rtl=pipeline.parent, events=400)
