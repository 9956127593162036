"""Checks of packs and specs family by family, for processes that share what is compiled. For the pytest plugin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from l1ml.builds.specs import load_spec
from l1ml.errors import L1mlError
from l1ml.folders import locked
from l1ml.golden.checking import Difference, Verdict, check_cpp, check_rtl, check_vitis, simulator_of
from l1ml.golden.firmware import Found, compile_copy, compiled, cpp_again, look_into, write_again
from l1ml.golden.making import freeze
from l1ml.golden.pack import Pack
from l1ml.spec import Spec
from l1ml.verification.simulation import CoreSimulator
from l1ml.verification.vectors import FAMILIES
from l1ml.verification.waveform import BEFORE, save_waveform

Side = Literal["cpp", "rtl"]


class Subject(Protocol):
    """Firmware that can be checked.

    Attributes:
        name: Project and reuse factor.
        project: Name of the core.
        reuse_factor: That of the network.
        sides: The forms of firmware that are there.
        families: The families of vectors.
    """

    @property
    def name(self) -> str: ...
    @property
    def project(self) -> str: ...
    @property
    def reuse_factor(self) -> int: ...
    @property
    def sides(self) -> tuple[Side, ...]: ...
    @property
    def families(self) -> tuple[str, ...]: ...

    def check(self, side: Side, family: str, work: Path) -> Verdict:
        """Check one form with the vectors of one family; ``work`` is a folder that all processes share."""

    def waveform(self, first: Difference, work: Path, file: Path) -> None:
        """Save a waveform of an event with a mismatch, after a few events before it."""


@dataclass(frozen=True)
class PackSubject:
    """Firmware that is held against a pack.

    Attributes:
        pack: The pack.
        found: The firmware; None for what the present code makes of the pack's graph.
    """

    pack: Pack
    found: Found | None = None

    @property
    def name(self) -> str:
        return self.pack.name

    @property
    def project(self) -> str:
        return self.pack.manifest.project

    @property
    def reuse_factor(self) -> int:
        return self.pack.manifest.reuse_factor

    @property
    def families(self) -> tuple[str, ...]:
        return tuple(name for name, count in self.pack.manifest.families.items() if count)

    @property
    def sides(self) -> tuple[Side, ...]:
        if self.found is None:
            return ("cpp", "rtl")
        rtl: tuple[Side, ...] = ("rtl",) if self.found.verilog or self.found.vitis else ()
        return ("cpp", *rtl) if self.found.hls else rtl

    def check(self, side: Side, family: str, work: Path) -> Verdict:
        part = self.pack.of_family(family)
        again = work / "again"
        if side == "cpp":
            _once(work, "cpp", lambda: self._compile_cpp(work))
            emulator = compiled(again / "hls" if self.found is None else work / "hls", part)
            return check_cpp(part, emulator, again, lambda: _locked(work, "layers"))
        if self.found is not None and self.found.vitis is not None:
            with _locked(work, "rtl"):
                return check_vitis(part, self.found.vitis)
        _once(work, "rtl", lambda: self._simulator(work).compile())
        return check_rtl(part, self._simulator(work), again, lambda: _locked(work, "layers"))

    def waveform(self, first: Difference, work: Path, file: Path) -> None:
        events = self.pack.inputs[max(0, first.event - BEFORE) : first.event + 1]
        with _locked(work, "layers"):
            save_waveform(self._simulator(work), events, file)

    def _simulator(self, work: Path) -> CoreSimulator:
        if self.found is None:
            self._write(work)
        verilog = work / "again/verilog" if self.found is None else self.found.verilog
        assert verilog is not None, "only called for Verilog"
        return simulator_of(self.pack, verilog, work / "sim")

    def _compile_cpp(self, work: Path) -> None:
        if self.found is None:
            self._write(work)
            with _locked(work, "layers"):  # where a mismatch of the RTL compiles the same
                cpp_again(self.pack, work / "again")
        elif self.found.hls is not None:
            compile_copy(self.found.hls, self.pack, work / "hls")

    def _write(self, work: Path) -> None:
        _once(work, "written", lambda: write_again(self.pack, work / "again"))


@dataclass(frozen=True)
class SpecSubject:
    """A spec, whose build is brought up to date, and whose RTL is then held against its C++.

    Attributes:
        spec: The spec.
        build: Folder of the build.
    """

    spec: Spec
    build: Path

    @property
    def name(self) -> str:
        return f"{self.project}_r{self.reuse_factor}"

    @property
    def project(self) -> str:
        return self.spec.project

    @property
    def reuse_factor(self) -> int:
        return self.spec.hls.reuse_factor

    @property
    def families(self) -> tuple[str, ...]:
        return FAMILIES

    @property
    def sides(self) -> tuple[Side, ...]:
        return ("rtl",)

    def check(self, side: Side, family: str, work: Path) -> Verdict:
        return self._built(work).check(side, family, work)

    def waveform(self, first: Difference, work: Path, file: Path) -> None:
        self._built(work).waveform(first, work, file)

    def _built(self, work: Path) -> PackSubject:
        """The build as a pack, and its Verilog."""
        file = work / "spec.golden"

        def build() -> None:
            from l1ml.builds import flow

            flow.run(self.spec, self.build, until="verify")
            freeze(self.build, exact=False).save(file)

        _once(work, "built", build)
        return PackSubject(Pack.load(file), Found(verilog=self.build / "rtl/verilog"))


def subjects_of(text: str, builds: Path) -> list[Subject]:
    """What a user names.

    Args:
        text: ``PACK``; ``PACK=FOLDER`` for the firmware in a folder; ``PACKS/`` for all packs of a folder,
            ``PACKS=FOLDER`` for the firmware of each under the pack's name; ``SPEC`` or ``SPEC@REUSE_FACTOR``.
        builds: Where builds of specs go.

    Returns:
        The subjects; of a folder that has no packs yet, an empty list.

    Raises:
        L1mlError: If there is no such thing, or it is damaged.
    """
    name, equals, folder = text.partition("=")
    if name.endswith(".golden"):
        return [_of_pack(Path(name), Path(folder) if folder else None)]
    if equals or name.endswith("/"):
        return [_of_pack(pack, Path(folder) / pack.stem if folder else None) for pack in _packs(Path(name))]
    name, at, factor = text.rpartition("@")
    if at and factor.isdigit():
        spec = load_spec(name, {"hls.reuse_factor": int(factor)})
        return [SpecSubject(spec, (builds / f"{spec.project}_r{factor}").resolve())]
    spec = load_spec(text)
    return [SpecSubject(spec, (builds / spec.project).resolve())]


def _of_pack(pack: Path, firmware: Path | None) -> PackSubject:
    return PackSubject(Pack.load(pack), look_into(firmware) if firmware else None)


def _packs(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise L1mlError(
            f"{folder}: there is no such folder of golden packs; 'l1ml golden make BUILD --out FILE' makes one"
        )
    return sorted(folder.glob("*.golden"))


def _once(work: Path, name: str, make: Callable[[], None]) -> None:
    """Do something in the first of the processes that need it; what goes wrong there is wrong in all."""
    with _locked(work, name):
        done, failed = work / f"{name}.done", work / f"{name}.failed"
        if failed.exists():
            raise L1mlError(failed.read_text())
        if not done.exists():
            try:
                make()
            except L1mlError as error:
                failed.write_text(str(error))
                raise
            done.touch()


@contextmanager
def _locked(work: Path, name: str) -> Iterator[None]:
    """Hold a lock among the processes that share a folder."""
    work.mkdir(parents=True, exist_ok=True)
    with locked(work / f"{name}.lock"):
        yield
