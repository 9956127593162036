"""Pages in a real browser, wide and narrow, from file:// without a network: no fault in its console, no overflow."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from command_line import SmallBuild

from l1ml.report.comparing import compare_builds, write_comparison

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on PATH (Debian: apt-get install chromium)")

MEASURE = """
<script>
addEventListener("load", () => {
  const inside = (e) => e.closest(".scroll, pre, svg") !== null;
  const beyond = (e) => e.getBoundingClientRect().right > innerWidth + 1;
  const wide = [...document.body.querySelectorAll("*")].filter((e) => !inside(e) && beyond(e));
  parent.postMessage(JSON.stringify({
    width: innerWidth,
    page: document.documentElement.scrollWidth,
    wide: wide.map((e) => e.tagName + "." + e.className),
    fetched: performance.getEntriesByType("resource").map((e) => e.name),
    collapsed: [...document.querySelectorAll("svg")].filter((e) => e.getBoundingClientRect().height < 20).length,
  }), "*");
});
</script>
"""
"""Added to a copy of a page."""

FRAME = """
<!DOCTYPE html>
<pre id="measured"></pre>
<script>
addEventListener("message", (event) => { document.getElementById("measured").textContent = event.data; });
</script>
<iframe src="PAGE" style="width: WIDTHpx; height: 900px; border: 0"></iframe>
"""
"""Around it: a window of Chromium is at least 500 px wide, a frame may be narrower."""


def visit(page: Path, width: int, scratch: Path) -> tuple[dict[str, Any], list[str]]:
    """Open a page. Returns what is measured, and what the console says."""
    scratch.mkdir()
    copy, frame = scratch / "page.html", scratch / "frame.html"
    copy.write_text(page.read_text().replace("</body>", MEASURE + "</body>"))
    frame.write_text(FRAME.replace("PAGE", copy.as_uri()).replace("WIDTH", str(width)))
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
    command += [f"--user-data-dir={scratch / 'profile'}", "--window-size=1500,1000", "--enable-logging=stderr"]
    command += ["--host-resolver-rules=MAP * ~NOTFOUND", "--virtual-time-budget=10000", "--dump-dom", frame.as_uri()]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=120)
    found = re.search(r'<pre id="measured">(\{.*?\})</pre>', done.stdout)
    assert found, done.stdout[-500:] + done.stderr[-2000:]
    return json.loads(found[1]), [line for line in done.stderr.splitlines() if "CONSOLE" in line]


@pytest.fixture(scope="module")
def pages(small_build: SmallBuild, reported: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    report = shutil.copytree(small_build.folder / "report", folder / "report")
    write_comparison(compare_builds(small_build.folder, reported), folder)
    return {"report": report / "report.html", "compare": folder / "compare.html"}


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("name", ["report", "compare"])
def test_a_page_fits_its_window_and_needs_nothing_else(
    pages: dict[str, Path], name: str, width: int, tmp_path: Path
) -> None:
    found, console = visit(pages[name], width, tmp_path / "visit")
    assert console == []
    assert found["width"] == width
    assert found["page"] <= width
    assert found["wide"] == []
    assert found["fetched"] == []
    assert found["collapsed"] == 0


def test_the_browser_sees_overflow_and_faults(pages: dict[str, Path], tmp_path: Path) -> None:
    bad = tmp_path / "bad.html"
    fault = '<div class="broad" style="width: 3000px">x</div><script>nothing_of_this_name()</script></body>'
    bad.write_text(pages["compare"].read_text().replace("</body>", fault))
    found, console = visit(bad, 400, tmp_path / "visit")
    assert found["page"] > 2900 and found["wide"] == ["DIV.broad"]
    assert len(console) == 1 and "nothing_of_this_name" in console[0]
