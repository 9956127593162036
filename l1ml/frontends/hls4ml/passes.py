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
"""

from __future__ import annotations

from typing import Any

from hls4ml.backends import get_backend
from hls4ml.backends.fpga.passes.hgq_proxy_model import ProcessFixedPointQuantizerLayer, generate_mask_fn
from hls4ml.backends.vivado.passes.unrolled_codegen import GenerateUnrolledDenseResource
from hls4ml.model.flow import get_flow
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


OURS = {
    "vivado:process_fixed_point_quantizer_layer": ("process_fixed_point_quantizer_layer", Masks),
    "vivado:generate_unrolled_dense_resource": ("generate_unrolled_dense_resource", UnrolledResource),
}
"""Passes of hls4ml, and what takes their place: name and class."""


def register_passes(backend: Any) -> None:
    """Make our passes known to hls4ml as those of a backend."""
    for name, kind in OURS.values():
        backend.register_pass(name, kind)


def with_ours(flow: str, backend: Any) -> list[str]:
    """The passes of one of hls4ml's flows, ours in the places of those that would refuse the backend."""
    prefix = f"{backend.name.lower()}:"
    return [prefix + OURS[name][0] if name in OURS else name for name in get_flow(flow).optimizers]
