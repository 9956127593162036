"""A plugin for pytest: hls4ml's tests run on the backend "Verilog", and every model that they compile is verified.

`bench/conformance.py` calls it. After each test, the Verilog of each model that the test compiled is compared with the
C++ on the test's own events, corner values and random ones, and `simulate` with `predict`. A line of JSON for each test
goes into the file that the environment names as CONFORMANCE_LOG.
"""

from __future__ import annotations

import json
import os
import re
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

if os.environ.get("CONFORMANCE_KERAS") == "2":
    from l1ml.keras_setup import set_up_keras

    set_up_keras()
import hls4ml
import hls4ml.converters
from hls4ml.model.graph import ModelGraph

import l1ml
from l1ml.compiler.network import real_values
from l1ml.errors import L1mlError
from l1ml.frontends.hls4ml.network import network_of
from l1ml.verification.vectors import make_vectors

EVENTS = 200
"""Events of the test, and as many of ours."""

OTHERS = ("quartus", "oneapi", "catapult", "libero", "accelerator")
"""Backends of other vendors, whose cases are left out."""

LEFT_OUT = ("test_backend_config.py", "test_pointwiseconv2d")
"""Tests of options of the C++, whose defaults they look up by the name of the backend; and of a convolution with 784
positions side by side, 25,088 outputs of 32 bits, which waits for streams as the others do."""

CONVERTERS = ("convert_from_keras_model", "convert_from_pytorch_model", "convert_from_onnx_model")

_models: dict[int, tuple[Any, list[Any]]] = {}
"""Models that the running test compiled, each with the inputs of its first prediction."""


def _watch() -> None:
    """Note what is compiled and predicted; convert for our backend where a test names none."""
    compiled, predicted = ModelGraph.compile, ModelGraph.predict

    def compile_(self: Any, *args: Any, **kwargs: Any) -> Any:
        done = compiled(self, *args, **kwargs)
        _models.setdefault(id(self), (self, []))
        return done

    def predict(self: Any, x: Any, *args: Any, **kwargs: Any) -> Any:
        _, seen = _models.setdefault(id(self), (self, []))
        if not seen:
            seen += [np.array(v) for v in (x if isinstance(x, list | tuple) else [x])]
        return predicted(self, x, *args, **kwargs)

    ModelGraph.compile, ModelGraph.predict = compile_, predict
    for name in CONVERTERS:
        setattr(hls4ml.converters, name, _for_us(getattr(hls4ml.converters, name)))


def _for_us(convert: Any) -> Any:
    def converter(*args: Any, **kwargs: Any) -> Any:
        if len(args) < 8 and kwargs.get("backend") is None:
            kwargs["backend"] = "Verilog"
        return convert(*args, **kwargs)

    return converter


_watch()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out streams, other vendors, and cases that are one now that two backends have become one."""
    kept: dict[Any, pytest.Item] = {}
    for item in items:
        if any(name in item.nodeid for name in LEFT_OUT):
            continue
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        words = [str(value).lower() for value in parameters.values()]
        if any("io_stream" in word or any(other in word for other in OTHERS) for word in words):
            continue
        same = (item.location[0], getattr(item, "originalname", item.name), re.sub(r"0x\w+", "", repr(parameters)))
        kept.setdefault(same, item)
    items[:] = kept.values()


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Note a file that cannot be collected: what it imports is absent, or the fault is ours."""
    if report.failed:
        _note({"case": report.nodeid, "test": _last_line(report.longreprtext), "models": []})


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note a case whose fixtures fail: it never runs."""
    if report.when == "setup" and not report.passed:
        why = str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else _last_line(report.longreprtext)
        _note({"case": report.nodeid, "test": why, "models": []})


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Run a test, then compare its models."""
    _models.clear()
    np.random.seed(1)  # noqa: NPY002 - the tests draw from it
    outcome: Any = yield
    error = outcome.excinfo
    record: dict[str, Any] = {"case": item.nodeid, "test": "passed"}
    if error is not None:
        record["test"] = f"{error[0].__name__}: {error[1]}"[:1500]
        record["refused"] = issubclass(error[0], L1mlError)
        frames = traceback.extract_tb(error[2])
        record["reached"] = issubclass(error[0], AssertionError) or any(_in_packages(f.filename) for f in frames)
    record["models"] = [_compare(model, seen) for model, seen in _models.values() if _ours(model)]
    _note(record)


def _note(record: dict[str, Any]) -> None:
    with Path(os.environ["CONFORMANCE_LOG"]).open("a") as file:
        file.write(json.dumps(record) + "\n")


def _last_line(text: str) -> str:
    return next((line[2:].strip() for line in reversed(text.splitlines()) if line.startswith("E ")), text[-500:])


def _in_packages(file: str) -> bool:
    """Whether a file is hls4ml's or ours; what fails without them fails on any backend."""
    return any(Path(file).is_relative_to(Path(str(package.__file__)).parent) for package in (hls4ml, l1ml))


def _ours(model: Any) -> bool:
    return str(model.config.get_config_value("Backend")) == "Verilog"


def _compare(model: Any, seen: list[Any]) -> dict[str, Any]:
    try:
        network = network_of(model)
        drawn = real_values(make_vectors(network, EVENTS).inputs, network.inputs)
        shapes = [tuple(variable.shape) for variable in model.get_input_variables()]
        x = [values.reshape(-1, *shape) for values, shape in zip(drawn, shapes, strict=True)]
        own = [
            np.asarray(v, dtype=np.float64).reshape(-1, *shape)[:EVENTS] for v, shape in zip(seen, shapes, strict=False)
        ]
        x = [np.concatenate(pair) for pair in zip(own, x, strict=True)] if own else x
        checked = l1ml.verify(model, x)
        few = [np.ascontiguousarray(values[:20]) for values in x]
        wanted = model.predict(few if len(few) > 1 else few[0])
        found = l1ml.simulate(model, few).outputs
        pairs = zip(*(v if isinstance(v, list) else [v] for v in (found, wanted)), strict=True)
        same = all(np.shape(a) == np.shape(b) and np.array_equal(a, b) for a, b in pairs)
        return {"events": checked.events, "mismatches": checked.mismatches, "simulate": same}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"[:1500], "where": traceback.format_exc()[-1500:]}
