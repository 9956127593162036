"""The page: its numbers are those of report.json, and it stands alone."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from report_build import COMMANDS, MATCHING, put_json

from l1ml.report.build import report_of
from l1ml.report.classification import class_metrics
from l1ml.report.firmware import firmware_part
from l1ml.report.inputs import load
from l1ml.report.page import render_page

VOID = {"meta", "link", "br", "hr", "img", "input", "col"}


class Page(HTMLParser):
    """Tags with their attributes, the text, and each data element's key, value and visible text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.numbers: list[tuple[str, str, str]] = []
        self.text = ""
        self.feed(text)
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.tags.append((tag, values))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "data":
            self.numbers.append((values.get("data-key", ""), values["value"], ""))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" in self.open:
            return
        self.text += data
        if self.open and self.open[-1] == "data":
            key, value, text = self.numbers[-1]
            self.numbers[-1] = (key, value, text + data)


@pytest.fixture(scope="module")
def page(reported: Path) -> Page:
    return Page((reported / "report/report.html").read_text())


def _look_up(report: dict[str, Any], key: str) -> float:
    value: Any = report
    for step in key.split("."):
        value = value[step]
    return float(value)


def test_numbers_are_those_of_report_json(page: Page, reported: Path) -> None:
    report = json.loads((reported / "report/report.json").read_text())
    shown = {key for key, _, _ in page.numbers if key}
    assert {
        *("rtl.latency_cycles", "rtl.initiation_interval", "model.sparsity"),
        *(f"resources.{key}" for key in ("lut", "ff", "dsp", "bram", "timing.longest_path_ns")),
        *(f"model.{m}.accuracy" for m in ("float", "quantized", "hls")),
        *(f"model.{m}.auc.{c}" for m in ("float", "quantized", "hls") for c in "gqwzt"),
    } <= shown
    for key, value, text in page.numbers:
        if not key:
            continue
        expected = _look_up(report, key)
        assert float(value) == expected, key
        if key.startswith("seconds") or key == "rtl.latency_cycles":
            continue
        number = text.split("±")[0].split("cycle")[0].replace(",", "").replace("%", "").strip()
        scale = 100 if "%" in text else 1
        decimals = len(number.partition(".")[2])
        assert float(number) == pytest.approx(scale * expected, abs=0.51 * 10**-decimals), (key, text)


def test_columns_of_the_metrics_are_under_their_model(reported: Path) -> None:
    text = (reported / "report/report.html").read_text()
    table = text[text.index('aria-label="Table of metrics"') :].split("</table>")[0]
    headings = re.findall(r'<th scope="col" class="n">([^<]+)</th>', table)
    assert headings == ["float", "quantized", "HLS = RTL"]
    for row in table.split("<tr>")[2:-1]:
        assert re.findall(r'data-key="model\.(\w+)', row) == ["float", "quantized", "hls"]


def test_headline_and_verdict(page: Page) -> None:
    words = " ".join(page.text.split())
    assert "12,345 events × 5 outputs, 0 mismatches" in words
    assert "BIT-EXACT" in words
    assert "FAIL" not in words
    assert "55 ns" in words  # 11 cycles of 5 ns
    assert "200 MHz" in words
    assert f"{100 * 11660 / 1_728_000:.2f} % of xcvu13p" in words
    assert "Yosys 0.70" in words
    for part in ("10,000 data", "345 corner", "2,000 random", "ufixed<6,0,RND_CONV,SAT>", "jet_tagger_fc2"):
        assert part in words


def test_spec_and_commands_are_shown_verbatim(page: Page, reported: Path) -> None:
    assert (reported / "spec.yaml").read_text().strip() in page.text
    assert "\n".join(COMMANDS) in page.text
    assert "b" not in {tag for tag, _ in page.tags}


def test_needs_nothing_from_elsewhere(page: Page, reported: Path) -> None:
    for tag, attributes in page.tags:
        assert tag not in ("script", "link", "iframe", "object", "embed"), tag
        for name in ("src", "href", "xlink:href", "srcset", "action", "data", "poster"):
            if tag == "a" and name == "href":  # files of the build, opened when someone asks for them
                assert attributes[name].startswith("../") and ":" not in attributes[name]
            else:
                assert attributes.get(name, "#").startswith("#"), (tag, attributes)
    text = (reported / "report/report.html").read_text()
    assert not re.search(r"url\((?!#)|@import", text)


