"""Comments through the model: what is new, or was read by another version, is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from earful.moves import Moves
from earful.pipeline.batches import BATCH, Progress, no_progress
from earful.pipeline.current_facts import SetAside, mark_who_counts, refresh_facts
from earful.pipeline.versions import CURRENT, WAITING, make_current, what_would_move
from earful.project import Project
from earful.store import Ledger
from earful.tagging import languages_told, tag_batches

if TYPE_CHECKING:
    from classify.tagger import Tagger


@dataclass(frozen=True, slots=True)
class TagResult:
    """How many comments were read, by which model, and how many copies are known now.

    ``waiting`` tells that the tags of this version do not count yet beside those of another, and
    ``moves`` what would move if they did, where everything was read for that.
    """

    model_version: str
    tagged: int
    unread: int
    asks: int
    set_aside: SetAside
    waiting: bool = False
    moves: Moves | None = None
    languages: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        unread = f", {self.unread:,} in languages that are not served" if self.unread else ""
        waiting = ""
        if self.waiting and self.moves is None:
            waiting = "\nWhat it says of older comments waits to be accepted: earful tag --all"
        aside = f"{self.set_aside.copies:,} copies"
        if self.set_aside.brigades:
            aside += f" and {self.set_aside.brigades:,} comments of brigades"
        return (
            f"{self.tagged:,} comments tagged by {self.model_version}: {self.asks:,} asks{unread};"
            f" {aside} in the ledger{languages_told(self.languages)}{waiting}"
        )


def tagger_loading(project: Project, *, heads: bool = True) -> Callable[[], Tagger]:
    """What loads the tagger of the project's settings, with the ``heads`` that are in use; it can
    be given to worker processes."""
    from classify.heads_folder import HeadsFolder
    from classify.products import Products
    from classify.tagger import Tagger

    settings = project.settings
    categories = (
        settings.root / settings.classify.categories if settings.classify.categories else None
    )
    products = Products(
        (product for brand in settings.brand for product in brand.products),
        (name for brand in settings.brand for name in (*brand.names, *brand.misspellings)),
    )
    return partial(
        Tagger.load,
        categories,
        settings.classify.spacy_pipeline,
        products=products,
        heads=HeadsFolder(settings.heads_path).load() if heads else None,
    )


def tag_ledger(
    project: Project,
    *,
    everything: bool = False,
    since: datetime | None = None,
    on_progress: Progress = no_progress,
    beside: bool = False,
    preview: bool = False,
) -> TagResult:
    """Read what this model has not read yet (or ``everything`` anew), then renew the facts.

    Where ``everything`` is read by another version than the one whose tags count, ``beside`` keeps
    the old tags in force, and the result tells what would move; ``accept_tags`` goes over to the
    new ones. Without it they count at once. A ``preview`` reads nothing anew that the version has
    read already.
    """
    load = tagger_loading(project)
    tagger = load()
    tagged = unread = asks = 0
    languages: Counter[str] = Counter()
    with project.ledger() as ledger:
        current = ledger.get_meta(CURRENT)
        beside = beside and everything and current not in (None, tagger.model_version)
        waiting = beside or ledger.get_meta(WAITING) == tagger.model_version
        if everything and not beside and not preview:
            with ledger.transaction():
                ledger.drop_tags(tagger.model_version, since)
        if not waiting and current != tagger.model_version:
            make_current(ledger, tagger.model_version)
        batches = ledger.untagged(tagger.model_version, since, BATCH)
        for tags in tag_batches(batches, load, tagger):
            with ledger.transaction():
                ledger.save_tags(tags)
            tagged += tags.num_rows
            read = tags.column("read").to_pylist()
            unread += read.count(False)
            languages.update(
                lang for lang, own in zip(tags.column("lang").to_pylist(), read, strict=True) if own
            )
            asks += sum(len(of_one) for of_one in tags.column("asks").to_pylist())
            on_progress(tags.num_rows)
        encode_corrections(ledger, tagger)
        set_aside = mark_who_counts(ledger)
        if beside:
            with ledger.transaction():
                ledger.set_meta(WAITING, tagger.model_version)
        refresh_facts(project, ledger)
        moves = what_would_move(project, ledger, tagger.model_version) if beside else None
    return TagResult(
        tagger.model_version, tagged, unread, asks, set_aside, waiting, moves, languages
    )


def encode_corrections(ledger: Ledger, tagger: Tagger) -> None:
    """Vectors for the asks of people's corrections, where this tagger's encoder made none yet."""
    for number, items, quotes in ledger.unencoded_corrections(tagger.vector_version):
        vectors = tagger.ask_vectors(items, quotes).tolist()
        with ledger.transaction():
            ledger.encode_correction(number, vectors, tagger.vector_version)
