"""The file of a golden pack: whole, unchanged and of this version, or refused in one line."""

from __future__ import annotations

import hashlib
import re
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from l1ml.compiler.network import Tensor
from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.golden.pack import FORMAT, Layer, Manifest, Pack

X, Y, HIDDEN = Tensor("x", 3, FixedType(7, 3)), Tensor("y", 2, FixedType(11, 5)), Tensor("h", 4, FixedType(5, 2, False))

FAMILIES = {"data": 5, "corner": 3, "random": 2}


def made(seed: int = 1, *, layers: bool = True) -> Pack:
    """A pack of a network that does not exist."""
    rng = np.random.default_rng(seed)
    manifest = Manifest(
        l1ml="0.1.0",
        hls4ml="1.3.0",
        project="net",
        reuse_factor=4,
        spec_sha256="0" * 64,
        weights_sha256="1" * 64,
        inputs=(X,),
        outputs=(Y,),
        latency=7,
        initiation_interval=4,
        families=FAMILIES,
        layers=(Layer(tensor=HIDDEN, producer="relu", title="fc (Dense) → relu (relu)"),),
    )
    return Pack(
        manifest,
        rng.integers(-64, 64, (10, 3)),
        rng.integers(-1024, 1024, (10, 2)),
        {"h": rng.integers(0, 32, (10, 4))} if layers else {},
        {"config.json": b"{}", "w_data.npy": bytes(range(100))},
    )


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a pack."""
    file = tmp_path_factory.mktemp("pack") / "net.golden"
    made().save(file)
    return file.read_bytes()


def loaded(content: bytes, folder: Path) -> Pack:
    """Read a pack of these bytes."""
    file = folder / "some.golden"
    file.write_bytes(content)
    return Pack.load(file)


@pytest.mark.parametrize("layers", [True, False])
def test_what_is_saved_is_loaded(layers: bool, tmp_path: Path) -> None:
    pack = made(layers=layers)
    pack.save(tmp_path / "net.golden")
    again = Pack.load(tmp_path / "net.golden")
    assert again.manifest == pack.manifest
    assert again.graph == pack.graph
    assert again.name == "net_r4"
    assert again.layers.keys() == pack.layers.keys()
    for found, expected in ((again.inputs, pack.inputs), (again.outputs, pack.outputs)):
        np.testing.assert_array_equal(found, expected)
    for name, rows in pack.layers.items():
        np.testing.assert_array_equal(again.layers[name], rows)
    assert [file.name for file in tmp_path.iterdir()] == ["net.golden"]


def test_the_same_content_gives_the_same_bytes_and_other_content_others(content: bytes, tmp_path: Path) -> None:
    made().save(tmp_path / "same.golden")
    made(2).save(tmp_path / "other.golden")
    assert (tmp_path / "same.golden").read_bytes() == content
    assert (tmp_path / "other.golden").read_bytes() != content


@given(st.data())
@settings(derandomize=True, deadline=None)
def test_a_pack_with_any_byte_changed_is_refused(content: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(content) - 1))
    changed = bytearray(content)
    changed[place] ^= data.draw(st.integers(1, 255))
    with (
        tempfile.TemporaryDirectory() as folder,
        pytest.raises(L1mlError, match=r"(was changed|truncated|no golden pack|pack format)"),
    ):
        loaded(bytes(changed), Path(folder))


@pytest.mark.parametrize("share", [0.0, 0.01, 0.1, 0.5, 0.99])
def test_a_truncated_pack_is_refused(content: bytes, share: float, tmp_path: Path) -> None:
    with pytest.raises(L1mlError, match=r"some.golden (is truncated: \d+ of \d+ bytes|is no golden pack)"):
        loaded(content[: int(share * len(content))], tmp_path)


def test_a_pack_with_something_behind_it_is_refused(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(L1mlError, match="was changed since it was made"):
        loaded(content + b"\n", tmp_path)


@pytest.mark.parametrize(
    ("version", "message"),
    [(FORMAT + 1, "install a newer l1ml"), (FORMAT - 1, "old pack format 0, .* make it again with l1ml golden make")],
)
def test_a_pack_of_another_version_is_refused(content: bytes, version: int, message: str, tmp_path: Path) -> None:
    other = re.sub(rb"^l1ml golden pack \d+", f"l1ml golden pack {version}".encode(), content)
    with pytest.raises(L1mlError, match=message):
        loaded(other, tmp_path)


def test_a_right_checksum_over_a_wrong_content_does_not_help(tmp_path: Path) -> None:
    for body in (b"", b"no archive"):
        header = f"l1ml golden pack {FORMAT} {len(body)} {hashlib.sha256(body).hexdigest()}\n".encode()
        with pytest.raises(L1mlError, match="is a damaged golden pack"):
            loaded(header + body, tmp_path)


def test_vectors_and_integers_must_be_as_many_as_the_record_says(tmp_path: Path) -> None:
    pack = made()
    for families in ({"data": 9}, {"data": 0}, {}):
        short = Pack(pack.manifest.model_copy(update={"families": families}), pack.inputs, pack.outputs)
        short.save(tmp_path / "short.golden")
        with pytest.raises(L1mlError, match="is a damaged golden pack"):
            Pack.load(tmp_path / "short.golden")


@pytest.mark.parametrize("place", ["missing.golden", "."])
def test_a_file_that_is_not_there_is_an_error(place: str, tmp_path: Path) -> None:
    with pytest.raises(L1mlError, match="cannot be read"):
        Pack.load(tmp_path / place)


def test_the_folder_of_a_pack_is_made(tmp_path: Path) -> None:
    made().save(tmp_path / "a/new/folder.golden")
    assert Pack.load(tmp_path / "a/new/folder.golden").name == "net_r4"


def test_a_pack_that_cannot_be_written_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(L1mlError, match=r"cannot be written: (Not a directory|File exists)"):
        made().save(tmp_path / "file/pack.golden")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_family_is_a_part_of_the_pack() -> None:
    pack, first = made(), 0
    for name, count in FAMILIES.items():
        part = pack.of_family(name)
        assert part.manifest.families == {name: count}
        np.testing.assert_array_equal(part.inputs, pack.inputs[first : first + count])
        np.testing.assert_array_equal(part.outputs, pack.outputs[first : first + count])
        np.testing.assert_array_equal(part.layers["h"], pack.layers["h"][first : first + count])
        first += count
    with pytest.raises(L1mlError, match="net_r4 has no vectors 'soak'; it has data, corner, random"):
        pack.of_family("soak")
