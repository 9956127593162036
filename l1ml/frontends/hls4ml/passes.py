"""Passes of hls4ml that compare the name of the backend, made to know this one.

hls4ml 1.3.0 compares names in the places below; what needs no name is taken from the Vitis backend as it is.

| where | what | here |
| --- | --- | --- |
| ``fpga/passes/hgq_proxy_model.py`` | C++ of casts element by element, refused for unknown names | ``Masks`` |
| ``vivado/passes/unrolled_codegen.py`` | pragmas of ``resource_unrolled``, refused likewise | ``UnrolledResource`` |
| ``vivado/passes/distributed_arithmetic.py`` | C++ of da4ml, refused likewise | ``ChooseStrategies`` asks for none |
| ``vivado/passes/broadcast_stream.py`` | ``Vivado`` only, streams only | as for Vitis |
| ``model/layers.py``, ``Conv2DBatchnorm`` | weights transposed for ``Resource``, not for Vitis | as for Vitis |
| ``cli/__init__.py`` | command line ``hls4ml build`` | not offered: ``l1ml`` has one |

One pass that goes wrong on any backend is put right for graphs of this one: ``ChannelsFirst``.
"""

from __future__ import annotations

from typing import Any

from hls4ml.backends import get_backend
from hls4ml.backends.fpga.passes.hgq_proxy_model import ProcessFixedPointQuantizerLayer, generate_mask_fn
from hls4ml.backends.vivado.passes.unrolled_codegen import GenerateUnrolledDenseResource
from hls4ml.model.flow import get_flow
from hls4ml.model.optimizer.optimizer import optimizer_map
from hls4ml.model.optimizer.passes.transpose_opt import RemoveSingleChannelTranspose
from hls4ml.model.types import Source


class Masks(ProcessFixedPointQuantizerLayer):
    """C++ of a ``FixedPointQuantizer``: a cast of its own for each element, by ``ap_fixed``, as for Vitis."""

    def transform(self, model: Any, node: Any) -> None:
        """Give a layer the C++ of its function."""
        shape = node.get_input_variable().shape
        code = generate_mask_fn(node.name, shape, *node.mask_kbi, node.RND, node.SAT, "Vitis")
        node.set_attr("mask_fn_codegen", Source(code))


class UnrolledResource(GenerateUnrolledDenseResource):
    """C++ of a layer with the strategy ``resource_unrolled``, with the pragmas of Vitis."""

    def _add_backend_specific_pragmas_to_generated_code(self, code: str, backend: Any) -> str:
        return super()._add_backend_specific_pragmas_to_generated_code(code, get_backend("Vitis"))


class ChannelsFirst(RemoveSingleChannelTranspose):
    """Removal of a transpose behind an input of one channel, where that is right.

    hls4ml 1.3.0 takes each of them for one that puts the channels last, changes the shape of the input accordingly, and
    does so for all layers that read it: others then get elements in a wrong order, or none.
    """

    def match(self, node: Any) -> bool:
        """Whether a node is to be removed."""
        if not super().match(node) or node.model.config.backend.name != "Verilog":
            return bool(super().match(node))
        axes, source = [int(axis) for axis in node.get_attr("perm")], node.inputs[0]
        readers = [other for other in node.model.graph.values() if source in other.inputs]
        return axes == [*range(1, len(axes)), 0] and readers == [node] and source not in node.model.outputs


OURS = {
    "vivado:process_fixed_point_quantizer_layer": ("process_fixed_point_quantizer_layer", Masks),
    "vivado:generate_unrolled_dense_resource": ("generate_unrolled_dense_resource", UnrolledResource),
}
"""Passes of hls4ml, and what takes their place: name and class."""


def register_passes(backend: Any) -> None:
    """Make our passes known to hls4ml as those of a backend."""
    for name, kind in OURS.values():
        backend.register_pass(name, kind)
    optimizer_map["remove_single_channel_transpose"] = ChannelsFirst()


def with_ours(flow: str, backend: Any) -> list[str]:
    """The passes of one of hls4ml's flows, ours in the places of those that would refuse the backend."""
    prefix = f"{backend.name.lower()}:"
    return [prefix + OURS[name][0] if name in OURS else name for name in get_flow(flow).optimizers]
