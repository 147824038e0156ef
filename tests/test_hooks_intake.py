"""What is answered before anything is believed or stored, and what becomes of odd deliveries."""

from __future__ import annotations

import json
import socket
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from conftest import Run
from servers.pusher import SECRET, STANDARD_SECRET, push, request, signed

from earful.errors import ConfigurationError, IntegrityError, TransientError
from earful.keys import Keyring
from earful.listening import Listener, days_by_terms
from earful.locking import alone
from earful.project import Project
from earful.settings import Hook as HookSettings
from earful.store import Ledger, Spool
from ingest.hooks.registry import find_rows, make_hooks

ENVIRONMENT = "EARFUL_HOOK_SECRET"
KEYRING = Keyring(bytes(32))
NOW = datetime(2026, 5, 1, tzinfo=UTC)


def raw(url: str, sent: bytes) -> bytes:
    """What comes back for these bytes, once the other side hangs up."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=30) as line:
        line.sendall(sent)
        answer = b""
        while part := line.recv(4096):
            answer += part
    return answer


@pytest.fixture
def shop(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a hook of the generic row, and nothing slow at its door."""
    path = project / "earful.toml"
    toml = path.read_text().replace("# redact_names = true", "redact_names = false")
    path.write_text(f'{toml}\n[[hook]]\nname = "feedback"\nrow = "generic"\n')
    monkeypatch.setenv(ENVIRONMENT, STANDARD_SECRET)
    return project


@pytest.fixture
def listener(shop: Path) -> Any:
    said: list[str] = []
    with Listener(Project.open(shop), "127.0.0.1", 0, said.append) as one:
        one.said = said  # type: ignore[attr-defined]
        yield one


def waited_for(what: Callable[[], bool]) -> bool:
    until = time.monotonic() + 60
    while not what() and time.monotonic() < until:
        time.sleep(0.05)
    return what()


def counts(shop: Path) -> dict[str, int]:
    with Spool.open(shop / "deliveries.db", Project.open(shop).keyring) as spool:
        return spool.counts()


