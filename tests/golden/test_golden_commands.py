"""``l1ml golden make`` and ``l1ml golden check``: what is as it was passes, anything else is named and fails."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import SmallBuild, error_of, l1ml

from l1ml.errors import L1mlError
from l1ml.golden.checking import Verdict, check
from l1ml.golden.firmware import Found, look_into
from l1ml.golden.making import freeze
from l1ml.golden.pack import Pack


@pytest.fixture(scope="module")
def pack_file(small_build: SmallBuild, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pack of the small build, made by the command."""
    file = tmp_path_factory.mktemp("pack") / "small.golden"
    done = l1ml("golden", "make", small_build.folder, "--out", file, "--events", "150")
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(
        rf"wrote {file}: \d+ data, \d+ corner, \d+ near, \d+ directed, \d+ random; \d+ kB\n", done.stdout
    )
    return file


@pytest.fixture(scope="module")
def layers_file(small_build: SmallBuild, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pack that knows the layers too."""
    file = tmp_path_factory.mktemp("pack") / "layers.golden"
    freeze(small_build.folder, 150, layers=True).save(file)
    return file


@pytest.fixture(scope="module")
def pack(pack_file: Path) -> Pack:
    """The same, read."""
    return Pack.load(pack_file)


@pytest.fixture(scope="module")
def wrong_verilog(small_build: SmallBuild, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Verilog of the build with an operator changed in its last layer, and nothing compiled."""
    folder = tmp_path_factory.mktemp("wrong") / "verilog"
    shutil.copytree(small_build.folder / "rtl/verilog", folder, ignore=shutil.ignore_patterns("sim"))
    spoil(folder / "small_tagger_logits.sv")
    return folder


def spoil(file: Path) -> None:
    """Put a ``+`` in the place of a ``-`` between two values."""
    text, count = re.subn(r"( = .*\w\S*) - ", r"\1 + ", file.read_text(), count=1)
    assert count == 1
    file.write_text(text)


def test_a_pack_holds_the_vectors_the_integers_the_timing_and_the_hashes(small_build: SmallBuild, pack: Pack) -> None:
    verdict = json.loads((small_build.folder / "verify/verification.json").read_text())
    assert (pack.manifest.latency, pack.manifest.initiation_interval) == (
        verdict["latency_cycles"], verdict["initiation_interval"],
    )  # fmt: skip
    assert pack.manifest.families.keys() == verdict["families"].keys()
    assert sum(pack.manifest.families.values()) == len(pack.inputs) == pytest.approx(150, abs=2)
    with np.load(small_build.folder / "verify/vectors.npz") as verified:
        known = {(*i, *o) for i, o in zip(verified["inputs"].tolist(), verified["outputs"].tolist(), strict=True)}
    assert {(*i, *o) for i, o in zip(pack.inputs.tolist(), pack.outputs.tolist(), strict=True)} <= known
    assert all(re.fullmatch("[0-9a-f]{64}", text) for text in (pack.manifest.spec_sha256, pack.manifest.weights_sha256))
    places = [str(small_build.folder).encode(), b".partial"]
    assert [name for name, data in pack.graph.items() for place in places if place in data] == []


def test_the_same_build_gives_the_same_bytes(small_build: SmallBuild, pack_file: Path, tmp_path: Path) -> None:
    freeze(small_build.folder, 150).save(tmp_path / "again.golden")
    assert (tmp_path / "again.golden").read_bytes() == pack_file.read_bytes()


def test_all_vectors_and_all_layers_are_kept_on_demand(small_build: SmallBuild, pack: Pack) -> None:
    whole = freeze(small_build.folder, layers=True)
    assert len(whole.inputs) == 400
    assert set(whole.layers) == {layer.tensor.name for layer in whole.manifest.layers}
    assert pack.layers == {}
    (last,) = whole.manifest.outputs
    np.testing.assert_array_equal(whole.layers[last.name], whole.outputs)
    assert whole.manifest.weights_sha256 == pack.manifest.weights_sha256


def test_what_is_made_again_of_the_graph_passes(pack_file: Path) -> None:
    done = l1ml("golden", "check", pack_file)
    assert done.returncode == 0, done.stderr
    events = len(Pack.load(pack_file).inputs)
    cpp, rtl, last = done.stdout.splitlines()
    assert cpp == f"C++: 0 mismatches in {events} events × 5 outputs"
    assert re.fullmatch(rf"RTL: 0 mismatches in {events} events × 5 outputs; measured latency \d+, II 1", rtl)
    assert last == "small_tagger_r1: passed"


def test_wrong_verilog_is_found_and_its_layer_named_by_the_pack_alone(layers_file: Path, wrong_verilog: Path) -> None:
    before = sorted(wrong_verilog.rglob("*"))
    done = l1ml("golden", "check", layers_file, "--rtl", wrong_verilog)
    message = error_of(done)
    found = re.fullmatch(
        r"RTL and pack differ in \d+ outputs; event (\d+) \((\w+)\), output (\d+): golden (-?\d+), RTL (-?\d+); "
        r"first difference in logits \(Dense\)",
        message,
    )
    assert found, message
    pack = Pack.load(layers_file)
    event, family, output, golden, rtl = found.groups()
    assert pack.vectors.family_of(int(event)) == family
    assert pack.outputs[int(event), int(output)] == int(golden) != int(rtl)
    assert "passed" not in done.stdout
    assert sorted(wrong_verilog.rglob("*")) == before, "the folder of the user stays as it is"


def test_cpp_is_compiled_from_its_sources_and_a_changed_weight_is_found(
    small_build: SmallBuild, layers_file: Path, tmp_path: Path
) -> None:
    project = tmp_path / "hls"
    shutil.copytree(small_build.folder / "convert/hls", project)
    weights = project / "firmware/weights/b2.h"
    weights.write_text(re.sub(r"\{(-?)[\d.]+", r"{\g<1>0.4375", weights.read_text()))
    pack = Pack.load(layers_file)
    (verdict,) = check(pack, tmp_path / "work", hls=project)  # with what was compiled of other sources beside them
    fault = verdict.fault()
    assert fault is not None and fault.startswith("C++ and pack differ in")
    assert "first difference in fc1 (Dense)" in fault


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda d: d.update(name="other"), r"is the Verilog of other, the pack is of small_tagger"),
        (lambda d: d["inputs"][0].update(size=9), r"is another small_tagger than that of the pack: it has the inputs"),
        (lambda d: d["outputs"][0]["type"].update(width=40), r"is another small_tagger .* it has the outputs logits"),
        (lambda d: d["files"].append("more.sv"), r"more.sv is missing, which design.json names"),
        (lambda d: d.pop("modules"), r"is not a design of this version of l1ml"),
    ],
    ids=["name", "inputs", "types", "missing file", "not a design"],
)
def test_verilog_of_another_project_is_refused(
    edit: Callable[[dict[str, Any]], None], message: str, wrong_verilog: Path, pack: Pack, tmp_path: Path
) -> None:
    folder = tmp_path / "verilog"
    shutil.copytree(wrong_verilog, folder)
    design = json.loads((folder / "design.json").read_text())
    edit(design)
    (folder / "design.json").write_text(json.dumps(design))
    with pytest.raises(L1mlError, match=message):
        check(pack, tmp_path / "work", rtl=folder)


