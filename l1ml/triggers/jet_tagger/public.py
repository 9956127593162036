"""Load the public jet set (OpenML 42468, ``hls4ml_lhc_jets_hlf``, arXiv:1804.06913) from local files.

Three layouts are read:

* ARFF, as the set is published: one numeric attribute per feature and a nominal ``class``;
* CSV with a header line that names the same columns;
* a folder of npy files, as hls4ml's tutorial writes them: ``X_train_val.npy``, ``X_test.npy`` (n, 16) with
  columns in the public order, one-hot ``y_train_val.npy``, ``y_test.npy`` (n, 5), and ``classes.npy``, the
  class letters in the order of the one-hot columns (plain text, or the pickled object array that
  the tutorial writes, of which nothing but text is unpickled).

Columns are found by name, case and order being free; further columns are ignored.
"""

from __future__ import annotations

import csv
import pickle
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.errors import L1mlError
from l1ml.folders import written_whole
from l1ml.triggers.jet_tagger.data import CLASSES, FEATURES, JetDataset

OPENML_ID = 42468
CLASS_COLUMN = "class"

_BLOCK_LINES = 50_000
_LARGEST = float(np.finfo(np.float32).max)
_QUOTES = " \t'\""
_ROW = np.dtype([("features", np.float64, (len(FEATURES),)), ("class", "U8")])
_PARTS = ("train_val", "test")
_ATTRIBUTE = re.compile(r"""@attribute\s+(?:'([^']*)'|"([^"]*)"|(\S+))\s+(.*)""", re.IGNORECASE)


@dataclass(frozen=True)
class _Columns:
    """Where the data columns of a text file are."""

    total: int
    features: tuple[int, ...]
    label: int


def load(path: Path) -> JetDataset:
    """Read the public set.

    Args:
        path: An ``.arff`` or ``.csv`` file, or a folder of npy files.

    Returns:
        The jets in the order of the file (training and validation jets before test jets for a folder).

    Raises:
        L1mlError: The path does not exist, or its content is not as the module describes; the message
            names the file, the line and the column.
    """
    path = Path(path)
    if path.is_dir():
        return _load_folder(path)
    if not path.is_file():
        raise L1mlError(f"{path}: no such file or folder; give the public jet set as ARFF, CSV or npy folder")
    if path.suffix.lower() not in (".arff", ".csv"):
        raise L1mlError(f"{path}: type {path.suffix!r} is not known; give .arff, .csv or a folder of npy files")
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return _load_text(path, file)
    except UnicodeDecodeError as error:
        raise L1mlError(f"{path}: not a text file ({error.reason}); download it again") from error
    except OSError as error:
        raise L1mlError(f"{path}: cannot be read ({error.strerror}); mend its permissions") from error


def download(out: Path) -> Path:
    """Fetch the public set through scikit-learn and write it as CSV.

    Args:
        out: The CSV file to write; its folder is made.

    Returns:
        The path of the file, for `load`.

    Raises:
        L1mlError: The name does not end in .csv, or the set cannot be fetched or written.
    """
    from sklearn.datasets import fetch_openml

    out = Path(out)
    if out.suffix.lower() != ".csv":
        raise L1mlError(f"{out}: the set is written as CSV; give a name that ends in .csv")
    try:
        bunch = fetch_openml(data_id=OPENML_ID, as_frame=False, parser="liac-arff")
    # scikit-learn passes on whatever its transport and parser raise, without a common base.
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise L1mlError(
            f"OpenML data set {OPENML_ID} cannot be fetched ({reason}); check the network, or load a copy from disk"
        ) from error
    _write_csv(out, np.asarray(bunch.data, dtype=np.float64), bunch.target, bunch.feature_names)
    return out


def _write_csv(out: Path, features: NDArray[np.float64], letters: Any, names: list[str]) -> None:
    try:
        with written_whole(out) as partial, partial.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow([*names, CLASS_COLUMN])
            writer.writerows([*map(repr, row), letter] for row, letter in zip(features.tolist(), letters, strict=True))
    except OSError as error:
        raise L1mlError(f"{out}: cannot be written ({error.strerror}); give another place") from error


