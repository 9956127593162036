"""One Keras for TensorFlow, QKeras, tfmot and hls4ml.

QKeras and tfmot need Keras 2, which lives on as ``tf_keras``; hls4ml picks its parser by the version of the
module named ``keras`` when it is first imported. This is done only in the stages that train and convert, never
behind the back of a user who brings a model of another Keras.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from l1ml.errors import L1mlError
from l1ml.extras import how_to_get


def set_up_keras() -> None:
    """Make ``tf_keras`` the Keras of this process. To be called before TensorFlow or hls4ml is imported.

    Raises:
        L1mlError: If the training packages are missing, or another Keras is in use already.
    """
    current = sys.modules.get("keras")
    if current is not None and current.__name__ == "tf_keras":
        return
    if "tensorflow" in sys.modules and os.environ.get("TF_USE_LEGACY_KERAS") != "1":
        raise L1mlError("TensorFlow is loaded with Keras 3 in this process; run l1ml from a fresh one")
    if "hls4ml.converters" in sys.modules and current is not None:
        raise L1mlError("hls4ml is loaded with another Keras in this process; run l1ml from a fresh one")
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # The same sums, in the same order, on every machine, however many cores it has.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "2")
    warnings.filterwarnings("ignore", message=".*keras.constraints.serialize.*")
    warnings.filterwarnings("ignore", message=".*saving your model as an HDF5 file.*")
    try:
        with _quiet_stderr():
            import tensorflow
            import tf_keras
    except ImportError:
        raise L1mlError(f"training needs more packages; install them: {how_to_get('tf_keras')}") from None
    tensorflow.get_logger().setLevel("ERROR")
    sys.modules["keras"] = tf_keras


@contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Drop what TensorFlow's C++ writes to standard error while it looks for a GPU."""
    sys.stderr.flush()
    kept = os.dup(2)
    with Path(os.devnull).open("wb") as sink:
        os.dup2(sink.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
