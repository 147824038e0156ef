"""The labelling plan sends a person where labels narrow the estimates, and counts only what was
drawn by lot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_store import admitted, put

from benchmarks.quantified_world import World
from earful.labelling import ESTIMATE, Labelling, with_ask
from earful.labelling_terminal import planned_labels
from earful.project import Project
from earful.records import Ask, Tags, tags_to_batch
from earful.sampling import FEWEST, Stratum, draw, draw_from, lot, project_counts
from earful.store import Labels, Ledger
from earful.store.strata import ReadComment
from earful.validation import ReadingCounts
from reports.estimates import Estimator
from reports.label_plan import STEP, LabelPlan, plan_labels
from reports.reading_rates import FEWEST_LABELS

QUIET = Stratum("forum", "en", False, 0)


def read(uid: str, *, best: float | None = None, corrected: bool = False) -> ReadComment:
    return ReadComment(uid, "forum", "en", 0.01, 0.0, best, corrected)


def by_lot(count: int) -> list[str]:
    return sorted((f"forum:{n}" for n in range(count)), key=lot)


def test_the_lowest_lots_are_a_sample_whoever_chose_them() -> None:
    """The first twenty in the order of lots count; one skipped among them does no harm."""
    uids = by_lot(100)
    drawn = draw(read(uid, corrected=n < 20 and n != 4) for n, uid in enumerate(uids))
    assert set(drawn.sample) == set(uids[:20]) - {uids[4]}
    assert drawn.waiting[QUIET] == (uids[4], *uids[20:])


def test_labels_that_were_chosen_otherwise_are_no_sample() -> None:
    """Every third comment was labelled for some reason: nothing follows for the others."""
    uids = by_lot(90)
    assert not draw(read(uid, corrected=n % 3 == 0) for n, uid in enumerate(uids)).sample
    few = draw(read(uid, corrected=n < FEWEST - 1) for n, uid in enumerate(uids))
    assert not few.sample, "so few may be a coincidence"


def test_strata_part_comments_by_what_was_read() -> None:
    """An ask that was read counts by its score, a comment without by how likely it asks."""
    drawn = draw([read("a", best=0.7), read("b", best=0.95), read("c")])
    assert set(drawn.waiting) == {
        Stratum("forum", "en", True, 2),
        Stratum("forum", "en", True, 4),
        QUIET,
    }
    assert drawn.quiet.to_numpy().tolist() == [["forum", "en", 0, 1]]


def estimator(quiet: int, *sizes: tuple[str, float, int, bool]) -> Estimator:
    """Of a project with so many asks by source, score and whether solicited."""
    rows = pd.concat(
        [
            pd.DataFrame({"person": [f"{source}{score}/{n}" for n in range(count)]}).assign(
                source=source, lang="en", score=score, solicited=solicited, checked=False
            )
            for source, score, count, solicited in sizes
        ]
    )
    rows = rows.assign(uid=rows["person"])
    silent = pd.DataFrame(
        [("forum", "en", 0, quiet)], columns=["source", "lang", "band", "comments"]
    )
    shipped = World(0.3, 0.2).validation(np.random.default_rng(3))
    return Estimator.of(rows, ReadingCounts(shipped, None, silent), draws=400)


def given(plan: LabelPlan) -> dict[object, int]:
    return {part.place: part.labels for part in plan.parts}


def test_labels_go_where_most_is_unknown() -> None:
    """Many asks of a doubtful score take more labels than a few; the interval is to narrow."""
    known = estimator(50, ("forum", 0.6, 500, False), ("app", 0.6, 30, False))
    many, few = ("forum", "en"), ("app", "en")
    waiting = {(many, True, 1): 500, (few, True, 1): 30, (many, False, 0): 50}
    plan = plan_labels(known, waiting, 100)
    found = given(plan)
    assert sum(found.values()) == 100
    assert found[many, True, 1] > found.get((few, True, 1), 0)
    assert 0 < plan.after < 0.8 * plan.before
    assert plan_labels(known, waiting, 20).after > plan.after, "more labels narrow more"


def test_no_more_labels_than_comments() -> None:
    """Where fewer wait than are wanted, all of them are named, and no more."""
    known = estimator(0, ("forum", 0.6, 12, False))
    place = ("forum", "en"), True, 1
    assert given(plan_labels(known, {place: 12}, 100)) == {place: 12}
    assert given(plan_labels(known, {}, 100)) == {}


def test_a_survey_gets_the_labels_that_bring_it_an_estimate() -> None:
    """However large another source is."""
    known = estimator(50, ("forum", 0.6, 900, False), ("survey", 0.95, 60, True))
    survey = ("survey", "en"), True, 4
    plan = plan_labels(known, {(("forum", "en"), True, 1): 900, survey: 60}, 100)
    assert given(plan)[survey] >= FEWEST_LABELS
    assert 100 - given(plan)[survey] >= STEP, "the other source has its share"


class Model:
    """Stands in for the tagger."""

    categories = ("request", "purchase_intent", "remark")
    vector_version = "v1"

    def ask_vectors(self, items: list[str], quotes: list[str]) -> np.ndarray:
        """All asks lie close."""
        return np.ones((len(items), 2))


TEA = Ask("sell loose tea", 7, 21, "loose tea", "new_offering", 2, score=0.7, vector=(1.0, 0.0))


@pytest.fixture
def shop(tmp_path: Path, earful: Callable) -> Project:
    """A project of sixty comments that were read as asking, and sixty that were not."""
    assert earful("init", str(tmp_path / "shop")).code == 0
    project = Project.open(tmp_path / "shop")
    with project.ledger(create=True) as ledger:
        put(ledger, *(admitted(str(n), f"Please sell loose tea, {n}.", author=f"a{n}")
                      for n in range(120)))  # fmt: skip
        tags = [
            Tags(f"forum:here:{n}", "m1", "en", True, "neutral", 0.0,
                 ("request",) if n < 60 else ("remark",),
                 {"request": 0.7 if n < 60 else 0.02}, 0.0, (TEA,) if n < 60 else ())
            for n in range(120)
        ]  # fmt: skip
        with ledger.transaction():
            ledger.save_tags(tags_to_batch(tags))
            ledger.set_meta("model_version", "m1")
    return project


def label(ledger: Ledger, uids: list[str], labels: Labels) -> None:
    labelling = Labelling(ledger, Model(), "ann")  # type: ignore[arg-type]
    for uid in uids:
        labelling.save(labelling.comment(uid), labels)


def test_a_plan_is_a_queue_by_lot(shop: Project) -> None:
    """The queue holds what the plan says, each stratum from its lowest lot on, and it is told."""
    with shop.ledger() as ledger:
        planned = planned_labels(shop, ledger, 40, {})
        waiting = draw_from(ledger, 0.5).waiting
    uids = [choice.uid for choice in planned.queue]
    assert len(uids) == len(set(uids)) == 40
    assert {choice.reason for choice in planned.queue} == {ESTIMATE}
    for stratum, labels, count in planned.parts:
        assert count == len(waiting[stratum]) == 60
        assert set(waiting[stratum][:labels]) <= set(uids)
    assert "40 labels" in str(planned)
    assert "read as asking, score 0.65 to 0.80" in str(planned)


def test_labels_by_the_plan_count_as_the_projects_own(shop: Project) -> None:
    """What a person said of the lowest lots is counted, asks that were right and asks missed."""
    with shop.ledger() as ledger:
        assert project_counts(ledger, 0.5).own is None  # type: ignore[union-attr]
        waiting = draw_from(ledger, 0.5).waiting
        asking, quiet = (
            next(uids for stratum, uids in waiting.items() if stratum.asks is asks)
            for asks in (True, False)
        )
        remark = Labels("neutral", ("remark",))
        label(ledger, list(asking[:6]), with_ask(remark, TEA))
        label(ledger, list(asking[6:10]), remark)
        label(ledger, [quiet[0]], with_ask(remark, TEA))
        label(ledger, list(quiet[1:8]), remark)
        counts = project_counts(ledger, 0.5)
    assert counts is not None
    assert counts.own is not None
    assert counts.own.read[["band", "asks", "right"]].to_numpy().tolist() == [[2, 10, 6]]
    assert counts.own.quiet[["band", "comments", "asking"]].to_numpy().tolist() == [[0, 8, 1]]
    assert counts.quiet is not None
    assert counts.quiet["comments"].sum() == 52
