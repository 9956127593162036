"""Pages in a real browser, wide and narrow, from file:// without a network: no fault in its console, no overflow."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from command_line import SmallBuild

from l1ml.report.comparing import compare_builds, write_comparison

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on PATH (Debian: apt-get install chromium)")

MEASURE = """
<pre id="measured"></pre>
<script>
addEventListener("load", () => {
  const inside = (e) => e.closest(".scroll, pre, svg") !== null;
  const wide = [...document.body.querySelectorAll("*")].filter((e) => !inside(e) && e.id !== "measured"
    && e.getBoundingClientRect().right > innerWidth + 1);
  document.getElementById("measured").textContent = JSON.stringify({
    width: innerWidth,
    page: document.documentElement.scrollWidth,
    wide: wide.map((e) => e.tagName + "." + e.className),
    fetched: performance.getEntriesByType("resource").map((e) => e.name),
    drawings: [...document.querySelectorAll("svg")].filter((e) => e.getBoundingClientRect().height < 20).length,
  });
});
</script>
"""


def visit(page: Path, width: int, scratch: Path) -> tuple[dict, list[str]]:
    """Open a page. Returns what a script that is added to a copy of it measures, and what the console says."""
    copy = page.with_name(f".{page.stem}.measured.html")
    copy.write_text(page.read_text().replace("</body>", MEASURE + "</body>"))
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars"]
    command += [f"--user-data-dir={scratch}", f"--window-size={width},900", "--enable-logging=stderr"]
    command += ["--host-resolver-rules=MAP * ~NOTFOUND", "--dump-dom", copy.as_uri()]
    try:
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=120)
    finally:
        copy.unlink()
    found = re.search(r'<pre id="measured">(\{.*?\})</pre>', done.stdout)
    assert found, done.stdout[-500:] + done.stderr[-2000:]
    return json.loads(found[1]), [line for line in done.stderr.splitlines() if "CONSOLE" in line]


@pytest.fixture(scope="module")
def pages(small_build: SmallBuild, reported: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    report = shutil.copytree(small_build.folder / "report", folder / "report")
    write_comparison(compare_builds(small_build.folder, reported), folder)
    return {"report": report / "report.html", "compare": folder / "compare.html"}


@pytest.mark.parametrize("width", [1280, 500, 400])
@pytest.mark.parametrize("name", ["report", "compare"])
def test_a_page_fits_its_window_and_needs_nothing_else(
    pages: dict[str, Path], name: str, width: int, tmp_path: Path
) -> None:
    found, console = visit(pages[name], width, tmp_path / "profile")
    assert console == []
    assert found["width"] == width
    assert found["page"] <= width
    assert found["wide"] == []
    assert found["fetched"] == []
    assert found["drawings"] == 0  # none has collapsed


def test_the_browser_sees_overflow_and_faults(pages: dict[str, Path], tmp_path: Path) -> None:
    bad = tmp_path / "bad.html"
    fault = '<div class="broad" style="width: 3000px">x</div><script>nothing_of_this_name()</script></body>'
    bad.write_text(pages["compare"].read_text().replace("</body>", fault))
    found, console = visit(bad, 400, tmp_path / "profile")
    assert found["page"] > 2900 and found["wide"] == ["DIV.broad"]
    assert len(console) == 1 and "nothing_of_this_name" in console[0]
