"""The shipped models on disk: files without code, a manifest with the checksum of each."""

from __future__ import annotations

import hashlib
import io
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
FORMAT = 2
_ARRAYS = ".npz"
_REINSTALL = "Reinstall earful, or rebuild the models with 'earful train'."

Arrays = Mapping[str, npt.NDArray[np.generic]]


@dataclass(frozen=True, eq=False)
class Shipped:
    """What an artifact folder holds: its version, its settings, the arrays of each part, and where
    the other files (graphs, tokenizers) are, by name. Those are read where they are used, so that
    no process holds them twice."""

    version: str
    settings: Mapping[str, Any]
    parts: Mapping[str, Arrays]
    files: Mapping[str, Path]


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_artifact(
    folder: Path,
    parts: Mapping[str, Arrays],
    files: Mapping[str, bytes],
    settings: Mapping[str, Any],
) -> str:
    """Write each part as ``<name>.npz``, the files as they are, the manifest last; returns the
    version.

    The version is taken from the arrays and bytes themselves, so equal models have equal versions.
    """
    folder.mkdir(parents=True, exist_ok=True)
    content = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    sums = {}
    for name in sorted(parts):
        path = folder / f"{name}{_ARRAYS}"
        arrays = {key: np.asarray(parts[name][key]) for key in sorted(parts[name])}
        for key, array in arrays.items():
            content.update(f"{name}/{key}/{array.dtype.str}{array.shape}".encode())
            content.update(np.ascontiguousarray(array).tobytes())
        np.savez_compressed(path, allow_pickle=False, **arrays)
        sums[path.name] = digest(path)
    for name in sorted(files):
        (folder / name).write_bytes(files[name])
        content.update(name.encode() + files[name])
        sums[name] = hashlib.sha256(files[name]).hexdigest()
    version = f"reader-{FORMAT}-{content.hexdigest()[:10]}"
    manifest = {"format": FORMAT, "version": version, "files": sums, "settings": settings}
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
        version, sums = str(manifest["version"]), dict(manifest["files"])
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
    parts: dict[str, Arrays] = {}
    files: dict[str, Path] = {}
    for name, said in sums.items():
        content = _verified(folder / name, said)
        if name.endswith(_ARRAYS):
            with np.load(io.BytesIO(content), allow_pickle=False) as stored:
                parts[name.removesuffix(_ARRAYS)] = {key: stored[key] for key in stored.files}
        else:
            files[name] = folder / name
    return Shipped(version, settings, parts, files)


def _verified(path: Path, said: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise IntegrityError(
            f"a file of the models cannot be read: {error.strerror}",
            where=str(path),
            next_step=_REINSTALL,
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != said:
        raise IntegrityError(
            f"the file has SHA-256 {found}, the manifest says {said}",
            where=str(path),
            next_step=_REINSTALL,
        )
    return content
