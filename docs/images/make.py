"""Compose the picture of README.md from a finished build: its report page, its figures, its Verilog.

    python docs/images/make.py build/jet_tagger

It needs a Chromium or Chrome on PATH and writes docs/images/jet_tagger.png.
"""

from __future__ import annotations

import html
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageOps

WIDTH, HEIGHT, SCALE = 1000, 850, 1.6
"""Size of the browser's window in CSS pixels, and device pixels for each; what stays empty is cut off."""

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
CHROMIUM_OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")

PAGE = """<!DOCTYPE html><meta charset="utf-8">
<style>{style}</style>
<style>
body {{ background: #ffffff; font-size: 14px; }}
main {{ padding: 10px; max-width: none; }}
.verdict {{ padding: 8px 14px; gap: 0 14px; }}
.verdict .detail {{ font-size: 12.5px; }}
.tiles {{ grid-template-columns: 1fr 1.25fr 1fr 1fr 1.5fr 1fr; gap: 8px; margin: 8px 0; }}
.tiles .card {{ padding: 6px 10px; }}
.tiles dt {{ font-size: 12px; }}
.tiles dd.number {{ font-size: 19px; white-space: nowrap; }}
.tiles dd.note {{ font-size: 10.5px; }}
.columns {{ display: grid; grid-template-columns: 405px 1fr; gap: 8px; }}
.columns > div {{ display: flex; flex-direction: column; gap: 8px; }}
.card {{ padding: 7px 11px; }}
.card h3 {{ font-size: 12.5px; margin: 0 0 4px; }}
.card img {{ display: block; width: 100%; }}
.pair {{ display: grid; grid-template-columns: 1fr 1fr; gap: 8px; }}
.grow {{ flex: 1; }}
pre {{ font-size: 10px; line-height: 1.3; overflow: hidden; }}
</style>
<main>
{verdict}
{tiles}
<div class="columns">
<div>
<div class="card"><h3>in: {spec_name}</h3><pre>{spec}</pre></div>
<div class="card grow"><h3>out: rtl/verilog/{verilog_name}</h3><pre>{verilog}</pre></div>
</div>
<div>
<div class="card"><h3>Four events on their way through the core</h3><img src="{figures}/timeline.svg"></div>
<div class="pair">
<div class="card"><h3>Each class against the others</h3><img src="{figures}/roc.svg"></div>
<div class="card"><h3>Classes found by the firmware</h3><img src="{figures}/confusion.svg"></div>
</div>
</div>
</div>
</main>
"""


def compose(build: Path) -> str:
    """The page, from the parts of a build."""
    report = (build / "report" / "report.html").read_text()
    top = (build / "rtl" / "verilog" / "files.f").read_text().split()[-1]
    tiles = re.findall(r'<div class="card">\n<dt>.*?</div>', _part(report, r'<dl class="tiles">.*?</dl>'), re.DOTALL)
    shown = [tile for tile in tiles if not re.search(r"<dt>(DSP|Block RAM)", tile)]
    return PAGE.format(
        style=_part(report, r"(?<=<style>).*?(?=</style>)"),
        verdict=_part(report, r'<section class="verdict.*?</section>'),
        tiles='<dl class="tiles">' + "\n".join(shown) + "</dl>",
        figures=(build / "report" / "figures").resolve().as_uri(),
        spec_name="hls_projects/jet_tagger.yaml",
        spec=html.escape(_without_comments(Path(__file__).parents[2] / "hls_projects" / "jet_tagger.yaml")),
        verilog_name=top,
        verilog=html.escape(_ports(build / "rtl" / "verilog" / top)),
    )


def _part(text: str, pattern: str) -> str:
    found = re.search(pattern, text, re.DOTALL)
    if found is None:
        raise SystemExit(f"the report page has no part {pattern!r}: mend docs/images/make.py")
    return found[0]


def _without_comments(spec: Path) -> str:
    lines = (line.split("#")[0].rstrip() for line in spec.read_text().splitlines())
    return "\n".join(line for line in lines if line)


def _ports(core: Path) -> str:
    """The module's head and its first layer."""
    lines = core.read_text().splitlines()
    head = lines.index(next(line for line in lines if line.startswith("module")))
    ports = lines[head : lines.index(");") + 1]
    layers = [i for i, line in enumerate(lines) if re.match(r"    // .*: cycles", line)]
    return "\n".join([*ports, "    ...", *lines[layers[0] : layers[1] - 1], "    ..."])


def shoot(page: str, out: Path) -> None:
    """Render a page to a PNG of few colours."""
    browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if browser is None:
        raise SystemExit(f"none of {', '.join(BROWSERS)} is on PATH")
    with tempfile.TemporaryDirectory() as scratch:
        source, shot = Path(scratch, "page.html"), Path(scratch, "page.png")
        source.write_text(page)
        subprocess.run(
            [
                browser,
                *CHROMIUM_OPTIONS,
                "--hide-scrollbars",
                f"--user-data-dir={scratch}/profile",
                f"--force-device-scale-factor={SCALE}",
                f"--window-size={WIDTH},{HEIGHT}",
                f"--screenshot={shot}",
                source.as_uri(),
            ],
            check=True,
            capture_output=True,
        )
        with Image.open(shot) as image:
            page_image = image.convert("RGB")
            box = ImageOps.invert(page_image).getbbox()
            bottom = box[3] if box else 0
            page_image.crop((0, 0, page_image.width, bottom + 16)).quantize(128).save(out, optimize=True)


def main() -> None:
    """Make the picture."""
    if len(sys.argv) != 2 or not (Path(sys.argv[1]) / "report" / "report.html").exists():
        raise SystemExit(__doc__)
    out = Path(__file__).with_name("jet_tagger.png")
    shoot(compose(Path(sys.argv[1])), out)
    print(f"wrote {out} ({out.stat().st_size // 1024} kB)")


if __name__ == "__main__":
    main()
