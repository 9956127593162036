"""What was synthesised before is not synthesised again, unless anything is different."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from l1ml.errors import L1mlError
from l1ml.estimation.cache import kept
from l1ml.estimation.synthesis import synthesize

ADDER = """module adder (input [7:0] a, input [7:0] b, output [7:0] y);
assign y = a + b;
endmodule
"""


def test_the_same_source_is_synthesised_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    file = tmp_path / "adder.v"
    file.write_text(ADDER)
    runs, run = [], subprocess.run

    def counted(*arguments: Any, **options: Any) -> Any:
        runs.append(arguments)
        return run(*arguments, **options)

    monkeypatch.setattr(subprocess, "run", counted)
    first = synthesize([file], "adder")
    assert first["lut"] == 8 and len(runs) == 1
    assert synthesize([file], "adder") == first and len(runs) == 1
    elsewhere = tmp_path / "elsewhere.v"
    elsewhere.write_text(ADDER)
    assert synthesize([elsewhere], "adder") == first and len(runs) == 1, "the content counts, not the place"
    for line in ("// L1ML 0.1.0, net, model 0123456789ab\n", "// L1ML 0.2.0, net of 2026-11-30\n"):
        elsewhere.write_text(line + ADDER)
        assert synthesize([elsewhere], "adder") == first and len(runs) == 1, "where it comes from does not count"
    synthesize([file], "adder", dsps=False)
    synthesize([file], "adder", family="xc7")
    file.write_text(ADDER.replace("a + b", "a - b"))
    synthesize([file], "adder")
    assert len(runs) == 4
    file.write_text("module adder (")
    for _ in range(2):
        with pytest.raises(L1mlError, match="Yosys rejects adder"):
            synthesize([file], "adder")
    assert len(runs) == 6, "what failed is tried again"


def test_a_cache_that_is_damaged_or_cannot_be_written_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[int] = []

    def count() -> dict[str, float]:
        runs.append(1)
        return {"lut": 8}

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert kept([b"adder"], count) == kept([b"adder"], count) == {"lut": 8} and len(runs) == 1
    (file,) = (tmp_path / "cache/l1ml/yosys").iterdir()
    file.write_text("{")
    assert kept([b"adder"], count) == kept([b"adder"], count) == {"lut": 8} and len(runs) == 2
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert kept([b"adder"], count) == kept([b"adder"], count) == {"lut": 8} and len(runs) == 4
