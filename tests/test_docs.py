"""The documentation is true: its code runs, its commands exist, its links lead somewhere, its tables are complete."""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from spec_keys import keys_of_each
from typer.main import get_command

from l1ml.cli import app
from l1ml.triggers import triggers

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("l1ml/**/*.md")])
IDS = [str(page.relative_to(ROOT)) for page in PAGES]

BLOCK = re.compile(
    r"(?:<!-- (?P<mark>[^\n]*) -->\n)?^(?P<indent> *)```(?P<language>\w*)\n(?P<code>.*?)^ *```$", re.M | re.S
)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def blocks(page: Path, language: str) -> Iterator[tuple[str, str]]:
    """Mark and code of the fenced blocks of one language."""
    for match in BLOCK.finditer(page.read_text()):
        if match["language"] == language:
            yield match["mark"] or "", textwrap.dedent(match["code"])


def without_code(page: Path) -> str:
    """The text of a page but for its fenced blocks."""
    return BLOCK.sub("", page.read_text())


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run([sys.executable, *map(str, command)], cwd=cwd, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


# Code


def test_the_example_for_hls4ml_users_and_the_python_of_the_pages_run(tmp_path: Path) -> None:
    # In one process, so that TensorFlow is imported once, and in one folder, so that the simulation is compiled once.
    code = [code for page in PAGES for mark, code in blocks(page, "python") if mark == "run"]
    assert len(code) >= 4
    start = [
        "import runpy, sys",
        f"sys.argv[1:] = [{str(tmp_path / 'example')!r}]",
        f"example = runpy.run_path({str(ROOT / 'examples/drop_in.py')!r}, run_name='__main__')",
        "model, x, folder = example['small_model'](), example['small_events'](), sys.argv[1]",
    ]
    script = tmp_path / "pages.py"
    script.write_text("\n".join([*start, *code]))
    said = run(script, cwd=tmp_path)
    assert re.search(r"^\d+ events, 0 mismatches$", said, re.M)
    assert (tmp_path / "example/verilog/tagger.sv").exists()


def test_the_example_with_a_spec_prints_a_line_for_each_delay(copy_build: Callable[..., Path], tmp_path: Path) -> None:
    build = copy_build()  # finished with the default delay, so nothing is run again
    said = run(ROOT / "examples/from_spec.py", build / "spec.yaml", build, "5", cwd=tmp_path)
    assert re.search(r"^ *5\.0( +[\d.]+){4} +0 *$", said, re.M)


EXAMPLES = {
    "from_hgq.py": ("HGQ", "tf_keras"),
    "from_hgq2.py": ("hgq", "tensorflow"),
    "from_keras3.py": ("keras", "tensorflow"),
    "from_onnx.py": ("onnx", "onnxruntime", "qonnx"),
    "from_pytorch.py": ("torch",),
    "from_qonnx.py": ("brevitas", "onnxoptimizer", "qonnx"),
}
"""What the examples from other programs need."""


@pytest.mark.parametrize("file", EXAMPLES)
def test_an_example_from_another_program_ends_without_a_mismatch(file: str, tmp_path: Path) -> None:
    if missing := [package for package in EXAMPLES[file] if find_spec(package) is None]:
        pytest.skip(f"not installed: {', '.join(missing)}")
    said = run(ROOT / "examples" / file, tmp_path / "project", cwd=tmp_path)
    assert re.search(r"^\d+ events, 0 mismatches$", said, re.M)


def test_each_example_from_another_program_is_tested_and_in_the_table() -> None:
    files = {file.name for file in ROOT.glob("examples/from_*.py")} - {"from_spec.py"}
    assert files == set(EXAMPLES)
    page = (ROOT / "docs/hls4ml.md").read_text()
    assert {file for file in files if f"(../examples/{file})" not in page} == set()


@pytest.mark.parametrize(("page", "file"), [("README.md", "drop_in.py"), ("docs/tutorial.md", "own_model.py")])
def test_a_page_shows_the_lines_of_its_example(page: str, file: str) -> None:
    example = (ROOT / "examples" / file).read_text()
    lines = textwrap.dedent(example[example.index("    # begin\n") : example.index("    # end\n")])
    assert (f"from: examples/{file}", lines.removeprefix("# begin\n")) in list(blocks(ROOT / page, "python"))


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_python_in_pages_is_python(page: Path) -> None:
    for _, code in blocks(page, "python"):
        ast.parse(code)


def test_every_module_with_code_has_a_docstring() -> None:
    modules = {file: ast.parse(file.read_text()) for file in sorted(ROOT.glob("l1ml/**/*.py"))}
    assert [str(f.relative_to(ROOT)) for f, tree in modules.items() if tree.body and not ast.get_docstring(tree)] == []


# Commands


def commands(command: Any, name: str = "l1ml") -> dict[str, Any]:
    """A command and those below it, by what one types."""
    found = {name: command}
    for key, below in getattr(command, "commands", {}).items():
        found |= commands(below, f"{name} {key}")
    return found


def is_group(command: Any) -> bool:
    return hasattr(command, "commands")


COMMANDS = commands(get_command(app))


def typed_commands(page: Path) -> Iterator[list[str]]:
    """The words of all l1ml commands in the code of a page."""
    text = page.read_text()
    spans = [span for block in BLOCK.finditer(text) for span in block["code"].splitlines()]
    spans += re.findall(r"`([^`\n]+)`", without_code(page))
    for span in spans:
        if span.startswith("l1ml "):
            yield shlex.split(span, comments=True)


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_the_commands_of_a_page_exist_with_their_options(page: Path) -> None:
    for words in typed_commands(page):
        name = max((c for c in COMMANDS if " ".join(words).startswith(c) and len(c.split()) <= len(words)), key=len)
        command = COMMANDS[name]
        rest = words[len(name.split()) :]
        if is_group(command):
            assert all(word.startswith("-") for word in rest), f"{' '.join(words)}: there is no such command"
        known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        assert {word for word in rest if word.startswith("--")} <= known, " ".join(words)
        settings = [word.split("=")[0] for before, word in pairwise(rest) if before == "--set"]
        settings = [re.sub(r"^hls\.layers\.\w+", "hls.layers.LAYER", key) for key in settings]
        assert set(settings) <= {key for rows in keys_of_each().values() for key, *_ in rows} | {"KEY"}, " ".join(words)


def test_the_readme_names_every_command() -> None:
    readme = (ROOT / "README.md").read_text()
    leaves = [name for name, command in COMMANDS.items() if not is_group(command)]
    assert [name for name in leaves if not re.search(rf"^\| `{name}\b", readme, re.M)] == []


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_the_make_targets_of_a_page_exist(page: Path) -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M)
    assert set(re.findall(r"(?:`|^)make ([a-z]+)", page.read_text(), re.M)) <= set(targets)


