"""Keras layers of l1ml's own: trigger blocks that hls4ml does not have, each in the folder of its family.

Importing this module loads TensorFlow, so import it where it is needed. Each layer computes in real numbers; what the
firmware computes is defined in the module ``arithmetic`` beside it.
"""

from __future__ import annotations

from typing import Any

from l1ml.keras_setup import set_up_keras

set_up_keras()  # before tf_keras and hls4ml are imported

from l1ml.layers.hls4ml import register_readers  # noqa: E402
from l1ml.layers.registry import families  # noqa: E402

register_readers()  # whoever has such a layer can have hls4ml convert it


def custom_objects() -> dict[str, type]:
    """The layers by name, for ``load_model`` of Keras and ``load_qmodel`` of QKeras."""
    own = [family for family in families() if family.own]
    return {name: getattr(family.part("keras_layer"), name) for family in own for name in family.classes}


def __getattr__(name: str) -> Any:
    """One of the layers."""
    if (layer := custom_objects().get(name)) is not None:
        return layer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
