"""The loader of the public jet set: each layout, and each way in which a file can be bad."""

from __future__ import annotations

import csv
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import sklearn.datasets

from l1ml.errors import L1mlError
from l1ml.triggers.jet_tagger import public as public_jets
from l1ml.triggers.jet_tagger.data import CLASSES, FEATURES

N = 10


def _table() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return rng.normal(size=(N, len(FEATURES))).astype(np.float32), np.arange(N) % len(CLASSES)


def _lines(x: np.ndarray, y: np.ndarray) -> list[str]:
    return [",".join([*map(repr, row), CLASSES[label]]) for row, label in zip(x.tolist(), y.tolist(), strict=True)]


def _arff(lines: list[str], names: tuple[str, ...] = FEATURES) -> str:
    header = ["% a comment", "@RELATION hls4ml_lhc_jets_hlf", ""]
    header += [f"@ATTRIBUTE {name} REAL" for name in names]
    return "\n".join([*header, "@ATTRIBUTE class {g, q, t, w, z}", "", "@DATA", *lines]) + "\n"


def _csv(lines: list[str], names: tuple[str, ...] = FEATURES) -> str:
    return "\n".join([",".join([*names, "class"]), *lines]) + "\n"


def _folder(path: Path, *, order: tuple[str, ...] = ("g", "q", "t", "w", "z")) -> Path:
    """The files of hls4ml's tutorial, whose label encoder sorts the letters and keeps them as objects."""
    x, y = _table()
    onehot = np.eye(len(order))[[order.index(CLASSES[label]) for label in y]]
    path.mkdir()
    for part, rows in (("train_val", slice(0, 7)), ("test", slice(7, N))):
        np.save(path / f"X_{part}.npy", x[rows])
        np.save(path / f"y_{part}.npy", onehot[rows])
    np.save(path / "classes.npy", np.array(order, dtype=object))
    return path


def _assert_is_table(path: Path) -> None:
    x, y = _table()
    data = public_jets.load(path)
    np.testing.assert_allclose(data.features, x, rtol=1e-6)
    assert data.labels.tolist() == y.tolist()


@pytest.mark.parametrize("block", [3, 50_000])
@pytest.mark.parametrize(("name", "text"), [("jets.arff", _arff), ("jets.csv", _csv)])
def test_reads_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text, block: int) -> None:
    monkeypatch.setattr(public_jets, "_BLOCK_LINES", block)
    (tmp_path / name).write_text(text(_lines(*_table())))
    _assert_is_table(tmp_path / name)


def test_reads_csv_with_other_order_quotes_extra_column_and_line_ends(tmp_path: Path) -> None:
    x, y = _table()
    with (tmp_path / "jets.csv").open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(["id", "Class", *(f'"{name.upper()}"' for name in FEATURES[::-1])])
        for i, row in enumerate(x.tolist()):
            writer.writerow([i, f"'{CLASSES[y[i]]}'", *row[::-1]])
    text = (tmp_path / "jets.csv").read_text(encoding="utf-8").replace('"""', '"')
    (tmp_path / "jets.csv").write_text(text + "\n\n", encoding="utf-8", newline="")
    _assert_is_table(tmp_path / "jets.csv")


def test_reads_arff_with_quoted_names_and_other_order(tmp_path: Path) -> None:
    x, y = _table()
    names = tuple(f"'{name}'" for name in FEATURES[::-1])
    (tmp_path / "jets.arff").write_text(_arff(_lines(x[:, ::-1], y), names).lower())
    _assert_is_table(tmp_path / "jets.arff")


@pytest.mark.parametrize("order", [("g", "q", "t", "w", "z"), CLASSES])
def test_reads_tutorial_folder(tmp_path: Path, order: tuple[str, ...]) -> None:
    _assert_is_table(_folder(tmp_path / "npy", order=order))


