"""Where the elements of layers come from that put them into another order, as hls4ml's C++ has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.compiler.network import Place
from l1ml.errors import L1mlError
from l1ml.layers.parameters import input_type, output_type

_Indices = NDArray[np.int64]
"""Elements of the inputs, counted over all of them; ``_ZERO`` where there is none."""

_ZERO = -1


def places_of(layer: Any) -> list[Place]:
    """Where each element of a layer's output comes from.

    Raises:
        L1mlError: If hls4ml has no C++ for the layer as it is set up.
    """
    inputs = [layer.get_input_variable(name) for name in layer.inputs]
    ends = np.cumsum([variable.size() for variable in inputs])
    first = [0, *ends[:-1]]
    indices = [
        np.arange(start, end).reshape(tuple(int(n) for n in variable.shape))
        for start, end, variable in zip(first, ends, inputs, strict=True)
    ]
    kind = next(kind.__name__ for kind in type(layer).__mro__ if kind.__name__ in _INDICES)
    found = _INDICES[kind](layer, *indices).ravel()
    owners = np.searchsorted(ends, found, side="right")
    return [
        None if index == _ZERO else (int(owner), int(index - first[owner]))
        for index, owner in zip(found, owners, strict=True)
    ]


def _reshape(layer: Any, data: _Indices) -> _Indices:
    """The same elements: the C++ has no code for it."""
    return data


def _transpose(layer: Any, data: _Indices) -> _Indices:
    """``nnet_transpose.h``."""
    return data.transpose([int(axis) for axis in layer.get_attr("perm")])


def _concatenate(layer: Any, first: _Indices, second: _Indices) -> _Indices:
    """``concatenate1d`` to ``concatenate3d`` of ``nnet_merge.h``, which count axes from the batch on."""
    rank, axis = first.ndim, int(layer.get_attr("axis"))
    along = axis - 1 if axis > 0 else axis + rank
    if layer.get_attr("op").lower() != f"concatenate{rank}d" or not (rank == 1 or -rank < along < rank):
        raise L1mlError(f"layer {layer.name!r}: {layer.get_attr('op')} along axis {axis} has no C++ in hls4ml")
    if rank == 1 or along <= 0:  # one behind the other
        return np.concatenate([first.ravel(), second.ravel()])
    if np.delete(first.shape, along).tolist() != np.delete(second.shape, along).tolist():
        raise L1mlError(
            f"layer {layer.name!r}: tensors of the shapes {first.shape} and {second.shape} do not fit together along "
            f"the {('first', 'second', 'third')[along]} axis; if hls4ml reads a PyTorch model of several inputs so, "
            "configure it with channels_last_conversion='internal'"
        )
    return np.concatenate([first, second], axis=along)


def _resize(layer: Any, data: _Indices) -> _Indices:
    """``resize_nearest`` of ``nnet_image.h``, with its ratios in units of 2**-16."""
    if (algorithm := layer.get_attr("algorithm")) != "nearest":
        raise L1mlError(f"layer {layer.name!r}: hls4ml has no C++ for {algorithm} resizing; use nearest")
    _require_one_type(layer)
    sizes = [(int(layer.get_attr(f"in_{side}")), int(layer.get_attr(f"out_{side}"))) for side in ("height", "width")]
    rows, columns = ([i * ((old << 16) // new + 1) >> 16 for i in range(new)] for old, new in sizes)
    image = data.reshape(sizes[0][0], sizes[1][0], -1)
    return image[np.ix_(rows, columns)]


def _pad(layer: Any, data: _Indices) -> _Indices:
    """``nnet_padding.h``."""
    _require_one_type(layer)
    return np.pad(data, _margins(layer, "pad", data.ndim), constant_values=_ZERO)


def _crop(layer: Any, data: _Indices) -> _Indices:
    """``nnet_cropping.h``."""
    _require_one_type(layer)
    margins = zip(_margins(layer, "crop", data.ndim), data.shape, strict=True)
    return data[tuple(slice(before, size - after) for (before, after), size in margins)]


def _margins(layer: Any, what: str, rank: int) -> list[tuple[int, int]]:
    """Positions before and after the data along each axis, channels first or last."""
    sides = [("left", "right")] if rank == 2 else [("top", "bottom"), ("left", "right")]
    found = [(int(layer.get_attr(f"{what}_{low}")), int(layer.get_attr(f"{what}_{high}"))) for low, high in sides]
    return [(0, 0), *found] if layer.get_attr("data_format") == "channels_first" else [*found, (0, 0)]


def _require_one_type(layer: Any) -> None:
    """See that the output has the type of the input, without which the C++ does not compile.

    Raises:
        L1mlError: If not.
    """
    source, target = input_type(layer), output_type(layer)
    if source != target:
        raise L1mlError(
            f"layer {layer.name!r}: hls4ml's C++ of {layer.class_name} gives the type of its input, {source}; "
            f"give it that as its result precision in place of {target}"
        )


_INDICES: dict[str, Callable[..., _Indices]] = {
    "Reshape": _reshape,
    "Transpose": _transpose,
    "Concatenate": _concatenate,
    "Resize": _resize,
    "ZeroPadding1D": _pad,
    "ZeroPadding2D": _pad,
    "Cropping1D": _crop,
    "Cropping2D": _crop,
}
"""By class of hls4ml's graph."""
