"""The user guide: its tutorial leads where it says, it has every page, and it is built without a warning."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest
from command_line import L1ML
from test_docs import ROOT, blocks, run

TUTORIAL = ROOT / "docs/tutorial.md"


def test_the_commands_of_the_tutorial_lead_to_an_axi_stream_module_to_package(tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    typed = [line for mark, code in blocks(TUTORIAL, "") if mark == "tutorial" for line in code.splitlines()]
    programs = {"python": [sys.executable], "l1ml": [L1ML]}
    said = ""
    for program, *words in map(shlex.split, typed):
        done = subprocess.run([*programs[program], *words], cwd=tmp_path, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        said += done.stdout
    page, timing = TUTORIAL.read_text(), r"latency (\d+) cycles, a new event every 8\n"
    assert "2000 events, 0 mismatches\n" in said and "2000 events, 0 mismatches\n" in page
    (latency,), (told,) = re.findall(timing, said), re.findall(timing, page)
    assert abs(int(latency) - int(told)) <= 2  # the depth of the logic depends on weights, these on the processor
    firmware = tmp_path / "my_tagger/l1ml_firmware"
    assert {path.name for path in firmware.iterdir()} >= {"rtl", "vivado", "ip", "vitis", "README.md"}
    assert "my_tagger_axis" in (firmware / "README.md").read_text()
    assert (firmware / "ip/my_tagger_axis_ip.v").exists()


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: page.name)
def test_the_guide_has_every_page(page: Path) -> None:
    listed = re.findall(r": ([\w/]+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.M)
    assert listed.count(page.name) == 1


def test_the_guide_is_built_and_its_links_lead_somewhere(tmp_path: Path) -> None:
    said = run("-m", "mkdocs", "build", "--quiet", "--site-dir", tmp_path, cwd=ROOT)
    assert said == ""
    page = (tmp_path / "tutorial.html").read_text()
    assert "my_tagger_axis" in page
    assert not re.findall(r'(?:src|href)="https?://[^"]*\.(?:js|css)', page)
    for file in set(tmp_path.glob("*.html")) - {tmp_path / "404.html"}:  # whose links begin at the root of a server
        targets = re.findall(r'(?:src|href)="(?!https?:|mailto:|#)([^"#]+)', file.read_text())
        assert [target for target in targets if not (tmp_path / unquote(target)).exists()] == [], file.name
