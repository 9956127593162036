"""pytest plugin: ``pytest --l1ml PACK_OR_SPEC`` adds a test for each project, reuse factor, form and family of vectors.

pytest loads this module in every run, so it imports nothing but pytest before the option is given.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from l1ml.golden.regression import Side, Subject

_SHARED = "l1ml_shared"
"""Name under which workers of pytest-xdist are told the folder that they share."""

_state = pytest.StashKey["_State"]()


class _State:
    """What the options ask for, and the folder in which it is compiled once for all processes of the run."""

    def __init__(self, subjects: list[Subject], empty: list[str], shared: Path, waves: Path) -> None:
        self.subjects, self.empty, self.shared, self.waves = subjects, empty, shared, waves


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("l1ml", "bit-accuracy of trigger firmware")
    group.addoption(
        "--l1ml",
        action="append",
        default=[],
        metavar="PACK_OR_SPEC",
        help="Check a golden pack (FILE.golden), firmware against it (FILE.golden=DIR), all packs of a folder "
        "(GOLDEN=DIR, the firmware of each in DIR under its name), or a build (SPEC, SPEC@REUSE)",
    )
    group.addoption(
        "--l1ml-waves",
        default="build/l1ml-waves",
        metavar="DIR",
        help="Folder for waveforms of failing events [default: build/l1ml-waves]",
    )
    group.addoption(
        "--l1ml-builds", default="build", metavar="DIR", help="Folder for the builds of specs [default: build]"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Read what is to be checked, so that a mistake ends the run before any test."""
    wanted = config.getoption("--l1ml")
    if not wanted:
        return
    from l1ml.errors import L1mlError
    from l1ml.golden.regression import subjects_of

    builds = Path(config.getoption("--l1ml-builds"))
    try:
        named = {text: subjects_of(text, builds) for text in wanted}
    except L1mlError as error:
        raise pytest.UsageError(f"--l1ml: {error}") from None
    told = getattr(config, "workerinput", {}).get(_SHARED)
    shared = Path(told or tempfile.mkdtemp(prefix="l1ml-pytest-")).resolve()
    waves = Path(config.getoption("--l1ml-waves")).resolve()
    empty = [text.partition("=")[0] for text, subjects in named.items() if not subjects]
    config.stash[_state] = _State([one for subjects in named.values() for one in subjects], empty, shared, waves)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist where things are compiled."""
    if _state in node.config.stash:
        node.workerinput[_SHARED] = str(node.config.stash[_state].shared)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove what was compiled, when the last worker is done."""
    if _state in config.stash and not hasattr(config, "workerinput"):
        shutil.rmtree(config.stash[_state].shared, ignore_errors=True)


@pytest.hookimpl(tryfirst=True)  # before -k and -m choose
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Add the tests."""
    if _state not in config.stash:
        return
    state = config.stash[_state]
    for number, subject in enumerate(state.subjects):
        same = [other.name for other in state.subjects[:number]].count(subject.name)
        name = f"{subject.name}-{same + 1}" if same else subject.name
        node = Firmware.from_parent(session, name=name, nodeid=f"l1ml::{name}", subject=subject, state=state)
        node.ihook.pytest_collectstart(collector=node)
        report = node.ihook.pytest_make_collect_report(collector=node)
        node.ihook.pytest_collectreport(report=report)  # so that they are counted
        items.extend(report.result)
    items.extend(NoPacks.from_parent(session, name=folder, nodeid=f"l1ml::{folder}") for folder in state.empty)


class NoPacks(pytest.Item):
    """A folder of packs that has none yet: not a failure, but to be seen."""

    def runtest(self) -> None:
        """Skip, with what to do."""
        pytest.skip(f"no golden pack in {self.name}: 'l1ml golden make BUILD --out {Path(self.name) / 'NAME.golden'}'")

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where the test comes from, for the terminal."""
        return self.path, None, self.name


class Firmware(pytest.Collector):
    """All tests of one pack or spec."""

    def __init__(self, *, subject: Subject, state: _State, **more: Any) -> None:
        super().__init__(**more)
        self.subject, self.state = subject, state

    def collect(self) -> Iterator[VectorTest]:
        """A test for each family of vectors and each form of firmware."""
        for side in self.subject.sides:
            for family in self.subject.families:
                yield VectorTest.from_parent(self, name=f"{family}-{side}", side=side, family=family)


class FirmwareDiffers(Exception):
    """The firmware does not compute what it did."""


class VectorTest(pytest.Item):
    """One form of firmware with the vectors of one family."""

    parent: Firmware

    def __init__(self, *, side: Side, family: str, **more: Any) -> None:
        super().__init__(**more)
        self.side, self.family = side, family

    def runtest(self) -> None:
        """Compare, and on a mismatch save a waveform."""
        from l1ml.errors import L1mlError
        from l1ml.golden.checking import with_logs

        subject, state = self.parent.subject, self.parent.state
        self._record(project=subject.project, reuse_factor=subject.reuse_factor, family=self.family, form=self.side)
        work = state.shared / self.parent.name
        try:
            verdict = subject.check(self.side, self.family, work)
        except L1mlError as error:
            raise with_logs(error, work, state.waves / "logs" / self.parent.name) from error
        self._record(events=verdict.events, outputs=verdict.outputs, mismatches=verdict.mismatches)
        if verdict.timing is not None:
            self._record(latency=verdict.timing[0], initiation_interval=verdict.timing[1])
        fault, first = verdict.fault(), verdict.first
        if fault is None:
            return
        lines = [fault]
        if first is not None:
            self._record(
                event=first.event, output=first.output, golden=first.golden, found=first.found, layer=first.layer
            )
            if self.side == "rtl":
                file = state.waves / f"{self.parent.name}-{self.family}-event{first.event}.fst"
                try:
                    subject.waveform(first, work, file)
                    lines.append(f"waveform: {file}")
                    self._record(waveform=file)
                except L1mlError as error:  # the mismatch is what counts
                    lines.append(str(error))
        raise FirmwareDiffers("\n".join(lines))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The message alone where it says all."""
        from l1ml.errors import L1mlError

        if isinstance(excinfo.value, FirmwareDiffers | L1mlError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where the test comes from, for the terminal."""
        return self.path, None, f"{self.parent.name} {self.family} {self.side}"

    def _record(self, **properties: object) -> None:
        """Properties for JUnit XML."""
        self.user_properties.extend((f"l1ml_{name}", str(value)) for name, value in properties.items())
