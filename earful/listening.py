"""Listening for what is pushed: the server, the spool, and what brings the spool to the ledger."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Self

from earful.errors import ConfigurationError, EarfulError, TransientError
from earful.project import Project
from earful.records import Coverage
from earful.store import Ledger, Spool

if TYPE_CHECKING:
    from ingest.hooks.processing import Processed
    from ingest.hooks.registry import Hook

REMEMBERED = timedelta(days=90)
"""So long are identities kept, against deliveries that are played again, and what was set aside."""
COVERAGE_EVERY = timedelta(hours=1)
_RETRY_SECONDS = 2.0
_LOOK_SECONDS = 60.0


def hooks_of(project: Project) -> dict[str, Hook]:
    """The project's hooks by name, ready to verify.

    Raises ``ConfigurationError`` where there is none, or one lacks its row or secret.
    """
    from ingest.hooks.registry import find_rows, make_hooks

    root = project.settings.root
    if not project.settings.hook:
        raise ConfigurationError(
            "nothing is listened for",
            where=str(root / "earful.toml"),
            next_step='Add a [[hook]]: name = "feedback", row = "generic". See docs/webhooks.md.',
        )
    return make_hooks(project.settings.hook, find_rows(root / "hooks"), project.keyring.row_key)


def days_by_terms(project: Project) -> dict[str, int]:
    """Hook -> days, where a platform's terms let a copy be kept for so long only."""
    from ingest.hooks.registry import find_rows

    if not project.settings.hook:
        return {}
    rows = find_rows(project.settings.root / "hooks")
    terms = {hook.name: rows[hook.row].terms for hook in project.settings.hook if hook.row in rows}
    return {name: one.retention_days for name, one in terms.items() if one.retention_days}


def open_spool(project: Project) -> Spool:
    """The project's spool, made where there is none."""
    return Spool.open(project.settings.spool_path, project.keyring)


def process_deliveries(project: Project, *, again: bool = False) -> Processed:
    """Bring what waits into the ledger; with ``again`` also what was set aside before."""
    from ingest.hooks.processing import process_waiting

    hooks = hooks_of(project)
    door = project.door()
    with open_spool(project) as spool, project.ledger(create=True) as ledger:
        return process_waiting(spool, ledger, hooks, door.admit, again=again)


class Listener:
    """A server that takes deliveries in, and a thread that brings them into the ledger.

    Use as a context manager: made, it is bound to its port; inside, it answers. ``say`` is told,
    from several threads, what is refused and what was processed. ``failure`` is what ended the
    thread, where something did: deliveries are still kept in the spool then, but whoever runs
    the listener should stop and tell.
    """

    def __init__(self, project: Project, host: str, port: int, say: Callable[[str], None]) -> None:
        from ingest.hooks.intake import Intake
        from ingest.hooks.server import HookServer

        self.hooks = hooks_of(project)
        self._project = project
        self._say = say
        self._stop = threading.Event()
        self._news = threading.Event()
        self._spool = open_spool(project)
        self._spool.forget(datetime.now(UTC) - REMEMBERED)
        intake = Intake(
            self.hooks,
            self._spool,
            refused=lambda hook, reason: say(f"{hook}: refused: {reason}"),
            arrived=self._news.set,
        )
        try:
            self._server = HookServer(host, port, intake)
        except OSError as error:
            self._spool.close()
            raise ConfigurationError(
                f"cannot listen at {host}:{port}: {error.strerror or error}",
                next_step="Choose another --host or --port.",
            ) from error
        self._serving = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.5}, daemon=True
        )
        self._processing = threading.Thread(target=self._process_or_fail, daemon=True)
        self.failure: Exception | None = None

    @property
    def url(self) -> str:
        """Where deliveries are taken; a hook's address is this, ``/hooks/`` and its name."""
        return self._server.url

    def __enter__(self) -> Self:
        self._serving.start()
        self._processing.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take nothing more, finish what is being processed, and close."""
        self._server.shutdown()
        self._server.server_close()
        self._stop.set()
        self._news.set()
        self._processing.join()
        self._spool.close()

    def _process_or_fail(self) -> None:
        try:
            self._process()
        except Exception as error:
            self.failure = error

    def _process(self) -> None:
        from ingest.hooks.processing import process_waiting

        door = self._project.door()
        with self._project.ledger(create=True) as ledger:
            heard = datetime.now(UTC)
            while True:
                stopping = self._stop.is_set()
                self._news.clear()
                pause = _LOOK_SECONDS
                try:
                    done = process_waiting(self._spool, ledger, self.hooks, door.admit)
                    if done.deliveries:
                        self._say(str(done))
                    if stopping or datetime.now(UTC) - heard > COVERAGE_EVERY:
                        heard = self._cover(ledger, heard)
                except TransientError as error:  # the ledger is busy: it all waits in the spool
                    self._say(error.message)
                    pause = _RETRY_SECONDS
                except EarfulError as error:
                    self._say(str(error))
                if stopping:
                    return
                self._news.wait(pause)

    def _cover(self, ledger: Ledger, since: datetime) -> datetime:
        """Record that everything pushed since then was heard."""
        now = datetime.now(UTC)
        with ledger.transaction(of_facts=False):
            for name in self.hooks:
                ledger.add_coverage(Coverage(name, since, now, "complete", "pushed"))
        return now
