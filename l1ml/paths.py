"""Where the files that travel with l1ml lie, in a checkout and in an installed wheel alike."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def shared(name: str) -> Path:
    """Folder ``firmware_templates``, ``hls_projects`` or ``sim``.

    A wheel carries them under ``l1ml/_share``; a checkout has them beside the package.

    Raises:
        FileNotFoundError: If the installation is incomplete.
    """
    for root in (_PACKAGE / "_share", _PACKAGE.parent):
        if (root / name).is_dir():
            return root / name
    raise FileNotFoundError(f"{name}/ is missing from this installation of l1ml")
