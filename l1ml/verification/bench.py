"""Running cocotb's benches of ``sim/`` on a compiled simulation."""

from __future__ import annotations

import logging
import os
import shlex
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.errors import L1mlError
from l1ml.folders import write_whole
from l1ml.paths import shared
from l1ml.plain_paths import plain, plain_arguments
from l1ml.verification.process import run_to_end

log = logging.getLogger(__name__)


def cocotb_runner(what: str = "", limit: float | None = None) -> Any:
    """cocotb's runner, for folders of any name; with a limit, what it runs has an end, and a reason if it fails."""
    from cocotb_tools.config import libs_dir
    from cocotb_tools.runner import Verilator

    class Runner(Verilator):
        def _set_env_test(self) -> None:
            super()._set_env_test()
            # cocotb would set up pytest, with every plugin of the user's, to word the asserts of a bench. Ours have
            # none, and it takes longer than most of them run.
            self.env.setdefault("COCOTB_REWRITE_ASSERTION_FILES", "")

        def _execute_cmds(self, cmds: Any, cwd: Any, stdout: Any = None) -> None:
            libraries = str(plain(libs_dir))
            commands = [[a.replace(str(libs_dir), libraries) for a in plain_arguments(command)] for command in cmds]
            if limit is None:
                for command in commands:
                    log.info("%s", shlex.join(map(str, command)))
                super()._execute_cmds(commands, cwd, stdout)
                return
            for command in commands:
                run_to_end(command, what=what, log=Path(stdout.name), limit=limit, folder=Path(cwd), env=self.env)

    runner = Runner()
    runner.log.setLevel(logging.WARNING)  # it would log every command line
    return runner


def _libraries() -> dict[str, str]:
    """Where a simulation finds cocotb's libraries: the `plain` name that it was linked with may be gone by now."""
    from cocotb_tools.config import libs_dir

    known = os.environ.get("LD_LIBRARY_PATH")
    return {"LD_LIBRARY_PATH": os.pathsep.join(filter(None, [str(libs_dir), known]))}


def run_bench(
    bench: str, top: str, binary: Path, job: Path, *, limit: float, kept: Path, seed: int = 1, waves: bool = False
) -> dict[str, NDArray[Any]]:
    """Run a bench and return what it recorded.

    Args:
        bench: Folder and module in ``sim/``, such as ``core/bench_core``.
        top: The module that is simulated.
        binary: Folder in which it has been compiled.
        job: Folder with what the bench reads; it leaves ``results.npz`` there.
        limit: Seconds that it may take.
        kept: Where the log goes if it fails.
        seed: For the bench, and for registers before the reset.
        waves: Whether to record signals, in ``dump.fst`` of the job.

    Raises:
        L1mlError: If the simulation fails, hangs or leaves no results; it names the log.
    """
    folder, _, module = bench.partition("/")
    path, what, log = str(shared("sim") / folder), f"the simulation of {top}", job / "run.log"
    sys.path.insert(0, path)  # cocotb hands sys.path on to the simulator's Python
    try:
        cocotb_runner(what, limit).test(
            test_module=module,
            hdl_toplevel=top,
            hdl_toplevel_lang="verilog",
            build_dir=binary,
            test_dir=job,
            results_xml=str(job / "results.xml"),
            seed=seed,
            waves=waves,
            plusargs=[f"+verilator+seed+{seed}", "+verilator+rand+reset+2"],
            extra_env={"L1ML_JOB": str(job), "COCOTB_LOG_LEVEL": "WARNING", **_libraries()},
            log_file=log,
        )
        if not (job / "results.npz").exists():
            raise L1mlError(f"{what} ended without results; see {log}")
    except (L1mlError, SystemExit) as error:  # the latter by cocotb, if its bench fails
        write_whole(kept, log.read_bytes())
        reason = str(error) if isinstance(error, L1mlError) else f"{what} ended without results; see {log}"
        raise L1mlError(reason.replace(str(log), str(kept))) from error
    finally:
        sys.path.remove(path)
    with np.load(job / "results.npz") as results:
        return dict(results)