def _load_text(path: Path, file: TextIOWrapper) -> JetDataset:
    columns, line = _arff_header(path, file) if path.suffix.lower() == ".arff" else _csv_header(path, file)
    features: list[NDArray[np.float32]] = []
    labels: list[NDArray[np.int64]] = []
    while lines := list(islice(file, _BLOCK_LINES)):
        # "%" begins a comment line in ARFF.
        rows = [(i, t) for i, text in enumerate(lines, line + 1) if (t := text.strip()) and t[0] != "%"]
        line += len(lines)
        if rows:
            x, y = _parse_block(path, rows, columns)
            features.append(x)
            labels.append(y)
    if not features:
        raise L1mlError(f"{path}: has a header but no jets; download it again")
    return JetDataset(np.concatenate(features), np.concatenate(labels))


def _csv_header(path: Path, file: TextIOWrapper) -> tuple[_Columns, int]:
    text = file.readline().strip().removeprefix("\ufeff")
    if not text:
        raise L1mlError(f"{path}:1: no header line; name the columns {FEATURES} and {CLASS_COLUMN!r}")
    return _find_columns(path, 1, [_unquoted(name) for name in text.split(",")]), 1


def _arff_header(path: Path, file: TextIOWrapper) -> tuple[_Columns, int]:
    names: list[str] = []
    line = 0
    for line, text in enumerate(iter(file.readline, ""), 1):
        word = text.strip()
        if word.lower() == "@data":
            return _find_columns(path, line, names), line
        if not word.lower().startswith("@attribute"):
            continue
        match = _ATTRIBUTE.match(word)
        if match is None:
            raise L1mlError(f"{path}:{line}: not an attribute: {word[:60]!r}; write @attribute NAME TYPE")
        names.append(next(group for group in match.groups()[:3] if group is not None))
    raise L1mlError(f"{path}:{line}: ends without @data; the file is cut short, download it again")


def _find_columns(path: Path, line: int, names: list[str]) -> _Columns:
    where = {name.lower(): i for i, name in enumerate(names)}
    if len(where) < len(names):
        twice = next(name for i, name in enumerate(names) if where[name.lower()] != i)
        raise L1mlError(f"{path}:{line}: there are two columns {twice!r}; drop one")
    for wanted in (*FEATURES, CLASS_COLUMN):
        if wanted not in where:
            raise L1mlError(f"{path}:{line}: no column {wanted!r}; the file names {', '.join(names)[:200]}")
    return _Columns(len(names), tuple(where[name] for name in FEATURES), where[CLASS_COLUMN])


