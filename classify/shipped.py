"""The shipped models on disk: plain arrays, a manifest with the checksum of every file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from earful.errors import IntegrityError

FOLDER = Path(__file__).parent / "artifact"
MANIFEST = "manifest.json"
FORMAT = 1
_REINSTALL = "Reinstall earful, or rebuild the models with 'python -m classify.training'."

Arrays = Mapping[str, npt.NDArray[np.generic]]


@dataclass(frozen=True, eq=False)
class Shipped:
    """What an artifact folder holds: its version, its settings and the arrays of each part."""

    version: str
    settings: Mapping[str, Any]
    parts: Mapping[str, Arrays]


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_artifact(folder: Path, parts: Mapping[str, Arrays], settings: Mapping[str, Any]) -> str:
    """Write each part as ``<name>.npz`` and the manifest last; returns the version.

    The version is taken from the arrays themselves, so equal models have equal versions.
    """
    folder.mkdir(parents=True, exist_ok=True)
    content = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    files = {}
    for name in sorted(parts):
        path = folder / f"{name}.npz"
        arrays = {key: np.asarray(parts[name][key]) for key in sorted(parts[name])}
        for key, array in arrays.items():
            content.update(f"{name}/{key}/{array.dtype.str}{array.shape}".encode())
            content.update(np.ascontiguousarray(array).tobytes())
        np.savez_compressed(path, allow_pickle=False, **arrays)
        files[path.name] = digest(path)
    version = f"linear-{FORMAT}-{content.hexdigest()[:10]}"
    manifest = {"format": FORMAT, "version": version, "files": files, "settings": settings}
    text = json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")
    return version


def read_artifact(folder: Path = FOLDER) -> Shipped:
    """The artifact in ``folder``, every file verified.

    Raises ``IntegrityError`` where a file is missing or is not what the manifest says.
    """
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        version, files = str(manifest["version"]), dict(manifest["files"])
        settings, form = dict(manifest["settings"]), manifest["format"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IntegrityError(
            f"the manifest of the models cannot be read: {error}",
            where=str(path),
            next_step=_REINSTALL,
        ) from error
    if form != FORMAT:
        raise IntegrityError(
            f"the models have format {form}, this version reads {FORMAT}",
            where=str(path),
            next_step=_REINSTALL,
        )
    return Shipped(
        version,
        settings,
        {name.removesuffix(".npz"): _read(folder / name, said) for name, said in files.items()},
    )


def _read(path: Path, said: str) -> Arrays:
    try:
        found = digest(path)
    except OSError as error:
        raise IntegrityError(
            f"a file of the models cannot be read: {error.strerror}",
            where=str(path),
            next_step=_REINSTALL,
        ) from error
    if found != said:
        raise IntegrityError(
            f"the file has SHA-256 {found}, the manifest says {said}",
            where=str(path),
            next_step=_REINSTALL,
        )
    with np.load(path, allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}
