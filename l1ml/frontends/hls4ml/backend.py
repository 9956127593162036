"""The hls4ml backend "Verilog": everything hls4ml's Vitis backend does, and RTL beside it.

It is found by hls4ml through the entry point group ``hls4ml.backends``. The HLS C++ project, its
emulator and ``predict`` are hls4ml's own, unchanged: they are what the RTL is held against.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from hls4ml.backends import VitisBackend, VivadoBackend
from hls4ml.model.flow import get_flow, register_flow
from hls4ml.model.optimizer import ModelOptimizerPass
from hls4ml.writer.vitis_writer import VitisWriter
from hls4ml.writer.vivado_writer import config_filename

from l1ml.compiler.design import Design
from l1ml.compiler.options import EmitOptions
from l1ml.fixed import FixedType
from l1ml.folders import LOCK, locked
from l1ml.frontends.hls4ml.checks import check_model, check_stage_delay
from l1ml.frontends.hls4ml.handles import check_handle
from l1ml.frontends.hls4ml.passes import register_passes, with_ours
from l1ml.frontends.hls4ml.powers_of_two import MendPowersOfTwo
from l1ml.frontends.hls4ml.strategies import ChooseStrategies
from l1ml.reference.trial import try_out
from l1ml.templates import render

RTL_FOLDER = "verilog"
"""Folder within hls4ml's output directory that holds the RTL."""

QUICK = """# To warn of memory that is freed wrongly, g++ follows every constant of the weights, for most of its time.
CFLAGS+=" -Wno-free-nonheap-object -Wno-mismatched-new-delete"
"""
"""Lines of the script that compiles the C++; they leave the code as it is."""


def rtl_folder(model: Any) -> Path:
    """Where the Verilog of an hls4ml model is written."""
    return Path(model.config.get_output_dir()) / RTL_FOLDER


def settle_folder(model: Any) -> None:
    """Make the folder of a model absolute: who simulates it later may be in another folder than who converted it."""
    model.config.config["OutputDir"] = str(rtl_folder(model).parent.absolute())


class VerilogWriter(VitisWriter):
    """Writes the HLS C++ project as the Vitis backend does, then the Verilog."""

    def write_hls(self, model: Any) -> None:
        """Write both forms of a model, when nobody else is writing to its folder, compiling or reading there.

        The C++ is written so that it can tell the output of every layer when asked to (hls4ml's tracing, outside
        synthesis only): this is how a mismatch between RTL and C++ finds its layer.
        """
        model.config.trace_output = True
        for layer in model.get_layers():
            layer.set_attr("trace", True)
        folder = Path(model.config.get_output_dir())
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder / LOCK):
            super().write_hls(model)
            if model.config.get_config_value("WriteRTL", True):
                from l1ml.frontends.hls4ml.writing import write_rtl  # not before hls4ml, which loads this module

                write_rtl(model, folder, rtl_folder(model))

    def write_build_script(self, model: Any) -> None:
        """Write the scripts; the one that compiles the C++ does without the warnings for which g++ looks longest."""
        super().write_build_script(model)
        script = Path(model.config.get_output_dir()) / "build_lib.sh"
        text = script.read_text().replace("\nLDFLAGS=", f"\n{QUICK}\nLDFLAGS=", 1)
        # The folder becomes a string of C++.
        text = text.replace("&& pwd)", """&& pwd | sed 's/["\\\\]/\\\\&/g')""", 1)
        # Both files at a time.
        text = text.replace("-o ${PROJECT}.o\n", "-o ${PROJECT}.o &\n", 1)
        text = text.replace("-o ${PROJECT}_bridge.o\n", "-o ${PROJECT}_bridge.o\nwait $!\n", 1)
        # The library is there whole or not at all.
        library, new = "firmware/${PROJECT}-${LIB_STAMP}.so", "firmware/.${PROJECT}-${LIB_STAMP}.new"
        script.write_text(text.replace(f"-o {library}\n", f"-o {new}\nmv -f {new} {library}\n", 1))

    def write_bridge(self, model: Any) -> None:
        """Write the functions by which Python calls the C++: hls4ml's, and behind them one on integers."""
        super().write_bridge(model)
        inputs, outputs = model.get_input_variables(), model.get_output_variables()
        config = model.config
        integers = all(hasattr(v.type.precision, "width") and "float" not in str(v.type) for v in (*inputs, *outputs))
        if not integers or config.get_config_value("IOType") != "io_parallel":
            return
        weights = [v.name for v in model.get_weight_variables() if v.storage.lower() == "bram"]
        text = render(
            "cpp/integers.cpp.j2",
            name=config.get_project_name(),
            namespace=config.get_writer_config().get("Namespace"),
            inputs=inputs,
            outputs=outputs,
            arguments=", ".join([*(f"{v.name}_ap" for v in (*inputs, *outputs)), *weights]),
        )
        with (Path(config.get_output_dir()) / f"{config.get_project_name()}_bridge.cpp").open("a") as bridge:
            bridge.write(text)

    def write_yml(self, model: Any) -> None:
        """Write hls4ml's configuration. A graph that came from a file has no model in it, and needs no Keras for it."""
        config = model.config.config
        if {"KerasModel", "OnnxModel", "PytorchModel"} & config.keys():
            super().write_yml(model)
        else:
            (Path(model.config.get_output_dir()) / config_filename).write_text(yaml.dump(config))