# Links and names


def anchors(page: Path) -> set[str]:
    """The headings of a page as its links name them."""
    titles = re.findall(r"^#+ (.*)$", BLOCK.sub("", page.read_text()), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(without_code(page)):
        if link.startswith(("http://", "https://")):
            continue
        place, _, anchor = link.partition("#")
        target = page.parent / place if place else page
        assert target.exists(), f"{page.name}: {link}"
        assert not anchor or anchor in anchors(target), f"{page.name}: {link}"


def test_pictures_are_small() -> None:
    assert [file.name for file in ROOT.glob("docs/images/*.png") if file.stat().st_size > 300_000] == []


def test_the_architecture_page_names_every_folder_and_top_module() -> None:
    page = (ROOT / "docs/architecture.md").read_text()
    folders = {f.parent for f in ROOT.glob("l1ml/**/*.py")} - {
        ROOT / "l1ml",
        *ROOT.glob("l1ml/layers/*"),
        *ROOT.glob("l1ml/triggers/*"),
    }
    names = {f"{folder.relative_to(ROOT)}/" for folder in folders}
    names |= {str(f.relative_to(ROOT)) for f in ROOT.glob("l1ml/*.py") if not f.name.startswith("__")}
    names |= {
        f"{name}/" for name in ("firmware_templates", "hls_projects", "sim", "tests", "bench", "examples", "docs")
    }
    assert {name for name in names if f"`{name}`" not in page} == set()


def test_files_that_pages_name_exist() -> None:
    for page in PAGES:
        for name in re.findall(
            r"`((?:l1ml|sim|tests|examples|firmware_templates|hls_projects)/[\w./]+)`", page.read_text()
        ):
            assert (ROOT / name).exists(), f"{page.name}: {name}"


# Tables


def test_the_hls4ml_page_names_every_supported_layer() -> None:
    from l1ml.layers.activations.tables import TABLE_ACTIVATIONS
    from l1ml.layers.registry import supported

    page = (ROOT / "docs/hls4ml.md").read_text()
    assert {name for name in {*supported(), *TABLE_ACTIVATIONS} if f"`{name}`" not in page} == set()


@pytest.mark.parametrize("part", ["common", *triggers()])
def test_the_page_of_specs_has_every_key_with_its_default_and_limits(part: str) -> None:
    page = (ROOT / "docs/spec.md").read_text()
    table = re.split(r"\n\n", page[page.index(f"<!-- spec keys: {part}") :])[1].splitlines()[2:]
    rows = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in table]
    assert [(key.strip("`"), default, values) for key, default, values, _ in rows] == keys_of_each()[part]
    assert [key for key, *_, meaning in rows if not meaning] == []
