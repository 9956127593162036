"""What a stage's code depends on: the modules that it imports, those that these import, and versions of packages."""

from __future__ import annotations

import ast
import hashlib
import os
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import metadata
from pathlib import Path

from l1ml.paths import shared

PACKAGE = Path(__file__).resolve().parents[1]

CONTRACTS = (
    "l1ml/__init__.py",
    "l1ml/api.py",
    "builds/build.py",
    "frontends/hls4ml/backend.py",
    "layers/*/__init__.py",
    "layers/family.py",
    "triggers/*/__init__.py",
    "triggers/trigger.py",
)
"""Files that only say where an answer is. What they import when they are asked belongs to those who ask."""

MACHINERY = ("builds/__init__.py", "builds/stages/__init__.py", "builds/flow.py", "builds/dependencies.py")
"""Files that decide which stages run, and nothing of what these do."""


def digest(files: Iterable[Path], packages: Iterable[str]) -> bytes:
    """Hash of the text of files and of the versions of installed packages."""
    found = hashlib.sha256()
    for file in sorted(files):
        found.update(os.fsencode(file.relative_to(PACKAGE.parent)) + _content(file))
    for package in sorted(packages):
        found.update(f"{package} {metadata.version(package)}".encode())
    return found.digest()


def code_behind(patterns: Iterable[str]) -> frozenset[Path]:
    """Files below the package that match patterns, and all that they need: modules and files that they name.

    A file that a module names is one that lies beside it.
    """
    todo = [file for pattern in patterns for file in matching(pattern)]
    found: set[Path] = set()
    while todo:
        file = todo.pop()
        if file not in found and str(file.relative_to(PACKAGE)) not in MACHINERY:
            found.add(file)
            todo += _needed(file)
    return frozenset(found)


def matching(pattern: str) -> list[Path]:
    """Files of the package, or of a shared folder, that match a pattern; those in a folder that does."""
    top = pattern.split("/")[0]
    root = PACKAGE if (PACKAGE / top).exists() or "*" in top else shared(top).parent
    files = (file for start in root.glob(pattern) for file in (start, *start.rglob("*")))
    return sorted(file for file in files if file.is_file() and "__pycache__" not in file.parts)


def packages_of(files: Iterable[Path], modules: Iterable[str] = ()) -> set[str]:
    """Installed packages that files import, and those of some other modules."""
    own = {*sys.stdlib_module_names, PACKAGE.name}
    names = {module.split(".")[0] for file in files if file.suffix == ".py" for module in _names(file)[0]} - own
    return {package for name in names | {*modules} for package in _distributions().get(name, ())}


@cache
def _distributions() -> dict[str, list[str]]:
    return dict(metadata.packages_distributions())


@cache
def _content(file: Path) -> bytes:
    return file.read_bytes()


@cache
def _needed(file: Path) -> frozenset[Path]:
    """What a file of the package needs itself."""
    if file.suffix != ".py" or not file.is_relative_to(PACKAGE):
        return frozenset()
    imports, strings = _names(file)
    beside = {file.with_name(text) for text in strings}
    modules = {path for module in imports for path in _files_of(module)}
    return frozenset(modules | {path for path in beside if path.is_file()})


def _is_name(text: str) -> bool:
    return 0 < len(text) < 100 and "." in text[1:] and text.replace(".", "").replace("_", "").isalnum()


def _files_of(module: str) -> Iterator[Path]:
    """Files of a module of the package and of the packages that it is in; of an attribute, those of its module."""
    parts = module.split(".")
    if parts[0] != PACKAGE.name:
        return
    for end in range(1, len(parts) + 1):
        path = PACKAGE.joinpath(*parts[1:end])
        yield from (p for p in (path / "__init__.py", path.with_suffix(".py")) if p.is_file())


def _names(file: Path) -> tuple[frozenset[str], frozenset[str]]:
    """What a module imports when it is run - of a contract, only when it is imported - and strings that name files."""
    return _names_in(_content(file), any(file.match(pattern) for pattern in CONTRACTS))


@cache
def _names_in(source: bytes, contract: bool) -> tuple[frozenset[str], frozenset[str]]:
    imports: set[str] = set()
    strings: set[str] = set()
    todo: list[tuple[ast.AST, bool]] = [(ast.parse(source), True)]
    while todo:
        node, counts = todo.pop()
        match node:
            case ast.Constant():
                if isinstance(node.value, str) and _is_name(node.value):
                    strings.add(node.value)
                continue
            case ast.Import() if counts:
                imports.update(alias.name for alias in node.names)
            case ast.ImportFrom(module=str(module)) if counts:
                imports.update(f"{module}.{alias.name}" for alias in node.names)
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                counts = False
            case ast.FunctionDef() if contract:
                counts = False
        todo += [(child, counts) for child in ast.iter_child_nodes(node)]
    return frozenset(imports), frozenset(strings)
