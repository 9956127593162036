"""Names of files and folders that make, shells and Yosys take as they are."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from l1ml import plain_paths
from l1ml.errors import L1mlError
from l1ml.plain_paths import LONGEST, plain, plain_arguments

ODD = [
    "my models (1)",
    "tag #1",
    "$HOME",
    "it's",
    "a&b;c",
    "50%",
    "a:b=c,d",
    'a"b\\c',
    "é",
    "~",
    "[x]*?",
    "a\nb",
    "x" * 250,
]


@pytest.fixture(autouse=True)
def own_links() -> Iterator[None]:
    """Links are not those of another test."""
    plain_paths._links.cache_clear()
    yield
    plain_paths._links.cache_clear()


@pytest.mark.parametrize("name", ODD)
def test_folders_and_files_are_found_under_a_plain_name(name: str, tmp_path: Path) -> None:
    folder = tmp_path / name / ("y" * 100)
    folder.mkdir(parents=True)
    (folder / "core.sv").write_text("here")
    (folder / "a b.sv").write_text("there")
    for path in (folder, folder / "core.sv", folder / "a b.sv"):
        found = plain(path)
        assert plain_paths._PLAIN.fullmatch(str(found)) and len(str(found)) <= LONGEST
        assert (found.samefile(path), found.suffix, found.is_absolute()) == (True, path.suffix, True)
        assert plain(path) == found
    (plain(folder / "new") / "made").mkdir(parents=True)
    assert (folder / "new/made").is_dir()


def test_a_plain_name_stays_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert plain(tmp_path / "a-b_c.d+e/f") == tmp_path / "a-b_c.d+e/f"
    monkeypatch.chdir(tmp_path)
    assert plain(Path("x.sv")) == tmp_path / "x.sv"
    command = plain_arguments(["tool", "-G=1 2", "a b", tmp_path / "x.sv"])
    assert command == ["tool", "-G=1 2", "a b", str(tmp_path / "x.sv")]


def test_links_lie_where_names_are_plain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = tmp_path / "t m p"
    odd.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(odd))
    assert plain(odd).samefile(odd) and " " not in str(plain(odd))
    plain_paths._links.cache_clear()
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(L1mlError, match="set TMPDIR to one without blanks in its name"):
        plain(odd)


def test_links_end_with_their_process(tmp_path: Path) -> None:
    odd = tmp_path / "a b"
    odd.mkdir()
    code = f"from pathlib import Path; from l1ml.plain_paths import plain; print(plain(Path({str(odd)!r})))"
    link = Path(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip())
    assert " " not in str(link) and not link.parent.exists()
    assert odd.is_dir()
