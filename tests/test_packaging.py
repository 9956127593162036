"""The wheel works away from its sources, and no file ties the project to one machine."""

from __future__ import annotations

import ast
import configparser
import json
import os
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import distributions, packages_distributions
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from l1ml.errors import L1mlError
from l1ml.extras import EXTRAS, named_extras

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def unpacked(wheel: Path) -> Path:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(wheel.parent / "unpacked")
    return wheel.parent / "unpacked"


def python(unpacked: Path, code: str) -> str:
    """Run code in another folder, with the package from the wheel."""
    env = {**os.environ, "PYTHONPATH": str(unpacked)}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=unpacked.parent, env=env, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("folder", ["firmware_templates", "hls_projects", "sim"])
def test_the_wheel_carries_every_shared_file_and_finds_it(folder: str, unpacked: Path) -> None:
    found = Path(python(unpacked, f"from l1ml.paths import shared; print(shared({folder!r}))").strip())
    assert found.is_relative_to(unpacked)
    ours = {file.relative_to(ROOT / folder) for file in (ROOT / folder).rglob("*") if file.is_file()}
    carried = {file.relative_to(found) for file in found.rglob("*") if file.is_file()}
    ours, carried = ({f for f in files if "__pycache__" not in f.parts} for files in (ours, carried))
    assert ours
    assert carried == ours


def test_the_wheel_carries_every_module_with_its_types_and_templates_and_the_sample_of_jets(unpacked: Path) -> None:
    ours = {file.relative_to(ROOT) for name in ("*.py", "*.h", "*.j2") for file in (ROOT / "l1ml").rglob(name)}
    assert Path("l1ml/layers/norm1/nnet_norm1.h") in ours
    assert {file for file in ours if not (unpacked / file).exists()} == set()
    assert (unpacked / "l1ml/py.typed").exists()
    code = "from l1ml.triggers.jet_tagger.data import sample_path; print(sample_path())"
    assert Path(python(unpacked, code).strip()).is_relative_to(unpacked)


def test_the_wheel_carries_nothing_but_the_package(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"l1ml"}
    assert [name for name in names if "__pycache__" in name or name.endswith((".pyc", ".so"))] == []


def test_the_wheel_tells_hls4ml_of_the_backend_pytest_of_the_plugin_and_the_shell_of_the_command(
    unpacked: Path,
) -> None:
    entries = configparser.ConfigParser()
    entries.read(next(unpacked.glob("*.dist-info")) / "entry_points.txt")
    assert entries["hls4ml.backends"]["verilog"] == "l1ml.frontends.hls4ml.plugin:register"
    assert entries["console_scripts"]["l1ml"] == "l1ml.cli:main"
    assert entries["pytest11"]["l1ml"] == "l1ml.pytest_plugin"


def test_the_command_line_of_the_wheel_lists_its_specs(unpacked: Path) -> None:
    code = "import sys; sys.argv = ['l1ml', 'list']; from l1ml.cli import main; main()"
    assert "jet_tagger" in python(unpacked, code)


def test_importing_the_package_needs_no_heavy_library(unpacked: Path) -> None:
    modules = json.loads(python(unpacked, "import json, sys, l1ml; print(json.dumps(list(sys.modules)))"))
    assert not {"tensorflow", "hls4ml", "numpy", "matplotlib"} & set(modules)


def test_packages_of_the_lock_have_all_that_they_ask_for() -> None:
    pinned = dict(line.split("==") for line in (ROOT / "requirements.lock").read_text().split() if "==" in line)
    for project in (ROOT / ".ci").glob("*/pyproject.toml"):
        about = tomllib.loads(project.read_text())["project"]
        pinned[about["name"]] = about["version"]
    versions = {canonicalize_name(name): version for name, version in pinned.items()}
    installed = [one for one in distributions() if versions.get(canonicalize_name(one.name)) == one.version]
    assert len(installed) > 0.9 * len(versions)
    needed = {(one.name, Requirement(text)) for one in installed for text in one.requires or ()}
    needed = {(name, it) for name, it in needed if it.marker is None or it.marker.evaluate({"extra": ""})}
    missing = [
        f"{name}: {it}" for name, it in needed if versions.get(canonicalize_name(it.name), "0") not in it.specifier
    ]
    assert missing == []


def test_every_package_that_l1ml_imports_is_in_the_base_or_in_an_extra_that_messages_name() -> None:
    about = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    base = {canonicalize_name(Requirement(text).name) for text in about["dependencies"]}
    extras = {
        extra: {canonicalize_name(Requirement(text).name) for text in listed}
        for extra, listed in about["optional-dependencies"].items()
    }
    names = {module: {canonicalize_name(name) for name in found} for module, found in packages_distributions().items()}
    used = set()
    for file in (ROOT / "l1ml").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            used |= {alias.name for alias in node.names} if isinstance(node, ast.Import) else set()
            used |= {str(node.module)} if isinstance(node, ast.ImportFrom) and not node.level else set()
    others = {name.split(".")[0] for name in used} - sys.stdlib_module_names - {"l1ml", "pytest", "tensorflow"}
    assert {"numpy", "matplotlib", "scipy"} <= others
    for module in others:
        found = names.get(module, {canonicalize_name(module)})
        if not found & base:
            assert module in EXTRAS, f"{module} is neither in the base nor in an extra"
            assert found & extras[EXTRAS[module]], f"{module} is not in the extra {EXTRAS[module]}"


def test_a_package_that_is_not_installed_is_named_with_its_extra() -> None:
    said = r"^this needs scipy, which is not installed: pip install 'l1ml\[train\]'$"
    with pytest.raises(L1mlError, match=said), named_extras():
        raise ModuleNotFoundError("No module named 'scipy'", name="scipy.optimize")
    with pytest.raises(ModuleNotFoundError), named_extras():
        raise ModuleNotFoundError("No module named 'mine'", name="mine")


def test_no_tracked_file_names_a_package_registry_or_a_place_of_one_machine() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a checkout")
    # Joined here, so that this file does not hold what it looks for.
    words = ["/".join(("", folder, "")) for folder in ("home", "work", "root", "Users", "tmp/w", "opt/pypi")]
    words += [
        ".".join(parts) for parts in (("pypi", "org"), ("python" + "hosted", "org"), ("docker", "io"), ("ghcr", "io"))
    ]
    words += ["-".join(("index", "url")), "-".join(("find", "links")), "arti" + "factory"]
    files = [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
    assert len(files) > 50
    found = [(str(file), word) for file in files for word in words if word.encode() in file.read_bytes()]
    assert found == []


def test_the_citation_names_the_version_of_the_package() -> None:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert (cited["version"], cited["license"]) == (project["version"], project["license"])