def test_reads_tutorial_folder_with_plain_text_classes(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "npy")
    np.save(folder / "classes.npy", np.array(["g", "q", "t", "w", "z"]))
    _assert_is_table(folder)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda row: row.replace(row.split(",")[3], "nan"), r":5: column 'c1_b2_mmdt' is 'nan'"),
        (lambda row: row.replace(row.split(",")[0], "?"), r":5: column 'zlogz' is '\?'"),
        (lambda row: row.replace(row.split(",")[15], "1e39"), r":5: column 'multiplicity' is '1e39'"),
        (lambda row: row.replace(row.split(",")[1], ""), r":5: column 'c1_b0_mmdt' is ''"),
        (lambda row: row[:-1] + "h", r":5: column 'class' is 'h'; the classes are g, q, w, z, t"),
        (lambda row: row[: len(row) // 2], r":5: \d+ values for 17 columns"),
        (lambda row: row + ",g", r":5: 18 values for 17 columns"),
        (lambda row: "gibberish", r":5: 1 values for 17 columns"),
    ],
)
def test_bad_row(tmp_path: Path, damage, message: str) -> None:
    lines = _lines(*_table())
    lines[3] = damage(lines[3])
    path = tmp_path / "jets.csv"
    path.write_text(_csv(lines))
    with pytest.raises(L1mlError, match=message) as caught:
        public_jets.load(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "", ":1: no header line"),
        ("a.csv", _csv([]), "no jets"),
        ("a.csv", _csv([], FEATURES[1:]), ":1: no column 'zlogz'"),
        ("a.csv", _csv([], (*FEATURES, FEATURES[2])), f":1: there are two columns '{FEATURES[2]}'; drop one"),
        ("a.csv", ",".join(FEATURES) + "\n", ":1: no column 'class'"),
        ("a.arff", "", "without @data"),
        ("a.arff", _arff([]), "no jets"),
        ("a.arff", _arff([])[:-8], "without @data"),
        ("a.arff", _arff([], FEATURES[:-1]), ":21: no column 'multiplicity'"),
        ("a.arff", "@attribute zlogz\n@data\n", ":1: not an attribute"),
        ("a.root", "", "type '.root' is not known"),
    ],
)
def test_bad_file(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(L1mlError, match=message):
        public_jets.load(tmp_path / name)


def test_missing_and_binary_file(tmp_path: Path) -> None:
    with pytest.raises(L1mlError, match="no such file or folder"):
        public_jets.load(tmp_path / "none.csv")
    (tmp_path / "a.csv").write_bytes(b"\x80\x81\xff" * 100)
    with pytest.raises(L1mlError, match="not a text file"):
        public_jets.load(tmp_path / "a.csv")


class _Evil:
    def __reduce__(self) -> tuple:
        return (exec, ("raise SystemExit('code in a data file ran')",))


@pytest.mark.parametrize(
    ("file", "array", "message"),
    [
        ("X_test.npy", np.ones((3, 15)), r"X_test.npy: shape \(3, 15\)"),
        ("X_test.npy", np.full((3, 16), np.inf), "row 0, column 'zlogz' is inf"),
        ("X_test.npy", np.full((3, 16), "a"), "holds <U1"),
        ("y_test.npy", np.zeros((3, 5)), "row 0 is not one-hot"),
        ("y_test.npy", np.eye(5)[:2], r"shape \(2, 5\)"),
        ("classes.npy", np.array(["g", "q", "t", "w", "h"]), "the classes are"),
        ("classes.npy", np.array([_Evil()], dtype=object), "refused to unpickle builtins.exec"),
        ("X_train_val.npy", np.array([_Evil()], dtype=object), "not an npy file of plain values"),
    ],
)
def test_bad_folder(tmp_path: Path, file: str, array: np.ndarray, message: str) -> None:
    folder = _folder(tmp_path / "npy")
    np.save(folder / file, array)
    with pytest.raises(L1mlError, match=message):
        public_jets.load(folder)


def test_folder_with_missing_or_cut_file(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "npy")
    raw = (folder / "X_test.npy").read_bytes()
    (folder / "X_test.npy").write_bytes(raw[:-10])
    with pytest.raises(L1mlError, match=r"X_test\.npy: damaged"):
        public_jets.load(folder)
    (folder / "X_test.npy").unlink()
    with pytest.raises(L1mlError, match=r"X_test\.npy: no such file"):
        public_jets.load(folder)


def test_download_writes_what_load_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = _table()
    asked = {}

    def fetch(**options: object) -> SimpleNamespace:
        asked.update(options)
        return SimpleNamespace(
            data=x, target=np.array([CLASSES[i] for i in y], dtype=object), feature_names=list(FEATURES)
        )

    monkeypatch.setattr(sklearn.datasets, "fetch_openml", fetch)
    out = public_jets.download(tmp_path / "new" / "jets.csv")
    assert asked["data_id"] == 42468
    _assert_is_table(out)
    assert [p.name for p in out.parent.iterdir()] == ["jets.csv"]


def test_download_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(**options: object) -> None:
        raise ConnectionError("no route")

    monkeypatch.setattr(sklearn.datasets, "fetch_openml", fetch)
    with pytest.raises(L1mlError, match=r"42468 cannot be fetched \(ConnectionError: no route\)"):
        public_jets.download(tmp_path / "jets.csv")
    with pytest.raises(L1mlError, match=r"ends in \.csv"):
        public_jets.download(tmp_path / "jets.arff")
