"""Numbers in specs and pages that code decides; those that are measured stand beside their commands."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from l1ml.builds.specs import load_spec
from l1ml.golden.pack import Pack
from l1ml.verification.directed import SHARE
from l1ml.verification.vectors import FAMILIES, make_vectors
from l1ml.verification.verified import SOUGHT

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(
    ("project", "files"),
    [
        ("electron_rings", ["hls_projects/electron_rings.yaml", "docs/electron_rings.md"]),
        ("anomaly_vae", ["hls_projects/anomaly_vae.yaml"]),
    ],
)
def test_how_many_vectors_are_of_the_test_part_is_what_pages_say(project: str, files: list[str]) -> None:
    spec = load_spec(project)
    network = Pack.load(ROOT / f"tests/golden/{project}_r1.golden").network
    events = spec.verification.events
    width = sum(tensor.size for tensor in network.inputs)
    data = np.zeros((events, width), dtype=np.int64)
    families = make_vectors(network, events - events // SHARE, data=data, seed=spec.verification.seed).families
    for file in files:
        text = (ROOT / file).read_text()
        assert f"{families['data']:,}" in text, file
    if len(files) > 1:
        assert f"{events - families['data']:,}" in text


def test_the_page_of_verification_names_every_family_of_vectors() -> None:
    page = (ROOT / "docs/verification.md").read_text()
    assert [name for name in (*FAMILIES, SOUGHT) if f"`{name}`" not in page] == []


def test_the_latencies_of_the_first_page_are_those_of_the_packs() -> None:
    rows = re.findall(r"^\| Latency \| (\d+) cycles.*?\| (\d+) cycles", (ROOT / "README.md").read_text(), re.M)
    for project, told in zip(("jet_tagger", "electron_rings"), rows, strict=False):
        packs = [Pack.load(ROOT / f"tests/golden/{project}_r{factor}.golden") for factor in (1, 8)]
        assert [str(pack.manifest.latency) for pack in packs] == list(told)
