"""Who may know whom: dependencies point one way, and what is known of a layer is in the folder of its family."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import numpy as np
import pytest
from alkaid.trace import FVArray

import l1ml.layers
from l1ml.layers import registry

PACKAGE = Path(l1ml.__file__).parent
BASE = {"console", "constants", "errors", "extras", "fixed", "folders", "interrupts", "keras_setup", "paths",
        "plain_paths", "reserved", "summaries", "templates", "tools"}  # fmt: skip
"""Modules that everything may use."""

MAY_USE = {
    "reference": BASE,
    "compiler": {*BASE, "reference"},
    "layers": {*BASE, "reference", "compiler"},
    "estimation": {*BASE, "compiler"},
    "verification": {*BASE, "compiler"},
    "frontends": {*BASE, "reference", "compiler", "layers", "estimation"},
}
"""Rooms that know nothing of data sets, training, specs, triggers and builds, so that others can use them alone."""

MAY_USE_MORE = {
    "datasets": BASE,
    "spec": BASE,
    "vendor": BASE,
    "hls": {*BASE, "layers"},
    "learning": {*BASE, "spec"},
    "wrappers": {*BASE, "compiler", "spec"},
    "report": {*BASE, "compiler", "estimation", "vendor", "datasets", "learning"},
    "triggers": {*BASE, "layers", "spec", "datasets", "learning", "report"},
    "builds": {*BASE, "compiler", "frontends", "estimation", "verification", "hls", "spec", "datasets", "learning",
               "triggers", "report"},
    "faults": {*BASE, "compiler", "frontends", "layers", "verification"},
    "golden": {*BASE, "compiler", "frontends", "verification", "hls", "spec", "builds"},
    "firmware": {*BASE, "compiler", "estimation", "vendor", "wrappers", "verification", "builds", "triggers"},
    "doctor": BASE,
    "cleaning": BASE,
    "api": {*BASE, "compiler", "frontends", "verification", "builds"},
    "pytest_plugin": {*BASE, "golden"},
    "cli": {*BASE, "compiler", "verification", "cleaning", "api", "report", "triggers", "builds", "faults", "golden",
            "firmware", "doctor"},
    "__init__": {"api", "errors"},
}  # fmt: skip
"""The others: what makes triggers, then what is made of builds, then what users call."""

CHOOSE_LAYERS = {"learning", "triggers"}
"""Rooms that make networks, and so name the layers that are in them."""


@cache
def tree(file: Path) -> ast.Module:
    """The syntax of a file."""
    return ast.parse(file.read_text())


def sources(folder: str = "") -> list[Path]:
    """The files of a folder of the package, in folders below, too."""
    return sorted((PACKAGE / folder).rglob("*.py"))


def imported(file: Path, *, to_run: bool = False) -> Iterator[str]:
    """Modules of the package that a file imports at any place, or at any but for type checkers; ``l1ml.`` left out."""
    blocks = [n for n in ast.walk(tree(file)) if isinstance(n, ast.If) and ast.unparse(n.test) == "TYPE_CHECKING"]
    left_out = {id(node) for block in blocks for node in ast.walk(block)} if to_run else set()
    for node in ast.walk(tree(file)):
        names = []
        if id(node) in left_out:
            continue
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{file}: a relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        yield from (name.removeprefix("l1ml.") for name in names if name.startswith("l1ml."))


def room_of(file: Path) -> str:
    """The folder of the package that a file is in, or its name."""
    return file.relative_to(PACKAGE).with_suffix("").parts[0]


@cache
def family_names() -> list[str]:
    """The folders of ``layers/``."""
    return [family.package.rsplit(".", 1)[1] for family in registry.families()]


def family_in(module: str) -> str | None:
    """The family that a module belongs to."""
    room, name, *_ = [*module.split("."), ""]
    return name if room == "layers" and name in family_names() else None


def assert_no_circle(uses: Mapping[str, set[str]]) -> None:
    try:
        TopologicalSorter({name: others - {name} for name, others in uses.items()}).prepare()
    except CycleError as error:
        raise AssertionError(f"a circle: {' <- '.join(error.args[1])}") from None


def rooms() -> set[str]:
    """All folders and modules of the package."""
    return {room_of(file) for file in sources()}


def test_every_room_is_listed() -> None:
    assert rooms() == {*MAY_USE, *MAY_USE_MORE, *BASE}


@pytest.mark.parametrize("room", [*MAY_USE, *MAY_USE_MORE, *sorted(BASE)])
def test_a_room_uses_only_what_it_may(room: str) -> None:
    allowed = {**dict.fromkeys(BASE, BASE), **MAY_USE, **MAY_USE_MORE}[room]
    files = [file for file in sources() if room_of(file) == room]
    used = {(str(f.relative_to(PACKAGE)), name) for f in files for name in imported(f)}
    assert {(file, name) for file, name in used if name.split(".")[0] not in {*allowed, room}} == set()


def test_rooms_do_not_depend_on_each_other_in_circles() -> None:
    uses: dict[str, set[str]] = {}
    for file in sources():
        uses.setdefault(room_of(file), set()).update(name.split(".")[0] for name in imported(file))
    assert len(uses) > 30
    assert_no_circle(uses)


def test_families_do_not_depend_on_each_other_in_circles() -> None:
    assert len(family_names()) > 10
    assert_no_circle(
        {
            family: {str(family_in(name)) for f in sources(f"layers/{family}") for name in imported(f)} - {"None"}
            for family in family_names()
        }
    )


def outside_of_families() -> list[Path]:
    """Files that belong to no family."""
    return [f for f in sources() if family_in(".".join(f.relative_to(PACKAGE).with_suffix("").parts)) is None]


def test_only_who_makes_networks_knows_one_family_from_another() -> None:
    files = [f for f in outside_of_families() if room_of(f) not in CHOOSE_LAYERS]
    assert {(str(f), name) for f in files for name in imported(f) if family_in(name) is not None} == set()


def test_no_file_outside_of_families_names_a_class_of_layers_or_compares_one() -> None:
    classes, found = set(registry.supported()), []
    for file in outside_of_families():
        for node in ast.walk(tree(file)):
            if isinstance(node, ast.Constant) and node.value in classes:
                found.append((file.name, node.lineno, node.value))
            if isinstance(node, ast.Compare) and "class_name" in {getattr(n, "attr", "") for n in ast.walk(node)}:
                found.append((file.name, node.lineno, "class_name"))
    assert found == []


def test_faults_are_read_in_circuits_and_not_in_text() -> None:
    for file in sources("faults"):
        imports = [n for n in ast.walk(tree(file)) if isinstance(n, ast.Import | ast.ImportFrom)]
        names = {getattr(node, "module", None) for node in imports} | {a.name for node in imports for a in node.names}
        assert "re" not in names, f"{file} has regular expressions"


def test_a_file_is_read_in_one_sitting() -> None:
    lengths = {str(file.relative_to(PACKAGE)): len(file.read_text().splitlines()) for file in sources()}
    assert {name: lines for name, lines in lengths.items() if lines > 300} == {}


class Twice:
    """A layer that no family takes, as hls4ml's graph would have it."""

    name, class_name = "x2", "Twice"