class VerilogBackend(VitisBackend):
    """hls4ml backend that emits synthesizable SystemVerilog without a vendor tool."""

    def __init__(self) -> None:
        super(VivadoBackend, self).__init__(name="Verilog")
        self._register_layer_attributes()
        self._register_flows()

    def _register_flows(self) -> None:
        # The flows that the Vitis backend runs, with the choice of strategies before and our writing after them.
        self.register_pass("check_model", ModelOptimizerPass("check_model", check_model))
        self.register_pass("settle_folder", ModelOptimizerPass("settle_folder", settle_folder))
        self.register_pass("choose_strategies", ChooseStrategies)
        self.register_pass("mend_powers_of_two", MendPowersOfTwo)
        passes = ["check_model", "settle_folder", "mend_powers_of_two", "choose_strategies"]
        passes = [f"verilog:{name}" for name in passes]
        strategy_flow = register_flow("strategies", passes, backend=self.name)
        # Again, as passes in between make new weights.
        mend_flow = register_flow("powers_of_two", ["verilog:mend_powers_of_two"], backend=self.name)
        template_flow = register_flow(
            "apply_templates", self._get_layer_templates, requires=["vivado:init_layers"], backend=self.name
        )
        requirements = get_flow("vitis:ip").requires.copy()
        requirements.insert(requirements.index("vitis:apply_templates"), template_flow)
        requirements.insert(requirements.index("vitis:validation"), strategy_flow)
        register_passes(self)
        ours = {f"vivado:{name}": self._with_ours(name) for name in ("optimize", "specific_types")}
        requirements.insert(requirements.index("vivado:specific_types"), mend_flow)
        requirements = [ours.get(name, name) for name in requirements]
        self._default_flow = register_flow("ip", None, requires=requirements, backend=self.name)
        self._writer_flow = register_flow(
            "write", ["make_stamp", "verilog:write_hls"], requires=["verilog:ip"], backend=self.name
        )

    def _with_ours(self, name: str) -> str:
        """A flow of the Vivado backend with our passes, by the same name; hls4ml's users add passes of theirs to it."""
        passes = with_ours(f"vivado:{name}", self)
        return register_flow(name, passes, requires=["vivado:init_layers"], backend=self.name)

    def create_initial_config(
        self, *args: Any, stage_delay: float = EmitOptions.stage_delay, write_rtl: bool = True, **kwargs: Any
    ) -> Any:
        """Configuration of the Vitis backend and, on top of it, of the RTL.

        Args:
            stage_delay: Longest logic between two pipeline registers, in adders one after the other.
            write_rtl: Whether writing the project writes the Verilog too.
            args: As for hls4ml's Vitis backend.
            kwargs: As for hls4ml's Vitis backend.

        Raises:
            L1mlError: If ``stage_delay`` is no number above 0.
        """
        config = super().create_initial_config(*args, **kwargs)
        config["StageDelay"] = check_stage_delay(stage_delay)
        config["WriteRTL"] = write_rtl
        return config

    def compile(self, model: Any) -> str:
        """Compile the C++ of a model, when nobody else is compiling or writing in its folder. Returns the library.

        Raises:
            L1mlError: If another conversion wrote over it, or it stops the process that calls it.
        """
        with locked(Path(model.config.get_output_dir()) / LOCK):
            check_handle(model)
            library = str(super().compile(model))
        inputs = [(FixedType.from_hls4ml(v.type.precision), int(v.size())) for v in model.get_input_variables()]
        outputs = sum(int(v.size()) for v in model.get_output_variables())
        try_out(library, model.config.get_project_name(), inputs, outputs)
        return library

    def build(self, model: Any, **kwargs: Any) -> dict[str, Any]:
        """Check the Verilog with Verilator's lint and estimate its resources with Yosys.

        Args:
            model: hls4ml ``ModelGraph`` of this backend; its project is written if it has not been.
            kwargs: Ignored; those of the Vitis backend concern a tool that is not used.

        Returns:
            A report in the form of hls4ml's Vitis backend, under ``VerilogReport``.

        Raises:
            L1mlError: If the Verilog does not pass.
        """
        from l1ml.estimation.synthesis import estimate, hls4ml_report, lint

        folder = rtl_folder(model)
        if not folder.is_dir():
            model.write()
        lint(folder)
        return {"VerilogReport": hls4ml_report(Design.load(folder), estimate(folder))}