@pytest.mark.parametrize(
    ("edits", "message"),
    [
        ({"small_tagger_bridge.cpp": None}, r"is the C\+\+ of nothing, the pack is of small_tagger"),
        (
            {"small_tagger_bridge.cpp": ("16>(", "12>(")},
            r"its ports have \[12, 5\] elements, those of the pack \[16, 5\]",
        ),
        ({"firmware": None}, r"is no hls4ml project"),
        ({"build_lib.sh": None}, r"holds no Verilog \(design.json is missing\) and no hls4ml project"),
        ({"firmware/small_tagger.cpp": ("{", "{ what")}, r"the C\+\+ of small_tagger does not compile: .*error: "),
    ],
    ids=["another project", "other ports", "no sources", "no project", "not C++"],
)
def test_cpp_of_another_project_is_refused(
    edits: dict[str, tuple[str, str] | None], message: str, small_build: SmallBuild, pack: Pack, tmp_path: Path
) -> None:
    project = tmp_path / "hls"
    shutil.copytree(small_build.folder / "convert/hls", project)
    for name, edit in edits.items():
        file = project / name
        if edit is not None:
            file.write_text(file.read_text().replace(*edit))
        elif file.is_dir():
            shutil.rmtree(file)
        else:
            file.unlink()
    with pytest.raises(L1mlError, match=message):
        check(pack, tmp_path / "work", hls=project)


