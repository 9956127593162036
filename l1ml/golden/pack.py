"""The file of a golden pack: one line that says how long the rest is and what its checksum is, then a zip archive.

``manifest.json`` holds the record, ``inputs.npy`` and ``outputs.npy`` the integers as they lie on the buses of the core
(uint8, events × bytes, least significant first), ``layers/`` those within the network if they were kept, ``graph/``
hls4ml's graph, of which the firmware can be made again. The same content gives the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from l1ml.compiler.network import Network, Tensor, beats_of
from l1ml.errors import L1mlError
from l1ml.folders import write_whole
from l1ml.verification.packing import bus_bytes, pack, unpack
from l1ml.verification.vectors import Vectors

FORMAT = 1
"""Version of the file format; a pack of another one is refused."""

_TITLE = "l1ml golden pack"
_HEADER = re.compile(rb"l1ml golden pack (?P<format>\d+) (?P<length>\d+) (?P<checksum>[0-9a-f]{64})\n")
_LONGEST_HEADER = 128


class Layer(BaseModel):
    """A place within the network at which values can be compared.

    Attributes:
        tensor: What leaves it.
        producer: Name of the hls4ml layer that gives it.
        title: The layers of the module it belongs to.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    tensor: Tensor
    producer: str
    title: str


class Manifest(BaseModel):
    """The record of a pack.

    Attributes:
        l1ml: Version of l1ml that made the firmware.
        hls4ml: Version of hls4ml that made it.
        project: Name of the core.
        reuse_factor: That of the network, as its spec says.
        spec_sha256: Hash of the spec with all its defaults.
        weights_sha256: Hash of the weights of hls4ml's graph.
        inputs: What comes in.
        outputs: What leaves.
        latency: Measured clock cycles from event to result.
        initiation_interval: Measured clock cycles between two events.
        families: Name and number of events of each family of vectors, in order.
        layers: Places within the network, in the order of the data.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    l1ml: str
    hls4ml: str
    project: str
    reuse_factor: int
    spec_sha256: str
    weights_sha256: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    latency: int
    initiation_interval: int
    families: dict[str, int]
    layers: tuple[Layer, ...]


@dataclass(frozen=True)
class Pack:
    """A golden pack.

    Attributes:
        manifest: Its record.
        inputs: Integers in LSB, shape (events, elements of all inputs in order).
        outputs: Golden integers in LSB, shape (events, elements of all outputs in order).
        layers: Golden integers within the network by the name of their tensor, shape (events, elements); may be empty.
        graph: The files of hls4ml's saved graph by name.
        first_event: Index of the first event; not 0 in a part of a pack.
    """

    manifest: Manifest
    inputs: NDArray[np.int64]
    outputs: NDArray[np.int64]
    layers: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)
    graph: Mapping[str, bytes] = field(default_factory=dict)
    first_event: int = 0

    @property
    def name(self) -> str:
        """Project and reuse factor, which is how one speaks of a pack."""
        return f"{self.manifest.project}_r{self.manifest.reuse_factor}"

    @property
    def vectors(self) -> Vectors:
        """The inputs with their families."""
        return Vectors(self.inputs, self.manifest.families)

    @property
    def network(self) -> Network:
        """The ports of the core, for its emulator."""
        return Network(self.manifest.project, list(self.manifest.inputs), list(self.manifest.outputs), segments=[])

    def of_family(self, name: str) -> Pack:
        """The part of the pack that holds the events of one family."""
        if name not in self.manifest.families:
            raise L1mlError(f"{self.name} has no vectors {name!r}; it has {', '.join(self.manifest.families)}")
        first = 0
        for family, count in self.manifest.families.items():
            if family == name:
                break
            first += count
        rows = slice(first, first + count)
        return replace(
            self,
            manifest=self.manifest.model_copy(update={"families": {name: count}}),
            inputs=self.inputs[rows],
            outputs=self.outputs[rows],
            layers={tensor: values[rows] for tensor, values in self.layers.items()},
            first_event=first,
        )

    def save(self, file: Path) -> None:
        """Write the pack, whole or not at all, and the folder for it.

        Raises:
            L1mlError: If the file cannot be written.
        """
        body = self._archive()
        header = f"{_TITLE} {FORMAT} {len(body)} {hashlib.sha256(body).hexdigest()}\n"
        try:
            write_whole(file, header.encode() + body)
        except OSError as error:
            raise L1mlError(f"{file} cannot be written: {error.strerror or error}") from error

    @classmethod
    def load(cls, file: Path) -> Pack:
        """Read a pack.

        Raises:
            L1mlError: If it is missing, not a pack, truncated, changed, or of another version.
        """
        try:
            content = file.read_bytes()
        except OSError as error:
            raise L1mlError(f"{file} cannot be read: {error.strerror or error}") from None
        body = _checked(file, content)
        try:
            with zipfile.ZipFile(io.BytesIO(body)) as archive:
                return cls._of_files({name: archive.read(name) for name in archive.namelist()})
        except (zipfile.BadZipFile, EOFError, KeyError, ValueError, ValidationError) as error:
            fault = str(error).splitlines()[0]
            raise L1mlError(f"{file} is a damaged golden pack ({fault}); make it again: l1ml golden make") from None

    def _archive(self) -> bytes:
        record = self.manifest
        files = {
            "manifest.json": record.model_dump_json(indent=1).encode(),
            "inputs.npy": _array(pack(self.inputs, record.inputs)),
            "outputs.npy": _array(pack(self.outputs, record.outputs)),
        }
        tensors = {layer.tensor.name: layer.tensor for layer in record.layers}
        files |= {f"layers/{name}.npy": _array(pack(rows, [tensors[name]])) for name, rows in self.layers.items()}
        files |= {f"graph/{name}": self.graph[name] for name in sorted(self.graph)}
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for name, content in files.items():
                entry = zipfile.ZipInfo(name)  # of 1980: the time of making is not part of the content
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, content)
        return stream.getvalue()

    @classmethod
    def _of_files(cls, files: dict[str, bytes]) -> Pack:
        record = Manifest.model_validate_json(files["manifest.json"])
        events = sum(record.families.values())
        tensors = {layer.tensor.name: layer.tensor for layer in record.layers}
        kept = [name for name in tensors if f"layers/{name}.npy" in files]
        if not events:
            raise ValueError("it holds no events")
        return cls(
            manifest=record,
            inputs=_integers(files["inputs.npy"], events, record.inputs),
            outputs=_integers(files["outputs.npy"], events, record.outputs),
            layers={name: _integers(files[f"layers/{name}.npy"], events, (tensors[name],)) for name in kept},
            graph={name.removeprefix("graph/"): data for name, data in files.items() if name.startswith("graph/")},
        )


def _checked(file: Path, content: bytes) -> bytes:
    """What follows the first line, if it is what that line says."""
    header = _HEADER.match(content[:_LONGEST_HEADER])
    if header is None:
        raise L1mlError(f"{file} is no golden pack of l1ml, or its first line was changed; make it: l1ml golden make")
    version, length = int(header["format"]), int(header["length"])
    if version > FORMAT:
        raise L1mlError(f"{file} has pack format {version}, this l1ml reads format {FORMAT}: install a newer l1ml")
    if version < FORMAT:
        raise L1mlError(
            f"{file} has the old pack format {version}, this l1ml reads format {FORMAT}: make it again with "
            "l1ml golden make"
        )
    body = content[header.end() :]
    if len(body) < length:
        raise L1mlError(f"{file} is truncated: {len(body)} of {length} bytes are there; get it again")
    if len(body) > length or hashlib.sha256(body).hexdigest() != header["checksum"].decode():
        raise L1mlError(f"{file} was changed since it was made: its checksum does not fit; get it again")
    return body


def _array(rows: NDArray[np.uint8]) -> bytes:
    stream = io.BytesIO()
    np.save(stream, rows, allow_pickle=False)
    return stream.getvalue()


def _integers(content: bytes, events: int, tensors: tuple[Tensor, ...]) -> NDArray[np.int64]:
    rows = np.load(io.BytesIO(content), allow_pickle=False)
    belongs = (events * beats_of(tensors), bus_bytes(tensors))
    if rows.shape != belongs or rows.dtype != np.uint8:
        raise ValueError(f"integers of shape {rows.shape} where {belongs} belongs")
    return unpack(rows, tensors)
