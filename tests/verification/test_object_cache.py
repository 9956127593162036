"""The simulator's runtime is compiled once; everything else is compiled as asked."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

import l1ml.verification

SCRIPT = Path(l1ml.verification.__file__).with_name("object_cache.py")


def compile_source(
    root: Path, source: Path, cache: Path, target: str, version: str = "1", options: Iterable[str] = ()
) -> Path | None:
    """Compile as make would; None if it failed."""
    built = source.parent / target
    command = [sys.executable, SCRIPT, root, version, "g++", *options, "-c", "-o", built, source]
    done = subprocess.run(command, env={**os.environ, "XDG_CACHE_HOME": str(cache)}, capture_output=True)
    return built if done.returncode == 0 else None


def test_a_source_of_the_runtime_is_compiled_once_for_each_version(tmp_path: Path) -> None:
    root, cache = tmp_path / "verilator", tmp_path / "cache"
    root.mkdir()
    source = root / "runtime.cpp"
    source.write_text("int answer() { return 42; }\n")
    first = compile_source(root, source, cache, "a.o")
    assert first is not None
    original = first.read_bytes()
    first.unlink()
    source.unlink()  # whoever compiles now fails
    second = compile_source(root, source, cache, "a.o")
    assert second is not None
    assert second.read_bytes() == original
    assert compile_source(root, source, cache, "a.o", version="2") is None


@pytest.mark.parametrize("place", ["elsewhere", "verilator"])
def test_a_source_that_does_not_compile_fails_and_is_not_kept(tmp_path: Path, place: str) -> None:
    folder, cache = tmp_path / place, tmp_path / "cache"
    folder.mkdir()
    source = folder / "design.cpp"
    source.write_text("this is no C++\n")
    assert compile_source(tmp_path / "verilator", source, cache, "a.o") is None
    source.write_text("int answer() { return 42; }\n")
    assert compile_source(tmp_path / "verilator", source, cache, "a.o") is not None


def test_a_source_of_the_design_is_not_kept(tmp_path: Path) -> None:
    source = tmp_path / "design.cpp"
    source.write_text("int answer() { return 42; }\n")
    assert compile_source(tmp_path / "verilator", source, tmp_path / "cache", "a.o") is not None
    assert not (tmp_path / "cache").exists()


def test_headers_are_compiled_once_for_designs_without_optimisation(tmp_path: Path) -> None:
    root, cache = tmp_path / "verilator", tmp_path / "cache"
    root.mkdir()
    for name in ("verilated", "verilated_dpi", "verilated_vpi"):
        (root / f"{name}.h").write_text(f"#ifndef {name}_H\n#define {name}_H\nconst int {name} = 42;\n#endif\n")
    source = tmp_path / "design.cpp"
    source.write_text('#include "verilated.h"\nint answer() { return verilated; }\n')
    quick, fast = ("-I.", f"-I{root}", "-MMD", "-Os", "-O0"), ("-I.", f"-I{root}", "-O0", "-O1")
    assert compile_source(root, source, cache, "a.o", options=fast) is not None
    assert not cache.exists()
    assert compile_source(root, source, cache, "a.o", options=quick) is not None
    assert len(list(cache.rglob("*.gch"))) == 1
    (root / "verilated.h").write_text("#error whoever reads this again fails\n")
    assert compile_source(root, source, cache, "a.o", options=fast) is None
    source.write_text('#ifndef verilated_H\n#include "verilated.h"\n#endif\nint answer() { return verilated + 1; }\n')
    assert compile_source(root, source, cache, "a.o", options=quick) is not None
    assert compile_source(root, source, cache, "a.o", options=quick, version="2") is None


def test_without_a_cache_folder_the_compiler_still_works(tmp_path: Path) -> None:
    root = tmp_path / "verilator"
    root.mkdir()
    (tmp_path / "cache").write_text("a file where the folder should be")
    source = root / "runtime.cpp"
    source.write_text("int answer() { return 42; }\n")
    assert compile_source(root, source, tmp_path / "cache", "a.o") is not None