def test_refused_requests(listener: Any) -> None:
    """Other paths, methods, lengths and signatures are refused, and nothing is stored."""
    url = f"{listener.url}/hooks/feedback"
    comment = {"id": "n1", "text": "Hooks for towels"}
    assert request(f"{listener.url}/health", "GET") == (200, "listening")
    assert push(f"{listener.url}/hooks/other", "standard-webhooks", comment)[0] == 404
    assert request(f"{listener.url}/", "POST", b"{}")[0] == 404
    assert request(url, "GET")[0] == 405
    assert request(url, "HEAD")[0] == 200
    assert request(url, "PUT", b"{}")[0] == 501
    assert push(url, "github", comment)[0] == 401
    assert push(url, "standard-webhooks", comment, at=int(time.time()) - 3600)[0] == 401
    body = json.dumps(comment).encode()
    headers = signed("standard-webhooks", body)
    assert request(url, "POST", body + b" ", headers)[0] == 401
    head = b"POST /hooks/feedback HTTP/1.1\r\nHost: x\r\n"
    assert b" 411 " in raw(url, head + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
    assert b" 411 " in raw(url, head + b"Content-Length: -5\r\n\r\n")
    assert b" 413 " in raw(url, head + b"Content-Length: 99999999999\r\n\r\n")
    assert b" 413 " in raw(url, head + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n")
    assert listener._spool.counts() == {"waiting": 0, "aside": 0, "done": 0}
    assert len(listener.said) == 3
    assert not any(SECRET in line or headers["webhook-signature"] in line for line in listener.said)


def test_slow_request_is_hung_up(listener: Any) -> None:
    """A request that never ends does not hold its place for long, and the others are served."""
    listener._server._deadline = 0.5
    parts = urlsplit(listener.url)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=30) as line:
        line.sendall(b"POST /hooks/feedback HTTP/1.1\r\nContent-Length: 50\r\n\r\n")
        assert request(f"{listener.url}/health", "GET")[0] == 200
        # Nothing, or the word that it was cut short: either way the line is closed.
        assert line.recv(4096) == b"" or line.recv(4096) == b""


def test_deliveries_at_the_same_time(listener: Any, shop: Path) -> None:
    """Many at once are all taken, each once, also where every one is delivered twice."""
    url = f"{listener.url}/hooks/feedback"

    def deliver(n: int) -> int:
        comment = {"id": f"n{n % 40}", "text": f"A lamp at berth {n % 40}"}
        return push(url, "standard-webhooks", comment, id=f"msg_{n % 40}")[0]

    with ThreadPoolExecutor(16) as threads:
        assert set(threads.map(deliver, range(80))) == {200}
    assert waited_for(lambda: listener._spool.counts()["done"] == 40)
    with Ledger.open(shop / "earful.db") as ledger:
        assert ledger.count_comments("feedback") == 40


def test_set_aside_and_again(shop: Path, earful: Callable[..., Run]) -> None:
    """What a row cannot map is set aside with the reason, and processed once it is mended."""
    row = shop / "hooks" / "kiosk.toml"
    row.parent.mkdir()
    row.write_text(
        'name = "kiosk"\ntitle = "Kiosk"\nsignature = "bearer"\n'
        'secret = { environment = "EARFUL_HOOK_SECRET", what = "a token", how = "Ask." }\n'
        'terms = { summary = "ours" }\n'
        '[[event]]\nfields = { id = "number", text = "remark" }\n'
    )
    path = shop / "earful.toml"
    path.write_text(path.read_text().replace('row = "generic"', 'row = "kiosk"'))
    said: list[str] = []
    with Listener(Project.open(shop), "127.0.0.1", 0, said.append) as listener:
        body = b'{"number": 7, "words": "Ice in the afternoon, please"}'
        url = f"{listener.url}/hooks/feedback"
        bearer = {"Authorization": f"Bearer {STANDARD_SECRET}"}
        assert request(url, "POST", body, bearer)[0] == 200
        assert request(url, "POST", b"not JSON", bearer)[0] == 200
        assert waited_for(lambda: listener._spool.counts()["aside"] == 2)
    shown = " ".join(earful("deliveries").out.split())
    assert "there is no text (looked for at remark) in an object of number, words" in shown
    assert "is no JSON (8 bytes)" in shown
    assert "afternoon" not in shown
    assert b"afternoon" not in (shop / "deliveries.db").read_bytes()
    row.write_text(row.read_text().replace('"remark"', '"words"'))
    again = earful("deliveries", "--again")
    assert again.code == 0
    assert "1 new" in again.out
    assert "0 waiting, 1 set aside, 1 processed" in again.out
    with Ledger.open(shop / "earful.db") as ledger:
        assert ledger.says("Ice in the afternoon, please")


def test_door_refuses(shop: Path, listener: Any) -> None:
    """A comment without words is set aside; the others of its delivery are stored."""
    comments = [{"id": "n1", "text": " \u200b "}, {"id": "n2", "text": "A ramp, please"}]
    push(f"{listener.url}/hooks/feedback", "standard-webhooks", {"comments": comments})
    assert waited_for(lambda: listener._spool.counts()["aside"] == 1)
    assert "no words" in listener._spool.set_aside()[0].reason
    with Ledger.open(shop / "earful.db") as ledger:
        assert ledger.sources() == {"feedback": 1}


def test_personal_data_pass_the_door(shop: Path, listener: Any) -> None:
    """What is pushed is redacted like what is pulled; the spool keeps no word that is done."""
    words = "Call me at +44 7700 900123 when there is a ramp"
    comment = {"id": "n1", "text": words, "author": "ann_of_the_quay"}
    push(f"{listener.url}/hooks/feedback", "standard-webhooks", comment)
    assert waited_for(lambda: listener._spool.counts()["done"] == 1)
    with sqlite3.connect(shop / "earful.db") as connection:
        ((text, key),) = connection.execute("SELECT text, author_key FROM comments").fetchall()
    assert "900123" not in text
    assert text.startswith("Call me at")
    assert key
    with sqlite3.connect(shop / "deliveries.db") as connection:
        assert connection.execute("SELECT body FROM deliveries").fetchall() == [(None,)]


def test_deletion_before_the_comment(listener: Any, shop: Path) -> None:
    """A deletion that overtakes its comment holds, in whatever batch the comment comes."""
    url = f"{listener.url}/hooks/feedback"
    push(url, "standard-webhooks", {"id": "n1", "deleted": True}, id="msg_1")
    assert waited_for(lambda: listener._spool.counts()["done"] == 1)
    push(url, "standard-webhooks", {"id": "n1", "text": "Too late"}, id="msg_2")
    assert waited_for(lambda: listener._spool.counts()["done"] == 2)
    with Ledger.open(shop / "earful.db") as ledger:
        assert ledger.count_comments() == 0


def test_coverage(shop: Path) -> None:
    """The time of listening is recorded, also where nothing came."""
    with Listener(Project.open(shop), "127.0.0.1", 0, lambda _: None):
        pass
    with Ledger.open(shop / "earful.db") as ledger:
        (window,) = ledger.coverage()
    assert (window.source, window.state, window.detail) == ("feedback", "complete", "pushed")


def test_spool(tmp_path: Path) -> None:
    """The same bytes are kept once; other keys open nothing; old settled ones are removed."""
    path = tmp_path / "deliveries.db"
    with Spool.open(path, KEYRING) as spool:
        assert spool.keep("a", b"{1}", None, NOW)
        assert not spool.keep("a", b"{1}", None, NOW)
        assert spool.keep("b", b"{1}", None, NOW)
        assert spool.keep("a", b"{1}", "msg_1", NOW)
        assert not spool.keep("a", b"{2}", "msg_1", NOW)
        first, second = spool.waiting(["a"], 9)
        assert first.number < second.number
        assert (first.hook, first.body, first.received_at) == ("a", b"{1}", NOW)
        spool.settle([first.number], [(second.number, "why")], ["u"])
        assert spool.gone(["u", "v"]) == {"u"}
        assert spool.forget(NOW) == 0
        assert spool.forget(NOW + timedelta(days=1)) == 1
        assert spool.counts() == {"waiting": 1, "aside": 0, "done": 0}
    with Spool.open(path, Keyring(bytes([7] * 32))) as spool:
        assert spool.waiting(["b"], 9) == []
        assert "cannot be opened" in spool.set_aside()[0].reason
    path.write_bytes(b"no database at all, but long enough to be taken for one" * 40)
    with pytest.raises(IntegrityError, match="not a spool"):
        Spool.open(path, KEYRING)


def test_forgetting_reaches_what_is_not_in_the_ledger(
    shop: Path, earful: Callable[..., Run]
) -> None:
    """What somebody sent and nobody could map is erased with them; that of others stays."""
    with Spool.open(shop / "deliveries.db", Project.open(shop).keyring) as spool:
        for n, writer in enumerate(("Ada_Paddles", "bo", "adam")):
            body = json.dumps({"by": {"name": writer}, "text": f"as Ada_Paddles said, {n}"})
            spool.keep("feedback", body.encode(), f"msg_{n}", NOW)
        (first, *rest) = spool.waiting(["feedback"], 9)
        spool.settle((), [(first.number, "no event fits")], ())
    with Ledger.open(shop / "earful.db", create=True):
        pass
    done = earful("forget", "@ada_paddles", "--yes")
    assert "Erased 1 deliveries that waited or were set aside." in done.out
    assert counts(shop) == {"waiting": len(rest), "aside": 0, "done": 0}
    assert "nothing" in earful("forget", "ada", "--yes").err


def test_an_id_is_one_of_its_own_hook(shop: Path, earful: Callable[..., Run]) -> None:
    """Forgetting a comment by its uid leaves what came by another hook, where its number counts
    something else."""
    with Spool.open(shop / "deliveries.db", Project.open(shop).keyring) as spool:
        spool.keep("feedback", b'{"id": 7, "text": "A heron on the jetty"}', "msg_1", NOW)
        spool.keep("survey", b'{"stars": 7, "text": "The kettle whistles"}', "msg_2", NOW)
    with Ledger.open(shop / "earful.db", create=True):
        pass
    assert "Erased 1 deliveries" in earful("forget", "feedback:generic:7", "--yes").out
    with Spool.open(shop / "deliveries.db", Project.open(shop).keyring) as spool:
        assert [one.hook for one in spool.waiting(["feedback", "survey"], 9)] == ["survey"]


def test_busy_spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it cannot be stored in time, that is said, so that the platform tries again."""
    monkeypatch.setattr("earful.store.spool.BUSY_SECONDS", 0.05)
    with Spool.open(tmp_path / "deliveries.db", KEYRING) as spool:
        writer = sqlite3.connect(tmp_path / "deliveries.db", isolation_level=None)
        writer.execute("BEGIN IMMEDIATE")
        with pytest.raises(TransientError, match="cannot be stored"):
            spool.keep("a", b"{}", None, NOW)
        writer.execute("ROLLBACK")
        writer.close()
        assert spool.keep("a", b"{}", None, NOW)


def test_one_at_a_time(shop: Path, earful: Callable[..., Run]) -> None:
    """Two processes never process at the same time: the order of deliveries would be lost."""
    Project.open(shop).ledger(create=True).close()
    lock = shop / "earful.db.deliveries.lock"
    with alone(lock, "at it", "here"):
        assert earful("deliveries", "--again").code == 1


@pytest.mark.parametrize(
    ("hook", "told"),
    [
        ({"row": "githup"}, "Did you mean 'github'"),
        ({"row": "github"}, "EARFUL_GITHUB_WEBHOOK_SECRET (the secret of the webhook)"),
        ({"row": "generic", "signature": "bear"}, "Did you mean 'bearer'"),
        ({"row": "generic", "secret": "EARFUL_OTHER"}, "EARFUL_OTHER"),
    ],
)
def test_mistakes_in_settings(
    hook: dict[str, str], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row, a dialect or a secret that is missing is named before anything is listened for."""
    monkeypatch.setenv(ENVIRONMENT, STANDARD_SECRET)
    for row in find_rows().values():
        if row.secret.environment != ENVIRONMENT:
            monkeypatch.delenv(row.secret.environment, raising=False)
    with pytest.raises(ConfigurationError) as error:
        make_hooks([HookSettings(name="one", **hook)], find_rows(), bytes(32))
    assert told in str(error.value)


def test_doctor(shop: Path, earful: Callable[..., Run], monkeypatch: pytest.MonkeyPatch) -> None:
    """The examination tells which hooks are ready, what was set aside, and what is missing."""
    project = Project.open(shop)
    with Spool.open(project.settings.spool_path, project.keyring) as spool:
        spool.keep("feedback", b"{}", None, NOW)
        spool.settle([], [(1, "why")], [])
    told = earful("doctor").out
    assert "hook feedback" in told
    assert "0 waiting, 1 set aside" in told
    monkeypatch.delenv(ENVIRONMENT)
    assert f"missing: {ENVIRONMENT}" in earful("doctor").out


def test_retention_by_terms(shop: Path) -> None:
    """What a row's terms allow to be kept for some days only is erased after them."""
    (shop / "hooks").mkdir()
    shipped = Path(__file__).resolve().parents[1] / "ingest/hooks/rows/generic.toml"
    mine = shipped.read_text().replace('name = "generic"', 'name = "mine"')
    (shop / "hooks" / "mine.toml").write_text(f"{mine}retention_days = 30\n")
    path = shop / "earful.toml"
    path.write_text(path.read_text().replace('row = "generic"', 'row = "mine"'))
    assert days_by_terms(Project.open(shop)) == {"feedback": 30}


def test_no_hook(project: Path, earful: Callable[..., Run]) -> None:
    """Without a hook the command says how to add one."""
    done = earful("listen", "--port", "0")
    assert done.code == 2
    assert "[[hook]]" in done.err


def test_mistakes_in_rows(tmp_path: Path) -> None:
    """A key that is wrong in a row is named with its place, and a name is given once."""
    (tmp_path / "mine.toml").write_text('name = "github"\nsignatur = "x"\n')
    with pytest.raises(ConfigurationError, match=r"signatur: there is no such key"):
        find_rows(tmp_path)
    shipped = Path("ingest/hooks/rows/github.toml")
    source = Path(__file__).resolve().parents[1] / shipped
    (tmp_path / "mine.toml").write_text(source.read_text())
    with pytest.raises(ConfigurationError, match="two rows of webhooks are named 'github'"):
        find_rows(tmp_path)
