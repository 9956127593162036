"""The golden model: hls4ml's compiled C++, called with integers."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Mapping, Sequence
from itertools import takewhile
from math import prod
from pathlib import Path
from threading import RLock

import numpy as np
from numpy.typing import NDArray

from l1ml.compiler.design import Design
from l1ml.compiler.network import Network, Tensor
from l1ml.errors import L1mlError
from l1ml.fixed import INT64_BITS
from l1ml.folders import project_stamp

_DOUBLE_P = ctypes.POINTER(ctypes.c_double)
_INT64_P = ctypes.POINTER(ctypes.c_int64)

EXACT = 2**53
"""Integers up to here are exact in doubles, in which layers are traced and C++ is called that hls4ml alone wrote."""


_LOCKS: dict[str, RLock] = {}
"""Of each library: it has static variables, such as tables and what tracing keeps: one thread at a time."""


class _TraceData(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("data", ctypes.c_void_p)]


class Emulator:
    """hls4ml's C++ emulator of one network, loaded from its shared library."""

    def __init__(self, library: Path, design: Network | Design) -> None:
        """Load the emulator.

        Args:
            library: Shared library that ``hls_model.compile()`` made.
            design: What it belongs to, for its name and the types of inputs and outputs.

        Raises:
            L1mlError: If the library cannot be loaded or is of another project.
        """
        self.design, self.library = design, library
        self._alone = _LOCKS.setdefault(str(library.resolve()), RLock())
        try:
            self._library = ctypes.CDLL(str(library))
            self._top = getattr(self._library, f"{design.name}_double")
        except (OSError, AttributeError) as error:
            raise L1mlError(f"{library} is not the compiled C++ of {design.name}: {error}") from None
        self._top.restype = None
        # Projects that others wrote, or an older l1ml, have no such function.
        self._integers = getattr(self._library, f"{design.name}_integers", None)

    @classmethod
    def of_project(cls, project: Path, design: Network | Design) -> Emulator:
        """The emulator that hls4ml compiled last in a project folder.

        Raises:
            L1mlError: If there is none.
        """
        names = f"{design.name}-{project_stamp(project) or '*'}.so"  # what was written before has another stamp
        libraries = sorted((project / "firmware").glob(names), key=lambda p: p.stat().st_mtime)
        if not libraries:
            raise L1mlError(f"{project} holds no compiled C++: call hls_model.compile() or run l1ml convert")
        return cls(libraries[-1], design)

    def run(self, inputs: NDArray[np.int64]) -> NDArray[np.int64]:
        """Outputs of the C++.

        Args:
            inputs: Integers in LSB, shape (events, elements of all inputs in order).

        Returns:
            Integers in LSB, shape (events, elements of all outputs in order).

        Raises:
            L1mlError: If a value has more significant bits than what the C++ is called with: 62, or the 53 of a double
                in a project that has no function on integers.
        """
        with self._alone:
            if self._integers is not None:
                return self._run_integers(inputs)
            arguments, outputs = self._buffers(inputs)
            for event in range(len(inputs)):
                self._top(*(_row(a, event) for a in arguments), *(_row(o, event) for o in outputs))
        pairs = zip(outputs, self.design.outputs, strict=True)
        return np.concatenate([_integers(values, tensor) for values, tensor in pairs], axis=1)

    def _run_integers(self, inputs: NDArray[np.int64]) -> NDArray[np.int64]:
        """Outputs by the function that takes and gives integers, all events in one call."""
        assert self._integers is not None
        self._integers.restype = ctypes.c_longlong
        self._integers.argtypes = [_INT64_P, _INT64_P, ctypes.c_longlong]
        given = np.ascontiguousarray(inputs, dtype=np.int64)
        outputs = np.zeros((len(given), sum(t.size for t in self.design.outputs)), dtype=np.int64)
        done = self._integers(given.ctypes.data_as(_INT64_P), outputs.ctypes.data_as(_INT64_P), len(given))
        beyond = np.argwhere((outputs >= 1 << INT64_BITS) | (outputs < -1 << INT64_BITS))
        if done < len(given) or len(beyond):
            event = min([done, *beyond[:1, 0].tolist()])
            raise L1mlError(f"the C++ of {self.design.name} gives more than {INT64_BITS} bits in event {event}")
        return outputs

    def layer_sizes(self) -> dict[str, int]:
        """Number of elements of each layer that tracing knows, by name.

        Raises:
            L1mlError: If the source of the C++ is not beside its library, or was written without tracing.
        """
        if not (found := self._sizes()):
            raise L1mlError(f"{self._source} does not tell the sizes of the layers; write it again with tracing")
        return found

    @property
    def _source(self) -> Path:
        return self.library.parent / f"{self.design.name}.cpp"

    def _sizes(self) -> dict[str, int]:
        text = self._source.read_text() if self._source.exists() else ""
        found = re.findall(r'nnet::save_layer_output<\w+>\(\w+, "(\w+)", ([\d*]+)\);', text)
        return {name: prod(map(int, size.split("*"))) for name, size in found}

    def trace(self, inputs: NDArray[np.int64], sizes: dict[str, int]) -> dict[str, NDArray[np.float64]]:
        """Outputs of layers within the network, by hls4ml's tracing.

        Args:
            inputs: As for ``run``.
            sizes: The layers by name, with the number of their elements.

        Returns:
            Real outputs by layer name, each of shape (events, elements).

        Raises:
            L1mlError: If the project was written without tracing.
        """
        with self._alone:
            return self._trace(inputs, sizes)

    def _trace(self, inputs: NDArray[np.int64], sizes: dict[str, int]) -> dict[str, NDArray[np.float64]]:
        rows: dict[str, list[NDArray[np.float64]]] = {name: [] for name in sizes}
        slots = (_TraceData * 1024)()
        self._library.allocate_trace_storage.argtypes = [ctypes.c_size_t]
        self._library.allocate_trace_storage(ctypes.sizeof(ctypes.c_double))
        try:
            for event in range(len(inputs)):
                self.run(inputs[event : event + 1])
                self._library.collect_trace_output(slots)
                found = {slot.name.decode(): slot.data for slot in takewhile(lambda slot: slot.name, slots)}
                for name, size in sizes.items():
                    if name not in found:
                        raise L1mlError(f"the C++ of {self.design.name} does not trace layer {name!r}; write it again")
                    data = ctypes.cast(found[name], _DOUBLE_P)
                    rows[name].append(np.ctypeslib.as_array(data, shape=(size,)).copy())
        finally:
            self._library.free_trace_storage()
        return {name: np.array(values) for name, values in rows.items()}

    def trace_integers(
        self, inputs: NDArray[np.int64], producers: Mapping[Tensor, str]
    ) -> dict[str, NDArray[np.int64]]:
        """Outputs of layers within the network as integers; those beyond ``EXACT`` are what a double holds of them.

        Args:
            inputs: As for ``run``.
            producers: Name of the hls4ml layer that gives each tensor.

        Returns:
            Integers in LSB by name of the tensor, each of shape (events, elements); without those of which the C++
            tells but a part, as of a layer within a loop over steps of time.

        Raises:
            L1mlError: If the project was written without tracing.
        """
        sizes = self._sizes()
        producers = {t: producer for t, producer in producers.items() if sizes.get(producer, t.size) == t.size}
        layers = self.trace(inputs, {producer: tensor.size for tensor, producer in producers.items()})
        return {
            tensor.name: np.rint(np.ldexp(layers[producer], tensor.type.fraction)).astype(np.int64)
            for tensor, producer in producers.items()
        }

    def _buffers(self, inputs: NDArray[np.int64]) -> tuple[list[NDArray[np.float64]], list[NDArray[np.float64]]]:
        arguments, position = [], 0
        for tensor in self.design.inputs:
            block = inputs[:, position : position + tensor.size]
            _check_exact(block, tensor)
            arguments.append(np.ascontiguousarray(tensor.type.to_float(block)))
            position += tensor.size
        return arguments, [np.zeros((len(inputs), t.size)) for t in self.design.outputs]