def _parse_block(
    path: Path, rows: list[tuple[int, str]], columns: _Columns
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Features and labels of some lines; the slow search for what is wrong runs only if something is."""
    texts = [text for _, text in rows]
    if all(text.count(",") == columns.total - 1 for text in texts):
        try:
            table = np.loadtxt(
                texts,
                dtype=_ROW,
                delimiter=",",
                comments=None,
                usecols=(*columns.features, columns.label),
                ndmin=1,
            )
        except ValueError:
            pass
        else:
            letters, inverse = np.unique(np.char.strip(table["class"], _QUOTES), return_inverse=True)
            with np.errstate(over="ignore"):
                features = table["features"].astype(np.float32)
            if set(letters) <= set(CLASSES) and np.isfinite(features).all():
                return features, np.array([CLASSES.index(letter) for letter in letters])[inverse]
    pairs = [_parse_row(path, line, text, columns) for line, text in rows]
    return np.array([x for x, _ in pairs], dtype=np.float32), np.array([y for _, y in pairs], dtype=np.int64)


def _parse_row(path: Path, line: int, text: str, columns: _Columns) -> tuple[list[float], int]:
    cells = [_unquoted(cell) for cell in text.split(",")]
    if len(cells) != columns.total:
        raise L1mlError(f"{path}:{line}: {len(cells)} values for {columns.total} columns; the line is cut or damaged")
    values = []
    for name, column in zip(FEATURES, columns.features, strict=True):
        try:
            value = float(cells[column])
        except ValueError:
            value = np.nan
        if not abs(value) <= _LARGEST:
            raise L1mlError(
                f"{path}:{line}: column {name!r} is {cells[column]!r}; give a finite number or drop the line"
            )
        values.append(value)
    letter = cells[columns.label]
    if letter not in CLASSES:
        raise L1mlError(f"{path}:{line}: column {CLASS_COLUMN!r} is {letter!r}; the classes are {', '.join(CLASSES)}")
    return values, CLASSES.index(letter)


def _unquoted(cell: str) -> str:
    return cell.strip(_QUOTES)


def _load_folder(path: Path) -> JetDataset:
    letters = [str(letter) for letter in _load_npy(path / "classes.npy", objects=True).ravel().tolist()]
    if sorted(letters) != sorted(CLASSES):
        raise L1mlError(f"{path / 'classes.npy'}: holds {letters}; the classes are {', '.join(CLASSES)}")
    codes = np.array([CLASSES.index(letter) for letter in letters])
    features, labels = zip(*_folder_parts(path, codes), strict=True)
    return JetDataset(np.concatenate(features), np.concatenate(labels))


def _folder_parts(path: Path, codes: NDArray[np.int64]) -> Iterator[tuple[NDArray[Any], NDArray[np.int64]]]:
    for part in _PARTS:
        x_path, y_path = path / f"X_{part}.npy", path / f"y_{part}.npy"
        x, y = _load_npy(x_path), _load_npy(y_path)
        if x.ndim != 2 or x.shape[1] != len(FEATURES):
            raise L1mlError(f"{x_path}: shape {x.shape}; give (n, {len(FEATURES)})")
        if y.shape != (len(x), len(CLASSES)):
            raise L1mlError(f"{y_path}: shape {y.shape}; give one-hot labels ({len(x)}, {len(CLASSES)})")
        for file, array in ((x_path, x), (y_path, y)):
            if not np.issubdtype(array.dtype, np.number):
                raise L1mlError(f"{file}: holds {array.dtype}; give numbers")
        bad = np.argwhere(~np.isfinite(x))
        if len(bad):
            row, column = bad[0]
            raise L1mlError(f"{x_path}: row {row}, column {FEATURES[column]!r} is {x[row, column]}; drop the row")
        wrong = np.flatnonzero((y.sum(axis=1) != 1) | (y.max(axis=1) != 1))
        if len(wrong):
            raise L1mlError(f"{y_path}: row {wrong[0]} is not one-hot; give one 1 and else 0")
        yield x, codes[y.argmax(axis=1)]


def _load_npy(path: Path, *, objects: bool = False) -> NDArray[Any]:
    if not path.is_file():
        raise L1mlError(f"{path}: no such file; the folder needs X_*.npy, y_*.npy and classes.npy")
    try:
        with path.open("rb") as file:
            version = np.lib.format.read_magic(file)
            if objects and version == (1, 0) and np.lib.format.read_array_header_1_0(file)[2].hasobject:
                return np.asarray(_TextUnpickler(file).load())
        return np.load(path, allow_pickle=False)
    # An unpickler raises nearly anything on damaged bytes.
    except Exception as error:
        raise L1mlError(f"{path}: damaged or not an npy file of plain values ({error})") from error


class _TextUnpickler(pickle.Unpickler):
    """Reads an object array of texts and refuses every other type, so that no code in the file can run."""

    _ALLOWED = frozenset({"_reconstruct", "ndarray", "dtype"})

    def find_class(self, module: str, name: str) -> Any:
        if module.split(".")[0] == "numpy" and name in self._ALLOWED:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"refused to unpickle {module}.{name}")
