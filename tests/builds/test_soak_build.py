"""``l1ml verify BUILD --events``: a soak of a finished build, which survives kill -9."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from command_line import L1ML, SmallBuild, error_of, l1ml

from l1ml.builds.soak import FOLDER

EVENTS = 6000


def verdict_of(build: Path) -> dict[str, Any]:
    verdict: dict[str, Any] = json.loads((build / FOLDER / "soak.json").read_text())["verdict"]
    return verdict


def test_a_soak_that_is_killed_carries_on_to_the_same_verdict(
    copy_build: Callable[..., Path], small_build: SmallBuild
) -> None:
    build = copy_build(["dataset", "train", "convert", "rtl"])
    whole = l1ml("verify", small_build.spec, "--out", build, "--events", str(EVENTS))
    assert whole.returncode == 0, whole.stdout + whole.stderr
    assert whole.stdout.count("up to date") == 4
    expected = verdict_of(build)
    families = expected["families"]
    assert (expected["events"], expected["mismatches"]) == (EVENTS, 0)
    assert families["data"] == 2500 and sum(families.values()) == EVENTS
    assert f"bit-exact: {EVENTS:,} events × 5 outputs, 0 mismatches" in whole.stdout

    chunks = build / FOLDER / "chunks"
    for file in chunks.iterdir():
        file.unlink()
    (build / FOLDER / "soak.json").unlink()
    killed = subprocess.Popen([L1ML, "verify", build, "--events", str(EVENTS)], stdout=subprocess.DEVNULL)
    while not any(chunks.glob("rtl-*.json")):
        assert killed.poll() is None
        time.sleep(0.001)
    killed.send_signal(signal.SIGKILL)
    killed.wait()

    again = l1ml("verify", build, "--events", str(EVENTS))
    assert again.returncode == 0, again.stdout + again.stderr
    assert verdict_of(build) == expected
    assert json.loads((build / FOLDER / "soak.json").read_text())["measured"]["reused_events"] > 0


def test_a_mismatch_in_a_soak_ends_with_exit_code_1_event_output_integers_and_layer(
    copy_build: Callable[..., Path],
) -> None:
    build = copy_build(["dataset", "train", "convert", "rtl"])
    top = build / "rtl/verilog/small_tagger.sv"
    text = top.read_text()
    (line,) = (line for line in text.splitlines() if "assign out_data" in line)
    value = line.partition("= ")[2].rstrip(";")
    top.write_text(text.replace(line, f"    assign out_data = {value} ^ $bits(out_data)'(in_data[1:0] == 2'd2);"))
    message = error_of(l1ml("verify", build, "--events", "300"))
    assert message.startswith("RTL and C++ differ in ")
    assert "output 0: C++ " in message and "first difference in no segment" in message
    assert verdict_of(build)["mismatches"] > 0


def test_a_build_is_verified_as_a_spec_is(copy_build: Callable[..., Path], small_build: SmallBuild) -> None:
    done = l1ml("verify", copy_build())
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("up to date") == 5 and "bit-exact: 400 events" in done.stdout


def test_what_cannot_be_soaked_is_an_error(copy_build: Callable[..., Path], small_build: SmallBuild) -> None:
    build = copy_build(["dataset", "train"])
    assert "has no finished stage convert; finish it with l1ml build" in error_of(
        l1ml("verify", build, "--events", "100")
    )
    assert "--set and --out do not change" in error_of(l1ml("verify", build, "--events", "9", "--out", build))
    assert "give --events, too" in error_of(l1ml("verify", small_build.spec, "--seed", "3"))
    assert "there is no spec" in error_of(l1ml("verify", build.parent / "elsewhere", "--events", "5"))