def quantize_inputs(
    x: NDArray[np.floating] | Sequence[NDArray[np.floating]], design: Network | Design
) -> NDArray[np.int64]:
    """Cast real inputs to the types of a design's ports, as the C++ does.

    Args:
        x: One array of shape (events, ...) for each input of the network.
        design: The design.

    Returns:
        Integers in LSB, shape (events, elements of all inputs in order).

    Raises:
        L1mlError: If the number of elements does not fit, a value is not finite, or an index is none of a table's.
    """
    arrays = [x] if isinstance(x, np.ndarray) else list(x)
    if len(arrays) != len(design.inputs):
        raise L1mlError(f"{design.name} has {len(design.inputs)} inputs, got {len(arrays)} arrays")
    columns = []
    for array, tensor in zip(arrays, design.inputs, strict=True):
        if array.size % tensor.size or array.size == 0:
            raise L1mlError(f"input {tensor.name} takes {tensor.size} values an event; got an array of {array.shape}")
        try:
            columns.append(tensor.type.quantize(array.reshape(-1, tensor.size)))
        except ValueError as error:
            raise L1mlError(f"input {tensor.name}: {error}") from None
        _check_reach(columns[-1], tensor)
    return np.concatenate(columns, axis=1)


def _row(array: NDArray[np.float64], event: int) -> ctypes._Pointer[ctypes.c_double]:
    return array[event].ctypes.data_as(_DOUBLE_P)


def _integers(values: NDArray[np.float64], tensor: Tensor) -> NDArray[np.int64]:
    scaled = np.ldexp(values, tensor.type.fraction)
    integers = np.rint(scaled).astype(np.int64)
    _check_exact(integers, tensor)
    if not np.array_equal(integers, scaled):
        raise L1mlError(f"the C++ gives values off the grid of {tensor.name} ({tensor.type})")
    return integers


def _check_reach(integers: NDArray[np.int64], tensor: Tensor) -> None:
    low, high = tensor.limits
    beyond = np.argwhere((integers < low) | (integers > high))
    if len(beyond):
        event, element = beyond[0]
        raise L1mlError(
            f"input {tensor.name}: {integers[event, element]} in event {event} is no index of a table that it goes to; "
            f"give {low} to {high}"
        )


def _check_exact(integers: NDArray[np.int64], tensor: Tensor) -> None:
    """See that no integer of a wide type is beyond what a double holds."""
    if tensor.type.width <= 53:
        return
    beyond = np.argwhere((integers > EXACT) | (integers < -EXACT))
    if len(beyond):
        raise L1mlError(
            f"{tensor.name} ({tensor.type}) has more than 53 significant bits in event {beyond[0][0]}, and hls4ml's "
            "C++ hands on doubles: verify it with a type of at most 53 bits"
        )