def test_the_log_of_verilog_that_does_not_compile_is_kept(pack_file: Path, wrong_verilog: Path, tmp_path: Path) -> None:
    folder = tmp_path / "verilog"
    shutil.copytree(wrong_verilog, folder)
    core = folder / "small_tagger.sv"
    core.write_text(core.read_text().replace("endmodule", "endmodul"))
    message = error_of(l1ml("golden", "check", pack_file, "--rtl", folder, cwd=tmp_path))
    found = re.fullmatch(r"Verilator could not build small_tagger: see (.*build.log)", message)
    assert found, message
    assert "syntax error" in Path(found[1]).read_text()


def test_folders_of_the_other_kind_and_of_nothing_are_refused(
    small_build: SmallBuild, wrong_verilog: Path, pack: Pack, tmp_path: Path
) -> None:
    for folders, message in (
        ({"hls": wrong_verilog}, "holds RTL, no hls4ml project: check it with --rtl"),
        ({"rtl": small_build.folder / "convert/hls"}, "holds an hls4ml project, no RTL: check it with --hls"),
        ({"rtl": small_build.folder / "train"}, "holds no Verilog"),
        ({"rtl": tmp_path / "nowhere"}, "is no folder"),
    ):
        with pytest.raises(L1mlError, match=message):
            check(pack, tmp_path / "work", **folders)


def test_rtl_of_vitis_hls_is_told_by_its_files(small_build: SmallBuild, tmp_path: Path) -> None:
    project = tmp_path / "hls"
    verilog = project / "small_tagger_prj/solution1/syn/verilog"
    verilog.mkdir(parents=True)
    (verilog / "small_tagger.v").touch()
    assert look_into(verilog) == Found(vitis=verilog)
    assert look_into(project) == Found(vitis=project)
    shutil.copy(small_build.folder / "convert/hls/build_lib.sh", project)
    assert look_into(project) == Found(hls=project, vitis=project)
    assert look_into(small_build.folder / "rtl/verilog") == Found(verilog=small_build.folder / "rtl/verilog")


def test_a_damaged_pack_is_one_line_and_exit_code_1(pack_file: Path, tmp_path: Path) -> None:
    file = tmp_path / "half.golden"
    file.write_bytes(pack_file.read_bytes()[:-100])
    done = l1ml("golden", "check", file)
    assert re.search(r"half.golden is truncated: \d+ of \d+ bytes are there", error_of(done))
    assert done.stdout == ""


def test_nothing_is_frozen_of_a_build_that_is_not_there_not_exact_or_not_itself(
    copy_build: Callable[..., Path], tmp_path: Path
) -> None:
    assert "has no Verilog with its C++: give the folder of a build" in error_of(l1ml("golden", "make", tmp_path))
    build = copy_build()
    record = build / "verify/verification.json"
    verdict = json.loads(record.read_text())
    record.write_text(json.dumps(verdict | {"mismatches": 3}))
    with pytest.raises(L1mlError, match="differ in 3 outputs"):
        freeze(build)
    record.write_text(json.dumps(verdict | {"families": {"data": 7}}))
    with pytest.raises(L1mlError, match="holds 400 events where 7 were verified"):
        freeze(build)
    record.write_text("{")
    with pytest.raises(L1mlError, match=r"verification.json is damaged"):
        freeze(build)
    record.write_text(json.dumps(verdict))
    with np.load(build / "verify/vectors.npz") as arrays:
        changed = arrays["outputs"] + (np.arange(400) == 7)[:, None]
        np.savez(build / "verify/vectors.npz", inputs=arrays["inputs"], outputs=changed)
    with pytest.raises(L1mlError, match="gives other integers than when it was verified"):
        freeze(build)
    (build / "convert/graph.fml").write_bytes(b"no graph")
    with pytest.raises(L1mlError, match="is not a saved hls4ml graph"):
        freeze(build, exact=False)


def test_another_latency_fails_unless_it_is_allowed_and_another_interval_always() -> None:
    same = Verdict("RTL", 10, 2, 0, None, (9, 4), (9, 4))
    assert same.fault() is None
    later = replace(same, timing=(11, 4))
    assert later.fault() == (
        "RTL has latency 11 and II 4, the pack says 9 and 4 (--allow-latency accepts another latency)"
    )
    assert later.fault(allow_latency=True) is None
    slower = replace(same, timing=(11, 8))
    assert slower.fault() == slower.fault(allow_latency=True) == "RTL has latency 11 and II 8, the pack says 9 and 4"
