"""The Python interface: build a project or scan one, simulate or verify a model of any hls4ml user."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from l1ml.errors import L1mlError
from l1ml.summaries import Summary, in_words, shapes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from l1ml.builds.scan import Scan
    from l1ml.verification.compare import Verification
    from l1ml.verification.deviation import Deviation
    from l1ml.verification.emulator import Emulator
    from l1ml.verification.vitis import ProjectCpp

    Arrays: TypeAlias = NDArray[np.floating] | Sequence[NDArray[np.floating]]


@dataclass(frozen=True, repr=False)
class SimulationResult(Summary):
    """What the Verilog gives for some events.

    Attributes:
        outputs: Real outputs as ``hls_model.predict`` gives them: shape (events, elements), of one event (elements,);
            a list of arrays for several outputs.
        latency: Measured clock cycles from event to result.
        initiation_interval: Measured clock cycles between events.
    """

    outputs: NDArray[np.float64] | list[NDArray[np.float64]]
    latency: int
    initiation_interval: int

    def summary(self) -> list[str]:
        """Shapes and timing."""
        return [f"outputs {shapes(self.outputs)}; latency {self.latency}, II {self.initiation_interval}"]


@dataclass(frozen=True, repr=False)
class BuildResult(Summary):
    """A finished build.

    Attributes:
        report: The content of report.json.
        folder: Folder of the results; ``report/report.html``, ``rtl/verilog`` and ``convert/hls`` lie in it.
    """

    report: dict[str, Any]
    folder: Path

    @property
    def good(self) -> bool:
        """Whether RTL and C++ are equal."""
        return bool(self.report["verification"]["mismatches"] == 0)

    def summary(self) -> list[str]:
        """Verdict, timing and resources, and where the report is."""
        found, timing, used = (self.report[part] for part in ("verification", "rtl", "resources"))
        compared = in_words(found["events"], found["outputs"], found["mismatches"])
        cells = ", ".join(f"{used[key]:,} {key.upper()}" for key in ("lut", "ff", "dsp", "bram"))
        return [
            f"{self.report['project']}, reuse factor {self.report['reuse_factor']}: {compared}",
            f"latency {timing['latency_cycles']}, II {timing['initiation_interval']}; {cells} ({used['tool']})",
            f"report: {self.folder / 'report/report.html'}",
        ]


def build(spec: str | Path, overrides: dict[str, Any] | None = None, out: Path | None = None) -> BuildResult:
    """Make a trigger from a spec: data, training, conversion, Verilog, verification, report.

    Args:
        spec: A name in ``hls_projects/`` or the path of a spec.
        overrides: Changes to the spec by dotted key, such as ``{"hls.reuse_factor": 8}``.
        out: Folder of the results, ``build/<project>`` by default.

    Raises:
        L1mlError: If the spec is wrong, a stage fails, or RTL and C++ differ.
    """
    from l1ml.builds.specs import load_spec
    from l1ml.extras import named_extras

    with named_extras():
        from l1ml.builds import flow

        loaded = load_spec(spec, overrides)
        done = flow.run(loaded, Path(out) if out else Path("build") / loaded.project)
    report = json.loads((done.folder("report") / "report.json").read_text())
    require_verified(report)
    return BuildResult(report, done.root)


def scan(
    spec: str | Path,
    key: str,
    values: Iterable[Any],
    overrides: dict[str, Any] | None = None,
    out: Path | None = None,
    until: str = "report",
) -> Scan:
    """Make a trigger once for each value of a key. What the key does not touch is done once.

    Args:
        spec: A name in ``hls_projects/`` or the path of a spec.
        key: Dotted key of the spec, such as ``hls.reuse_factor``.
        values: What it is set to.
        overrides: Other changes to the spec by dotted key.
        out: Folder of the scan, ``build/<project>-scan-<last part of the key>`` by default.
        until: Last stage of each build: ``rtl``, ``verify`` or ``report``.

    Returns:
        A ``l1ml.builds.scan.Scan`` with ``points`` and ``folder``. Each point has its ``value``, the ``report`` of its
        build, its ``mismatches``, and instead of a report an ``error`` where a stage failed.

    Raises:
        L1mlError: If the spec takes none of the values, or the folder cannot be used.
    """
    from l1ml.extras import named_extras

    with named_extras():
        from l1ml.builds.scan import run_scan

        return run_scan(spec, key, values, overrides, out, until)


def require_verified(report: dict[str, Any]) -> None:
    """Check the verdict in a report.

    Raises:
        L1mlError: If RTL and C++ differ.
    """
    verification = report["verification"]
    if verification["mismatches"]:
        from l1ml.verification.compare import Mismatch

        first = Mismatch(**verification["first_mismatch"])
        raise L1mlError(f"RTL and C++ differ in {verification['mismatches']} outputs; {first}")


def simulate(hls_model: Any, x: Arrays, *, time_limit: float | None = None) -> SimulationResult:
    """Run the Verilog of an hls4ml model in Verilator.

    Real numbers are doubles here as in ``predict``; `verify` also compares what is beyond their 53 significant bits.

    Args:
        hls_model: Model converted with ``backend="Verilog"``.
        x: Inputs as for ``hls_model.predict``: real numbers, shape (events, ...).
        time_limit: Seconds after which the simulation is taken to hang; some that grow with the events by default.

    Raises:
        L1mlError: If the model is of another backend, its Verilog is missing or written over, a tool is missing, or the
            simulation crashes or hangs.
    """
    from l1ml.compiler.network import real_values
    from l1ml.frontends.hls4ml.backend import rtl_folder
    from l1ml.frontends.hls4ml.handles import check_handle
    from l1ml.verification.emulator import quantize_inputs
    from l1ml.verification.simulation import CoreSimulator

    check_handle(hls_model)
    simulator = CoreSimulator(rtl_folder(hls_model), time_limit=time_limit)
    result = simulator.run(quantize_inputs(x, simulator.design))
    check_handle(hls_model)  # still
    outputs = real_values(result.integers, simulator.design.outputs)
    if len(result.integers) == 1:  # as hls4ml does
        outputs = [values[0] for values in outputs]
    return SimulationResult(
        outputs=outputs[0] if len(outputs) == 1 else outputs,
        latency=result.latency,
        initiation_interval=result.initiation_interval,
    )


def verify(
    hls_model: Any,
    x: Arrays | None = None,
    *,
    events: int = 10_000,
    seed: int = 1,
    reference: Any = None,
    rtl: str | Path | None = None,
    time_limit: float | None = None,
) -> Verification:
    """Compare the Verilog of an hls4ml model with its C++, integer by integer.

    The verdict is kept beside the Verilog, in ``verify/`` of hls4ml's folder, for ``l1ml firmware`` and other commands.

    Args:
        hls_model: Model converted with ``backend="Verilog"`` and compiled; with ``rtl``, also ``"Vitis"``. Or the
            folder of an hls4ml project, whose own C++ is compiled, and held against RTL that Vitis HLS made of it.
        x: Inputs as for ``hls_model.predict``; without them, corner values and random ones are used.
        events: Number of events if ``x`` is not given.
        seed: For the random events.
        reference: The model that was converted: a Keras model, a PyTorch module, another function, or outputs for
            ``x``. The result then tells how far the C++ is from it, and why.
        rtl: Folder with Verilog or VHDL that Vitis HLS made of this model's project, to be compared instead. Of a
            project, that which lies in its own folder by default.
        time_limit: Seconds after which the simulation is taken to hang; some that grow with the events by default.

    Returns:
        A ``l1ml.verification.compare.Verification`` with ``events``, ``mismatches`` and ``first_mismatch``, and with
        ``reference``, whose text is a summary, if there is one to compare with.

    Raises:
        L1mlError: If the model is of another backend or not compiled, a tool is missing, or the simulation crashes or
            hangs.
    """
    from l1ml.frontends.hls4ml.backend import rtl_folder
    from l1ml.frontends.hls4ml.handles import check_handle
    from l1ml.frontends.hls4ml.saving import save_graph
    from l1ml.verification.compare import compare, load
    from l1ml.verification.emulator import Emulator, quantize_inputs
    from l1ml.verification.finished import FinishedCore
    from l1ml.verification.vectors import Vectors, make_vectors

    if isinstance(hls_model, str | Path) or rtl is not None:
        from l1ml.verification.vitis import verify_vitis

        golden = _cpp_of(hls_model)
        ports = golden.design
        inputs = make_vectors(ports, events, seed=seed).inputs if x is None else quantize_inputs(x, ports)
        checked = verify_vitis(Path(rtl or hls_model), golden, inputs, limit=time_limit)
    else:
        check_handle(hls_model)
        project = Path(hls_model.config.get_output_dir())
        core = FinishedCore(project, rtl_folder(hls_model), project, project / "verify/graph.fml")
        content = core.content()
        simulator, golden = load(rtl_folder(hls_model), project, time_limit)
        design = simulator.design
        vectors = make_vectors(design, events, seed=seed) if x is None else Vectors.of_data(quantize_inputs(x, design))
        inputs = vectors.inputs
        checked = compare(simulator, golden, inputs)
        check_handle(hls_model)  # still
        core.keep(checked, vectors, content, lambda file: save_graph(hls_model, file))
    if reference is None:
        return checked
    if not isinstance(golden, Emulator):
        raise L1mlError("reference= goes with an hls4ml model, not with the folder of a project")
    return replace(checked, reference=_deviation(hls_model, golden, inputs, x, reference))


def _cpp_of(hls_model: Any) -> Emulator | ProjectCpp:
    """The C++ of a compiled model, or of an hls4ml project, which is compiled."""
    if isinstance(hls_model, str | Path):
        from l1ml.verification.vitis import ProjectCpp

        return ProjectCpp(Path(hls_model))
    from l1ml.frontends.hls4ml.network import network_of
    from l1ml.verification.emulator import Emulator

    return Emulator.of_project(Path(hls_model.config.get_output_dir()), network_of(hls_model))


def _deviation(
    hls_model: Any, emulator: Emulator, inputs: NDArray[np.int64], x: Arrays | None, reference: Any
) -> Deviation:
    """How far the C++ is from a model, on events as they were given or, without, as the core gets them."""
    from l1ml.compiler.network import real_values
    from l1ml.frontends.hls4ml.network import network_of
    from l1ml.frontends.hls4ml.reference import known_deviations, reference_outputs
    from l1ml.verification.deviation import deviation_of

    network = network_of(hls_model)
    if x is None:
        shapes = [tuple(variable.shape) for variable in hls_model.get_input_variables()]
        values = real_values(inputs, network.inputs)
        x = [array.reshape(-1, *shape) for array, shape in zip(values, shapes, strict=True)]
    wanted = reference_outputs(reference, x)
    return deviation_of(network, emulator, inputs, emulator.run(inputs), wanted, known_deviations(reference))
