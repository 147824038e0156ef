"""A project's heads on disk: one file without code per version, and a manifest of them all.

The manifest says which version is in use, which model each was learned for, and the checksum of
each file. Versions are only added; which one is in use can go back.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from classify.heads import LEARN_AGAIN, Heads
from earful.errors import ConfigurationError, IntegrityError

MANIFEST = "manifest.json"
FORMAT = 1
_ARRAYS = ("mean", "categories", "edges", "thresholds", "sentiments")


@dataclass(frozen=True, slots=True)
class HeadsRecord:
    """One version: for the model ``base``, from ``corrections`` up to the number
    ``last_correction``; ``replaced`` was in use before it, None for no heads. ``figures`` are
    those by which it was accepted."""

    version: str
    file: str
    sha256: str
    base: str
    made_at: str
    learned: tuple[str, ...]
    corrections: int
    last_correction: int
    replaced: str | None
    figures: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class HeadsFolder:
    """The folder of a project's heads, which may be missing: then there are none."""

    path: Path

    def records(self) -> list[HeadsRecord]:
        """Every version, oldest first."""
        return [
            HeadsRecord(**{**row, "learned": tuple(row["learned"]), "figures": row["figures"]})
            for row in self._manifest()["versions"]
        ]

    def in_use(self) -> HeadsRecord | None:
        """The version in use, None where the base model is used alone."""
        return self._record(self._manifest()["in_use"])

    def load(self) -> Heads | None:
        """The heads in use, None where there are none.

        Raises ``IntegrityError`` where the file is not what the manifest says.
        """
        record = self.in_use()
        return None if record is None else self._read(record)

    def add(
        self,
        heads: Heads,
        *,
        corrections: int,
        last_correction: int,
        figures: tuple[Mapping[str, Any], ...],
    ) -> HeadsRecord:
        """Store heads and take them into use."""
        manifest = self._manifest()
        content = _content(heads)
        version = f"heads-{len(manifest['versions']) + 1}-{_digest(heads)[:8]}"
        record = HeadsRecord(
            version,
            f"{version}.npz",
            hashlib.sha256(content).hexdigest(),
            heads.base,
            datetime.now(UTC).isoformat(timespec="seconds"),
            heads.learned,
            corrections,
            last_correction,
            manifest["in_use"],
            figures,
        )
        self.path.mkdir(exist_ok=True)
        (self.path / record.file).write_bytes(content)
        manifest["versions"].append(asdict(record))
        self._write({**manifest, "in_use": version})
        return record

    def roll_back(self, base: str) -> HeadsRecord | None:
        """Go back to the heads that were in use before, and that fit the model ``base``.

        None where that is the base model alone. Raises ``ConfigurationError`` where no heads are
        in use.
        """
        record = self.in_use()
        if record is None:
            raise ConfigurationError(
                "no heads are in use: the model reads as it was shipped",
                where=str(self.path),
                next_step="Learn some with: earful train --from corrections",
            )
        before = self._record(record.replaced)
        while before is not None and before.base != base:
            before = self._record(before.replaced)
        self._write({**self._manifest(), "in_use": before.version if before else None})
        return before

    def _record(self, version: str | None) -> HeadsRecord | None:
        return next((record for record in self.records() if record.version == version), None)

    def _manifest(self) -> dict[str, Any]:
        path = self.path / MANIFEST
        if not path.is_file():
            return {"format": FORMAT, "in_use": None, "versions": []}
        try:
            manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            if manifest["format"] != FORMAT:
                raise ValueError(f"format {manifest['format']}, this version reads {FORMAT}")
            names = {row["version"] for row in manifest["versions"]}
            if manifest["in_use"] is not None and manifest["in_use"] not in names:
                raise ValueError(f"{manifest['in_use']} is in use and not listed")
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise IntegrityError(
                f"the list of heads cannot be read: {error}",
                where=str(path),
                next_step="Move the folder away and learn anew: earful train --from corrections",
            ) from error
        return manifest

    def _write(self, manifest: Mapping[str, Any]) -> None:
        draft = self.path / f"{MANIFEST}.new"
        draft.write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
        draft.replace(self.path / MANIFEST)

    def _read(self, record: HeadsRecord) -> Heads:
        path = self.path / record.file
        try:
            content = path.read_bytes()
            found = hashlib.sha256(content).hexdigest()
            if found != record.sha256:
                raise ValueError(f"it has SHA-256 {found}, the manifest says {record.sha256}")
            with np.load(io.BytesIO(content), allow_pickle=False) as stored:
                arrays = {name: stored[name] for name in _ARRAYS}
                labels = tuple(stored["labels"].tolist())
        except (OSError, ValueError, KeyError) as error:
            raise IntegrityError(
                f"the heads cannot be read: {error}", where=str(path), next_step=LEARN_AGAIN
            ) from error
        return Heads(base=record.base, labels=labels, version=record.version, **arrays)


def _content(heads: Heads) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(
        file,
        allow_pickle=False,
        labels=np.array(heads.labels, dtype=np.str_),
        **{name: getattr(heads, name) for name in _ARRAYS},
    )
    return file.getvalue()


def _digest(heads: Heads) -> str:
    """Of the weights themselves, so that equal heads have equal versions."""
    content = hashlib.sha256("\n".join((heads.base, *heads.labels)).encode())
    for name in _ARRAYS:
        content.update(np.ascontiguousarray(getattr(heads, name)).tobytes())
    return content.hexdigest()