def test_figures_refer_to_their_own_parts(page: Page, reported: Path) -> None:
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    # matplotlib defines a glyph or clip path once for each axes; equal ones may repeat within a figure.
    assert {"physics", "firmware", "model", "build"} <= set(ids)
    by_figure = [i for i in ids if re.match(r"(roc|confusion|timeline|resources|history|weights)-axes_1$", i)]
    assert len(by_figure) == len(set(by_figure)) == 6
    used = re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', (reported / "report/report.html").read_text())
    assert {a or b for a, b in used} <= set(ids)
    assert {a["aria-labelledby"] for _, a in page.tags if "aria-labelledby" in a} <= set(ids)


def test_is_accessible(page: Page) -> None:
    drawings = [attributes for tag, attributes in page.tags if tag == "svg"]
    assert len(drawings) == 6 + 1  # figures and the timing diagram
    for attributes in drawings:
        assert attributes["role"] == "img"
        assert len(attributes["aria-label"]) > 30
    headers = [attributes for tag, attributes in page.tags if tag == "th"]
    assert headers
    assert all(attributes.get("scope") in ("row", "col") for attributes in headers)
    assert page.tags[0] == ("html", {"lang": "en"})


def test_dark_pages_have_dark_figures(reported: Path) -> None:
    text = (reported / "report/report.html").read_text()
    sheet, body = text.split("</style>", 1)
    assert "prefers-color-scheme: dark" in sheet
    used = set(re.findall(r"var\(--(\w+)\)", body))
    assert {"ink", "paper", "c0", "c4"} <= used
    for variable in used:
        assert len(re.findall(rf"--{variable}: #", sheet)) == 2, variable


def test_names_are_text_not_markup(build: Path) -> None:
    hostile = "<script>alert('layer')</script>"
    data = load(build)
    first = data.design.modules[0].model_copy(update={"name": f"{hostile}1", "title": f"{hostile}2"})
    layer = data.layers[0].model_copy(update={"name": f"{hostile}3", "result_type": f"{hostile}4"})
    data = replace(
        data,
        design=data.design.model_copy(update={"modules": (first,)}),
        layers=[layer],
        dataset=data.dataset.model_copy(update={"source": f"{hostile}5"}),
    )
    metrics = [replace(m, label=f"{hostile}6") for m in class_metrics(data)]
    sections = [(key, f"{hostile}7", []) for key in ("physics", "firmware", "model")]
    text = render_page(
        report_of(data),
        data,
        metrics=metrics,
        headline="accuracy",
        sections=sections,
        commands=[f"{hostile}8"],
        firmware=firmware_part(report_of(data), data, build),
    )
    page = Page(text)
    assert "script" not in {tag for tag, _ in page.tags}
    assert all(f"{hostile}{k}" in page.text for k in range(1, 9))


def test_mismatch_is_loud(build: Path) -> None:
    first = {"event": 4711, "output": 3, "golden": -1234, "rtl": -1235, "layer": "fc2 (Dense) → relu2 (relu)"}
    first |= {"name": "jet_class[3]", "lsb": 0.25}
    put_json(build / "verify/verification.json", MATCHING | {"mismatches": 17, "first_mismatch": first})
    data = load(build)
    report = report_of(data)
    text = render_page(
        report,
        data,
        metrics=class_metrics(data),
        headline="accuracy",
        sections=[],
        commands=[],
        firmware=firmware_part(report, data, build),
    )
    page = Page(text)
    words = " ".join(page.text.split())
    assert "FAIL" in words
    assert "17 mismatches in 12,345 events × 5 outputs" in words
    for part in ("4711", "3 jet_class[3]", "-1234 = -308.5", "-1235 = -308.75", "fc2 (Dense) → relu2 (relu)"):
        assert part in words
    assert "BIT-EXACT" not in words
    assert "HLS = RTL" not in words
    assert any("fail" in attributes.get("class", "").split() for _, attributes in page.tags)
