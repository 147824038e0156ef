"""A project whose comments are already read, for tests of what becomes of asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from earful.curating import apply_proposal, proposal
from earful.pipeline import make_report
from earful.project import Project
from earful.records import Admitted, Ask, Comment, Tags, tags_to_batch
from earful.store.memory import RememberedSignal
from reports.demand import Demand

START = datetime(2024, 3, 4, 9, tzinfo=UTC)


@dataclass
class Shop:
    """A project whose comments are already tagged; every comment is one ask."""

    project: Project
    count: int = 0

    @property
    def root(self) -> Path:
        """The project's folder."""
        return self.project.settings.root

    def hear(
        self,
        item: str,
        people: str,
        *,
        quote: str = "",
        wants: bool = False,
        vector: tuple[float, ...] = (),
    ) -> list[str]:
        """Everybody in ``people`` asks for ``item``; tells the uids."""
        rows, tags = [], []
        for person in people:
            self.count += 1
            text = quote or f"Please, {item}, says number {self.count}."
            comment = Comment(
                source="forum",
                instance="kl",
                native_id=str(self.count),
                text=text,
                author_key=f"key-{person}",
                created_at=START + timedelta(days=self.count),
            )
            rows.append(Admitted(comment, str(self.count), True, self.count, (), 6))
            kind = "wants" if wants else "new_offering"
            ask = Ask(  # type: ignore[arg-type]
                text, 0, len(text), item, kind, 2, vector=vector, vector_version="v" * bool(vector)
            )
            tags.append(
                Tags(comment.uid, "m", "en", True, "neutral", 0.0, ("request",), {}, 0.0, (ask,))
            )
        with self.project.ledger(create=True) as ledger, ledger.transaction():
            ledger.upsert(rows, START)
            ledger.save_tags(tags_to_batch(tags))
            ledger.set_meta("model_version", "m")
        return [row.comment.uid for row in rows]

    def report(self, **window: object) -> Demand:
        """What a report finds; signals.json is written as well."""
        return make_report(self.project, formats=["json"], **window).demand  # type: ignore[arg-type]

    def write(self, taxonomy: str) -> None:
        """Write the file."""
        path = self.root / "taxonomy.toml"
        path.write_text(taxonomy, encoding="utf-8")

    def apply(self, taxonomy: str) -> None:
        """Write the file and let it hold."""
        self.write(taxonomy)
        apply_proposal(self.project, proposal(self.project), "ann")

    def memory(self) -> list[RememberedSignal]:
        """The signals that are remembered, oldest first."""
        with self.project.ledger() as ledger:
            return list(ledger.signal_memory().signals)