def test_a_new_family_is_one_new_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = '"""Twice."""\nfrom l1ml.layers.family import Family\nFAMILY = Family(__name__, ("Twice",))\n'
    (tmp_path / "twice").mkdir()
    (tmp_path / "twice/__init__.py").write_text(code)
    (tmp_path / "twice/lowering.py").write_text("def lower(layer, inputs, tables):\n    return inputs[0] * 2.0\n")
    monkeypatch.setattr(l1ml.layers, "__path__", [*l1ml.layers.__path__, str(tmp_path)])
    caches = (registry.families, registry._by_class)
    for found in caches:
        found.cache_clear()
    try:
        assert "Twice" in registry.supported()
        doubled = registry.family_of(Twice()).lower(Twice(), [FVArray.from_kif(*np.ones((3, 2), dtype=int))], None)
        assert [value.high for value in doubled] == [3.0, 3.0]
    finally:
        for found in caches:
            found.cache_clear()


def run(code: str) -> None:
    """Run code in a fresh process, away from the sources of the tests."""
    done = subprocess.run([sys.executable, "-c", code], cwd=PACKAGE.parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


FIRST = ("compiler.emit", "frontends.hls4ml.backend", "layers.cpp", "layers.dense.lowering", "layers.keras",
         "layers.norm1.hls4ml_layer")  # fmt: skip


@pytest.mark.parametrize("module", FIRST)
def test_the_backend_is_whole_whatever_is_imported_first(module: str) -> None:
    run(
        f"import l1ml.{module}, sys, hls4ml\n"
        "from hls4ml.model.layers import layer_map\n"
        "from l1ml.layers.registry import families\n"
        "sources = hls4ml.backends.get_backend('Verilog').custom_source\n"
        "for family in families():\n"
        "    for name in family.classes if family.own else ():\n"
        "        module = sys.modules[f'{family.package}.hls4ml_layer']\n"
        "        assert layer_map[name] is getattr(module, name), name\n"
        "        header = family.package.split('.')[-1]\n"
        "        assert f'nnet_utils/nnet_{header}.h' in sources, sources\n"
    )


def test_the_contract_of_all_families_is_light() -> None:
    heavy = {"alkaid", "hls4ml", "tensorflow"}
    run(
        "import sys\n"
        "from l1ml.layers.registry import supported\n"
        f"assert supported() and not {heavy!r} & set(sys.modules)"
    )
