"""One Keras for TensorFlow, QKeras and hls4ml, or an error that says why not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from command_line import L1ML


def says(code: str) -> str:
    # Other tests of this process may have set Keras up already, which their environment hands on.
    clean = {name: value for name, value in os.environ.items() if name != "TF_USE_LEGACY_KERAS"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=clean)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.strip()


ATTEMPT = """
from l1ml.errors import L1mlError
from l1ml.keras_setup import set_up_keras
try:
    set_up_keras()
except L1mlError as error:
    print(error)
"""


def test_set_up_makes_keras_2_the_keras_of_hls4ml_without_a_word_on_stderr() -> None:
    code = ATTEMPT + "import keras, tensorflow; print(keras.__name__, keras.__version__.split('.')[0])"
    assert says(code) == "tf_keras 2"


def test_a_process_that_uses_tensorflow_with_keras_3_is_told_to_start_a_fresh_one() -> None:
    code = "import sys, types; sys.modules['tensorflow'] = types.ModuleType('tensorflow')\n" + ATTEMPT
    assert says(code) == "TensorFlow is loaded with Keras 3 in this process; run l1ml from a fresh one"


def test_a_process_where_hls4ml_has_met_another_keras_is_told_to_start_a_fresh_one() -> None:
    code = """
import sys, types
sys.modules["keras"] = types.ModuleType("keras")
sys.modules["hls4ml.converters"] = types.ModuleType("hls4ml.converters")
"""
    assert says(code + ATTEMPT) == "hls4ml is loaded with another Keras in this process; run l1ml from a fresh one"


def test_a_missing_tensorflow_is_told_how_to_install_it() -> None:
    code = """
import importlib.abc, sys
class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, *rest):
        if name == "tensorflow":
            raise ImportError(name)
sys.meta_path.insert(0, Missing())
"""
    assert says(code + ATTEMPT) == "training needs more packages; install them: pip install 'l1ml[train]'"


def test_sums_are_shared_among_as_many_threads_on_every_machine() -> None:
    code = "import os; print(os.environ['TF_ENABLE_ONEDNN_OPTS'], os.environ['TF_NUM_INTRAOP_THREADS'])"
    assert says(ATTEMPT + code) == "0 2"


@pytest.mark.slow
def test_training_gives_the_same_weights_on_one_core_as_on_all(tmp_path: Path) -> None:
    one = {min(os.sched_getaffinity(0))}
    for name, limit in {"all": None, "one": lambda: os.sched_setaffinity(0, one)}.items():
        command = [L1ML, "train", "jet_tagger", "--set", "training.epochs=1", "--out", tmp_path / name]
        subprocess.run(command, check=True, preexec_fn=limit, capture_output=True)
    first, second = (np.load(tmp_path / name / "train/weights.npz") for name in ("all", "one"))
    assert set(first.files) == set(second.files)
    for name in first.files:
        np.testing.assert_array_equal(first[name], second[name])
