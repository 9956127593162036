"""Freezing a finished build into a golden pack."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from l1ml.errors import L1mlError
from l1ml.folders import unchanged
from l1ml.golden.pack import Layer, Manifest, Pack
from l1ml.verification.emulator import Emulator
from l1ml.verification.finished import FinishedCore
from l1ml.verification.vectors import Vectors
from l1ml.verification.verified import load_verified


def freeze(build: Path, events: int | None = None, *, layers: bool = False, exact: bool = True) -> Pack:
    """Make a pack of a finished build.

    Args:
        build: Folder of the build, as ``l1ml build`` leaves it, or of an hls4ml model that was verified.
        events: How many of the build's vectors to take, the same number of each family as far as it goes; all by
            default.
        layers: Whether to keep the integers within the network too.
        exact: Whether to refuse a build whose RTL and C++ differ; if not, the C++ counts.

    Raises:
        L1mlError: If the build is not finished, not bit-exact, or its C++ no longer gives what was verified.
    """
    with unchanged(build):
        return _freeze(build, events, layers=layers, exact=exact)


def _freeze(build: Path, events: int | None, *, layers: bool, exact: bool) -> Pack:
    core = FinishedCore.found_in(build)
    verdict = core.exact_verdict() if exact else core.verdict()
    if verdict is None:
        raise L1mlError(f"{build} is not verified: run l1ml verify {build}")
    if not core.graph.is_file():
        raise L1mlError(f"{build} holds no graph to make a pack of: hls4ml cannot save that of every model")
    spec, design = _spec(build), core.design
    emulator = Emulator.of_project(core.project, design)
    vectors, verified = _chosen(*load_verified(build), events)
    golden = emulator.run(vectors.inputs)
    if exact and not np.array_equal(golden, verified):
        raise L1mlError(f"the C++ of {build} gives other integers than when it was verified: run l1ml verify again")
    graph = _graph_files(core.graph, spec.get("rtl", {}).get("stage_delay"))
    places = [
        Layer(tensor=tensor, producer=producer, title=module.title)
        for module in design.modules
        for tensor, producer in zip(module.outputs, module.producers, strict=True)
    ]
    manifest = Manifest(
        l1ml=version("l1ml"),
        hls4ml=version("hls4ml"),
        project=design.name,
        reuse_factor=spec.get("hls", {}).get("reuse_factor", max(m.reuse_factor for m in design.modules)),
        spec_sha256=_hash({"spec": json.dumps(spec, sort_keys=True).encode()}),
        weights_sha256=_hash({name: data for name, data in graph.items() if name.endswith(".npy")}),
        inputs=design.inputs,
        outputs=design.outputs,
        latency=verdict["latency_cycles"],
        initiation_interval=verdict["initiation_interval"],
        families=vectors.families,
        layers=tuple(places),
    )
    kept = emulator.trace_integers(vectors.inputs, {p.tensor: p.producer for p in places}) if layers else {}
    return Pack(manifest, vectors.inputs, golden, kept, graph)


def _chosen(vectors: Vectors, outputs: NDArray[np.int64], events: int | None) -> tuple[Vectors, NDArray[np.int64]]:
    """As many of the vectors as asked for, small families whole."""
    inputs, families = vectors.inputs, vectors.families
    if events is None or events >= len(inputs):
        return vectors, outputs
    taken, room = {}, events
    for number, name in enumerate(sorted(families, key=lambda name: families[name])):
        # A share for each, and what small families leave of theirs for larger ones; at least one event of each.
        taken[name] = min(families[name], max(1, room // (len(families) - number)))
        room -= taken[name]
    rows, first = [], 0
    for name, count in families.items():
        rows.append(first + np.linspace(0, count - 1, taken[name]).round().astype(np.int64))
        first += count
    chosen = np.concatenate(rows)
    return Vectors(inputs[chosen], {name: taken[name] for name in families}), outputs[chosen]


def _spec(build: Path) -> dict[str, Any]:
    """What a build was asked for; nothing for a model of hls4ml's own."""
    file = build / "spec.yaml"
    return dict(yaml.safe_load(file.read_text())) if file.is_file() else {}


def _graph_files(saved: Path, stage_delay: float | None) -> dict[str, bytes]:
    """The files of a saved graph, without places and times of the machine that made it."""
    try:
        with tarfile.open(saved) as archive:
            files = {m.name: archive.extractfile(m).read() for m in archive.getmembers() if m.isfile()}  # type: ignore[union-attr]
        config = json.loads(files["config.json"])
        config["config"].update(OutputDir=".", Stamp="golden")
        if stage_delay is not None:
            config["config"]["StageDelay"] = stage_delay
    except (tarfile.TarError, OSError, EOFError, ValueError, KeyError) as error:
        raise L1mlError(f"{saved} is not a saved hls4ml graph: {error}") from None
    return files | {"config.json": json.dumps(config, indent=1).encode()}


def saved_graph(files: Mapping[str, bytes], file: Path) -> None:
    """Write the files of a graph as hls4ml saves them, for ``load_graph``."""
    with tarfile.open(file, "w:gz", compresslevel=1) as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))


def _hash(parts: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name in sorted(parts):
        digest.update(f"{name} {len(parts[name])}\n".encode() + parts[name])
    return digest.hexdigest()
