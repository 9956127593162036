"""How long the C++ of a network takes to compile: as hls4ml's script does it, and as ours does.

Ours leaves out two warnings for which g++ follows every constant of the weights, and compiles two files at a time.

python bench/emulator.py                                      # the jet tagger of tests/golden
python bench/emulator.py tests/golden/anomaly_vae_r1.golden

The objects are the same, byte by byte.
"""

from __future__ import annotations

import argparse
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from l1ml.console import console
from l1ml.golden.firmware import write_again
from l1ml.golden.pack import Pack

GOLDEN = Path(__file__).resolve().parents[1] / "tests/golden"


def main() -> None:
    """Print CPU seconds and their ratio; exit code 1 if the objects differ."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pack", nargs="?", type=Path, default=GOLDEN / "jet_tagger_r1.golden", help="golden pack")
    options = parser.parse_args()
    pack, seconds, objects = Pack.load(options.pack), [], []
    with tempfile.TemporaryDirectory() as scratch:
        write_again(pack, Path(scratch))
        project = Path(scratch, "hls")
        script = project / "build_lib.sh"
        quick = script.read_text()
        name = pack.manifest.project
        plain = re.sub(r'\nCFLAGS\+=" -Wno-free.*', "", quick).replace(" &\n", "\n").replace("wait $!\n", "")
        for text in (plain, quick):
            script.write_text(text.replace("rm -f *.o\n", ""))
            before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
            subprocess.run(["bash", script.name], cwd=project, check=True, capture_output=True)
            clock, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
            seconds.append((after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, clock))
            objects.append((project / f"{name}.o").read_bytes())
    for what, before, after in zip(("CPU", "the clock"), *seconds, strict=True):
        console.print(f"{pack.name}: {before:.1f} s of {what}, {after:.1f} s as we compile it: {after / before:.2f}")
    sys.exit(objects[0] != objects[1])


if __name__ == "__main__":
    main()
