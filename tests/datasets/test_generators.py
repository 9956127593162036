"""Files that generators write: their content, the same bytes however they are run, clear errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from l1ml.datasets import chunks, generator
from l1ml.errors import L1mlError
from l1ml.triggers.anomaly_vae import data as events
from l1ml.triggers.anomaly_vae import generator as event_generator
from l1ml.triggers.electron_rings import data as rings
from l1ml.triggers.electron_rings import generator as ring_generator
from l1ml.triggers.jet_tagger import data as jets
from l1ml.triggers.jet_tagger import generator as jet_generator

needs_generators = pytest.mark.skipif(
    any(find_spec(package) is None for package in ("pythia8mc", "fastjet", "awkward")),
    reason="needs the extra l1ml[generate]",
)


@dataclass(frozen=True)
class Case:
    """A generator and what its file holds.

    Attributes:
        generate: As all generators are called.
        n: Events that are made.
        least: Fewest that can be, and how that is told.
        sizes: Events of each class or process.
        check: Looks at the file.
        dtypes: Of some arrays.
        words: In the provenance.
        package: That the generator needs.
        options: Arguments of this generator alone.
    """

    generate: Callable[..., Path]
    n: int
    least: tuple[int, str]
    sizes: list[int]
    check: Callable[[Path], None]
    dtypes: Mapping[str, type]
    words: tuple[str, ...]
    package: str
    options: Mapping[str, Any]


def _check_jets(path: Path) -> None:
    features = jets.load(path).features
    assert np.array_equal(generator.round_mantissa(features, jet_generator.MANTISSA_BITS), features)


def _check_rings(path: Path) -> None:
    assert np.abs(np.mod(rings.load(path).rings / 1000 / ring_generator.STEP, 1)).max() == 0


def _check_events(path: Path) -> None:
    assert np.bincount(events.load(path).processes).tolist() == list(event_generator.sizes(20).values())


CASES = {
    "jets": Case(
        jet_generator.generate,
        22,
        (5, "4 jets asked for; ask for at least 5"),
        [5, 5, 4, 4, 4],
        _check_jets,
        {"features": np.float32},
        ("pythia8mc", "fastjet", "pTHatMin", "jet_radius", "hcal_pitch"),
        "fastjet",
        {},
    ),
    "rings": Case(
        ring_generator.generate,
        5,
        (2, "1 candidates asked for; ask for at least 2"),
        [3, 2],
        _check_rings,
        {"rings": np.float16},
        ("pythia8mc", "pTHatMin", "radiation_lengths", "h_over_e", '"pileup": [0.0, 0.0]'),
        "awkward",
        {"pileup": (0.0, 0.0)},
    ),
    "anomaly": Case(
        event_generator.generate,
        20,
        (20, "19 events asked for; ask for at least 20"),
        [9, 5, 1, 1, 1, 1, 1, 1],
        _check_events,
        {"objects": np.int16},
        ("pythia8mc", "fastjet", "pTHatMin", "pileup", "anti-kt", "w_to_lnu"),
        "pythia8mc",
        {},
    ),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    """Each generator in turn."""
    return CASES[request.param]


@needs_generators
def test_a_file_has_the_documented_content_and_is_the_same_however_it_is_made(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = case.generate(case.n, tmp_path / "once" / "made.npz", seed=5, workers=1, **case.options)
    assert [path.name for path in made.parent.iterdir()] == ["made.npz"]
    case.check(made)
    with np.load(made) as file:
        assert {name: file[name].dtype for name in case.dtypes} == case.dtypes
        assert file["labels"].dtype == np.int8
        assert np.bincount(file["labels"]).tolist() == case.sizes
        assert int(file["seed"]) == 5
        assert file["chunk_seeds"][:, 0].tolist() == list(range(len(case.sizes)))
        assert [word for word in case.words if word not in str(file["provenance"])] == []

    out, run = tmp_path / "again" / "made.npz", chunks._run
    parts = out.with_name("made.npz.parts")
    planned = chunks.plan(dict(zip(range(len(case.sizes)), case.sizes, strict=True)), case.n, seed=5)

    left: list[chunks.Chunk] = []

    def interrupted(todo: list[chunks.Chunk], *args: object) -> None:
        left.extend(todo[2:])
        run(todo[:2], *args)
        raise KeyboardInterrupt

    monkeypatch.setattr(chunks, "_run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        case.generate(case.n, out, seed=5, workers=2, **case.options)
    assert not out.exists()
    whole, cut = sorted(parts.iterdir())
    # A part cut short and one of another seed must be made again, not used.
    cut.write_bytes(cut.read_bytes()[:-50])
    for chunk in left[:1]:
        np.savez(parts / chunk.name, identity=np.array("other"))
    resumed: list[chunks.Chunk] = []
    monkeypatch.setattr(chunks, "_run", lambda todo, *args: (resumed.extend(todo), run(todo, *args)))
    case.generate(case.n, out, seed=5, workers=2, **case.options)
    assert len(resumed) == len(planned) - 1
    assert whole.name not in {chunk.name for chunk in resumed}
    assert cut.name in {chunk.name for chunk in resumed}
    assert out.read_bytes() == made.read_bytes()


@needs_generators
@pytest.mark.parametrize(
    ("name", "changed", "message"),
    [
        ("a.npz", {"seed": -1}, "seed is -1"),
        ("a.npz", {"workers": 0}, "0 workers"),
        ("a.csv", {}, r"ends in \.npz"),
        ("folder.npz", {}, "is a folder"),
        ("file/a.npz", {}, "cannot write"),
    ],
)
def test_arguments_out_of_range_are_one_line(
    case: Case, tmp_path: Path, name: str, changed: dict[str, int], message: str
) -> None:
    (tmp_path / "folder.npz").mkdir()
    (tmp_path / "file").write_text("")
    with pytest.raises(L1mlError, match=message):
        case.generate(case.n, tmp_path / name, **{"seed": 1, "workers": 1, **case.options, **changed})


@needs_generators
def test_too_few_events_are_one_line(case: Case, tmp_path: Path) -> None:
    least, message = case.least
    with pytest.raises(L1mlError, match=message):
        case.generate(least - 1, tmp_path / "a.npz", seed=1)


@needs_generators
@pytest.mark.parametrize("pileup", [(5.0, 4.0), (0.0, float("nan"))])
def test_no_range_of_pileup_is_one_line(tmp_path: Path, pileup: tuple[float, float]) -> None:
    with pytest.raises(L1mlError, match=f"pile-up is {pileup[0]} to {pileup[1]}"):
        ring_generator.generate(10, tmp_path / "a.npz", seed=1, pileup=pileup)


def test_a_missing_package_names_the_extra(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = find_spec("numpy")
    monkeypatch.setattr(generator.util, "find_spec", lambda name: None if name == case.package else there)
    with pytest.raises(L1mlError, match=rf"{case.package}.*pip install 'l1ml\[generate\]'"):
        case.generate(case.n, tmp_path / "a.npz", seed=1)
