"""A core that has been written, with its C++ and the verdict on both: in the folder of a build, or in one of hls4ml."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from l1ml.compiler.design import FILE_NAME, Design
from l1ml.errors import L1mlError
from l1ml.folders import LOCK, digest_of, in_place, locked, model_digest, write_whole
from l1ml.verification.compare import Verification, compare, load
from l1ml.verification.vectors import Vectors, make_vectors

VERDICT, VECTORS = "verification.json", "vectors.npz"
"""Files of a verdict, in the folder ``verify``: what came out, and the events with the answers of the RTL."""


@dataclass(frozen=True)
class FinishedCore:
    """Verilog with the C++ that it is held against.

    Attributes:
        root: Folder of the build, or hls4ml's output folder.
        verilog: Folder of the Verilog.
        project: Folder of hls4ml's C++ project.
        graph: hls4ml's graph, if it has been saved.
    """

    root: Path
    verilog: Path
    project: Path
    graph: Path

    @classmethod
    def found_in(cls, root: Path) -> FinishedCore:
        """Look into a folder.

        Args:
            root: Folder of a build (``l1ml build``), or the ``output_dir`` of an hls4ml model of backend Verilog.

        Raises:
            L1mlError: If it is neither.
        """
        for verilog, project, graph in (("rtl/verilog", "convert/hls", "convert"), ("verilog", ".", "verify")):
            if (root / verilog / FILE_NAME).is_file() and (root / project / "firmware").is_dir():
                return cls(root, root / verilog, root / project, root / graph / "graph.fml")
        raise L1mlError(
            f"{root} has no Verilog with its C++: give the folder of a build (l1ml build), or the output_dir of an "
            "hls4ml model of backend Verilog that has been written"
        )

    @property
    def design(self) -> Design:
        """The core."""
        return Design.load(self.verilog)

    def verdict(self) -> dict[str, Any] | None:
        """What came out when RTL and C++ were compared; None if they were not, as they are now.

        Raises:
            L1mlError: If the record is damaged.
        """
        file = self.root / "verify" / VERDICT
        if not file.is_file():
            return None
        try:
            found: dict[str, Any] = json.loads(file.read_text())
            for key in ("mismatches", "events", "outputs", "latency_cycles", "initiation_interval"):
                int(found[key])
        except (OSError, ValueError, KeyError, TypeError):
            raise L1mlError(f"{file} is damaged: verify again (l1ml verify)") from None
        return found if found.get("of", self.content()) == self.content() else None

    def exact_verdict(self) -> dict[str, Any]:
        """The verdict on a core that is bit-exact.

        Raises:
            L1mlError: If it is not, or nobody knows.
        """
        found = self.verdict()
        if found is None:
            raise L1mlError(f"{self.root} is not verified, or was changed since: run l1ml verify {self.root}")
        if found["mismatches"]:
            raise L1mlError(f"RTL and C++ of {self.root} differ in {found['mismatches']} outputs")
        return found

    def content(self) -> dict[str, str]:
        """SHA-256 of the Verilog and of the C++ with its weights."""
        try:
            verilog = digest_of(self.verilog / name for name in self.design.files)
            return {"verilog": verilog, "cpp": model_digest(self.project)}
        except FileNotFoundError as error:
            raise L1mlError(f"{error.filename} is missing, or is being written: convert the model again") from None

    def verify(self, events: int, seed: int, time_limit: float | None = None) -> Verification:
        """Compare RTL and C++ on corner values and random events, and keep the verdict.

        Args:
            events: How many.
            seed: For the random ones.
            time_limit: Seconds after which the simulation is taken to hang; some that grow with the events by default.

        Raises:
            L1mlError: If the C++ is not compiled, a tool is missing, or the simulation crashes or hangs.
        """
        content = self.content()
        simulator, emulator = load(self.verilog, self.project, time_limit)
        vectors = make_vectors(simulator.design, events, seed=seed)
        checked = compare(simulator, emulator, vectors.inputs)
        graph = self.graph.read_bytes() if self.graph.is_file() else None
        self.keep(checked, vectors, content, lambda file: None if graph is None else write_whole(file, graph))
        return checked

    def keep(
        self, checked: Verification, vectors: Vectors, content: dict[str, str], save_graph: Callable[[Path], None]
    ) -> None:
        """Put a verdict beside the Verilog, unless there is one of more events on the same files.

        Args:
            checked: What came out.
            vectors: What was sent.
            content: What the ``content`` was before.
            save_graph: Writes hls4ml's graph to a file.

        Raises:
            L1mlError: If the files were changed meanwhile: the verdict is on none of them.
        """
        target = self.root / "verify"
        with locked(self.root / LOCK):
            if self.content() != content:
                raise L1mlError(f"the files of {self.root} were changed while they were verified: verify again")
            known = self._last_verdict()
            if known and not known["mismatches"] and not checked.mismatches and known["events"] > checked.events:
                return
            with in_place(target, title="verdict") as folder:
                self.record(folder, checked, vectors)
                with suppress(L1mlError):  # then no pack can be made of it
                    save_graph(folder / "graph.fml")

    def _last_verdict(self) -> dict[str, Any] | None:
        with suppress(L1mlError):
            return self.verdict()
        return None

    def record(self, folder: Path, checked: Verification, vectors: Vectors) -> None:
        """Write a verdict.

        Args:
            folder: For its files.
            checked: What came out.
            vectors: What was sent.
        """
        np.savez_compressed(folder / VECTORS, inputs=vectors.inputs, outputs=checked.simulation.integers)
        record = checked.as_dict() | {"families": vectors.families, "of": self.content()}
        (folder / VERDICT).write_text(json.dumps(record, indent=2))
