"""The user guide: its tutorial leads where it says, it has every page, and it is built without a warning."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import textwrap
from pathlib import Path
from urllib.parse import unquote

import pytest
from command_line import own_environment
from test_docs import ROOT, blocks, run

TUTORIAL = ROOT / "docs/tutorial.md"
NOTEBOOK = ROOT / "examples/tutorial.ipynb"

MISMATCH = r"pack differ in \d+ outputs; event \d+ \(data\), output \d: golden .*; first difference in scores \(Dense\)"


def typed(script: str, home: Path, cwd: Path) -> str:
    """What a reader sees who types commands in a shell that stops at the first failure."""
    env = own_environment()
    env["HOME"] = str(home)
    command = ["bash", "-ec", script]
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_tutorial_leads_from_a_model_of_qkeras_to_a_pack_a_failing_test_and_a_wrapper(tmp_path: Path) -> None:
    marks = {"tutorial": "{}", "tutorial: h5": "{}", "tutorial fails": "if {}; then exit 1; fi"}
    script = [marks[mark].format(code.rstrip()) for mark, code in blocks(TUTORIAL, "") if mark in marks]
    said, page = typed("\n".join(script), tmp_path, ROOT), TUTORIAL.read_text()
    verdict = r"0 mismatches in 2,000 events × 5 outputs; latency (\d+), II 8\nscores: largest deviation .* of events\n"
    (latency,), told = re.findall(verdict, said), re.findall(verdict, page)
    assert len(told) == 2  # one for each Keras
    assert abs(int(latency) - int(told[1])) <= 2  # the depth of the logic depends on weights, these on the processor
    right, wrong = said.index("1 passed in"), said.index("1 failed in")
    assert re.search(MISMATCH, said[right:wrong]) and "my_tagger_r8-data-event" in said
    folder = tmp_path / "my_trigger"
    assert (folder / ".github/workflows/firmware.yml").read_text() == (ROOT / "docs/ci/github-actions.yml").read_text()
    assert (folder / "firmware/my_tagger/ip/my_tagger_axis_ip.v").exists()


def test_the_notebook_leads_from_a_model_of_keras_3_to_a_pack_and_a_failing_test(tmp_path: Path) -> None:
    cells = [cell for cell in json.loads(NOTEBOOK.read_text())["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] for cell in cells)  # numbers that nobody would make again
    shutil.copy(ROOT / "examples/own_model.py", tmp_path)
    (tmp_path / "cells.json").write_text(json.dumps(["".join(cell["source"]) for cell in cells]))
    program = """
        import ast, json, subprocess, sys
        space = {}
        for source in json.load(open("cells.json")):
            if source.startswith("%%bash"):
                print(subprocess.check_output(["bash", "-ec", source.partition("\\n")[2]], text=True))
                continue
            tree = ast.parse(source)
            last = ast.Expression(tree.body.pop().value) if isinstance(tree.body[-1], ast.Expr) else None
            exec(compile(tree, "cell", "exec"), space)
            if last and (shown := eval(compile(last, "cell", "eval"), space)) is not None:
                print(shown._repr_html_())
    """
    (tmp_path / "cells.py").write_text(textwrap.dedent(program))
    said = typed("python cells.py", tmp_path, tmp_path)
    assert re.search(
        r"<div><b style=.*>0 mismatches in 2,000 events × 5 outputs; latency \d+, II 8</b><br>scores: ", said
    )
    assert re.search(r"^[67]\d\.\d% of jets are told right\n<div>.*outputs \(2000, 5\); latency", said, re.M)
    assert "1 passed in" in said and "1 failed in" in said and re.search(MISMATCH, said)


def test_the_notebook_has_the_lines_of_the_tutorial() -> None:
    (lines,) = (code for mark, code in blocks(TUTORIAL, "python") if mark == "from: examples/own_model.py")
    cells = ["".join(cell["source"]) for cell in json.loads(NOTEBOOK.read_text())["cells"]]
    assert lines.replace("print(checked)\n", "checked") in cells


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
