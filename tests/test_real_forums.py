"""Connectors of forums, wikis, trackers and Bluesky against the software itself: pytest -m real.

``python tests/servers/real.py install`` installs it; each test starts and stops its own server,
and compares the local service of the quick tests with it.
"""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx2
import pytest
from conftest import ROOT
from servers import mediawiki as wikis
from servers import platforms, rest
from servers.forums import FORUMS
from servers.local import Request
from servers.rest import Service, World
from servers.shapes import BEARER, TOKEN
from servers.software import (
    bluesky,
    hyperkitty,
    isso,
    mediawiki,
    misago,
    redmine,
    roundup,
    wordpress,
)

from earful.records import Comment
from ingest.clean import clean_text
from ingest.connector import Connector, Rechecks
from ingest.registry import discover

pytestmark = pytest.mark.real

FIRST = 1_750_000_000
WISHES = [
    "The lid of the dry bag should close with one hand",
    "Straps that do not slip when they are wet, please",
    "A map of the tides that works without a signal",
    "My paddle needs a longer shaft",
    "Could the hull come in yellow?",
]


@pytest.fixture(autouse=True)
def _installed(request: pytest.FixtureRequest) -> None:
    """Skips a test whose software is not here; its name begins with the software's."""
    software = request.node.name.removeprefix("test_").split("_")[0]
    if not import_module(f"servers.software.{software}").is_installed():
        pytest.skip(f"{software} is not installed: python tests/servers/real.py install")


class Source:
    """A source of a connector, aimed at a server on this machine, from pull to pull."""

    def __init__(self, name: str, url: str = "", folders: list[Path] | None = None, **options: Any):
        self._connector = discover(folders or []).connector(name)
        self._options = {"allow_private": True, **({"base_url": url} if url else {}), **options}
        self._cursor: dict[str, Any] | None = None
        self.known: list[str] = []

    def pull(self, since: datetime | None = None) -> list[Comment]:
        """What is new, by a connector that knows only the cursor of the last pull."""
        # What was written in this very second is left to the next pull.
        time.sleep(1.01 - time.time() % 1)
        one: Connector = self._connector("forum", self._options, self._cursor)
        found = list(one.pull(since, None, None))
        assert one.coverage.state == "complete", one.coverage.detail
        self._cursor = one.cursor
        self.known = [*(comment.native_id for comment in found), *self.known]
        return found

    def recheck(self) -> dict[str, Comment]:
        """What became of the comments pulled so far."""
        one = self._connector("forum", self._options, self._cursor)
        assert isinstance(one, Rechecks)
        return {comment.native_id: comment for comment in one.recheck(self.known)}


def texts(comments: list[Comment]) -> list[str]:
    """Their words, as they are stored."""
    return [clean_text(comment.text) for comment in comments]


def local_reply(
    service: Service, count: int, path: str, authorization: str = "Basic eDp5", **fields: str
) -> Any:
    """What the local service answers where there are so many comments."""
    world = World()
    world.fill(count, FIRST)
    headers = {
        "Host": "127.0.0.1:80",
        "Authorization": authorization,
        "X-Redmine-API-Key": TOKEN,
    }
    return service.answer(world, Request("GET", path, fields, headers)).content


def outline(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every path of a reply with the kind of value there; of a list its first element counts."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from outline(inner, f"{path}.{key}")
    elif isinstance(value, list) and value:
        yield from outline(value[0], f"{path}[]")
    else:
        yield path, type(value).__name__


def differences(local: Any, real: Any) -> list[str]:
    """Where a reply of the local service has another shape than the real one's.

    What is null may be of any kind; what the real server sends besides does not matter.
    """
    there = dict(outline(real))
    return [
        f"{path} is {kind}, but {there.get(path, 'not there')} at the real server"
        for path, kind in outline(local)
        if path not in there or (kind != there[path] and "NoneType" not in (kind, there[path]))
    ]


# Isso


def test_isso_pulled() -> None:
    """Answers and comments of all pages come once, also the newest behind older answers; edits
    and deletions are found, and a comment that was deleted under its answer."""
    with isso.serve() as url, httpx2.Client(base_url=url, timeout=60) as people:

        def say(text: str, page: str = "/bags/", parent: int | None = None) -> dict[str, Any]:
            body = {"text": text, "author": "ada", "title": "Bags", "parent": parent}
            reply = people.post("/new", params={"uri": page}, json=body).raise_for_status()
            return dict(reply.json())

        first = say(WISHES[0])
        answer = say("Mine does, with some force", parent=first["id"])
        say(WISHES[1], "/straps/")
        source = Source("isso", url, server="blog", site="https://paddles.example")
        got = source.pull()
        assert sorted(texts(got)) == sorted([WISHES[0], "Mine does, with some force", WISHES[1]])
        by_id = {comment.native_id: comment for comment in got}
        opened, below = by_id[str(first["id"])], by_id[str(answer["id"])]
        assert below.parent_uid == opened.uid
        assert below.thread_uid == opened.thread_uid
        assert opened.url == f"https://paddles.example/bags/#isso-{first['id']}"
        assert opened.author == "ada"
        assert opened.created_at is not None
        assert abs(opened.created_at.timestamp() - first["created"]) < 1
        assert source.pull() == []
        say(WISHES[2])
        assert texts(source.pull()) == [WISHES[2]]

        people.put(f"/id/{answer['id']}", json={"text": "It does now"}).raise_for_status()
        people.delete(f"/id/{first['id']}", headers=JSON).raise_for_status()
        again = source.recheck()
        assert clean_text(again[str(answer["id"])].text) == "It does now"
        assert again[str(answer["id"])].edited_at is not None
        gone = [native_id for native_id, comment in again.items() if comment.deleted]
        assert gone == [str(first["id"])]

        real = people.get("/latest", params={"limit": 9}).json()
        local = local_reply(FORUMS["isso"], 5, "/latest", limit="9")
        assert differences(local, real) == []
        # The order that the row's comment speaks of, in both.
        for reply in (local, real):
            answers = [comment["parent"] is not None for comment in reply]
            assert answers == sorted(answers)


JSON = {"Content-Type": "application/json"}


# Roundup


class Tracker:
    """Somebody who writes into a tracker of Roundup."""

    def __init__(self, url: str) -> None:
        pair = base64.b64encode(f"admin:{roundup.PASSWORD}".encode()).decode()
        headers = {
            "Authorization": f"Basic {pair}",
            "X-Requested-With": "rest",
            "Referer": f"{url}/",
            "Origin": url,
        }
        self._client = httpx2.Client(base_url=f"{url}/rest/data/msg", headers=headers, timeout=60)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def say(self, text: str, date: str = "") -> str:
        """A message; its id."""
        data = {"content": text, "author": "1", **({"date": date} if date else {})}
        return str(self._client.post("", data=data).raise_for_status().json()["data"]["id"])

    def patiently_say(self, text: str, date: str) -> None:
        """A message, said again where the tracker refuses so many calls."""
        for _ in range(100):
            try:
                self.say(text, date)
                return
            except httpx2.HTTPStatusError as error:
                if error.response.status_code != 429:
                    raise
                time.sleep(float(error.response.headers["Retry-After"]))

    def edit(self, message: str, text: str) -> None:
        """A message gets other words."""
        self._changed("PUT", f"/{message}/content", message, data={"data": text})

    def retire(self, message: str) -> None:
        """A message is taken away."""
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        self._changed("DELETE", f"/{message}", message, headers=form)

    def get(self, **parameters: str | int) -> Any:
        """The list of messages."""
        return self._client.get("", params=parameters).raise_for_status().json()

    def _changed(self, method: str, path: str, message: str, **sent: Any) -> None:
        etag = self._client.get(f"/{message}").json()["data"]["@etag"]
        headers = {"If-Match": etag, **sent.pop("headers", {})}
        self._client.request(method, path, headers=headers, **sent).raise_for_status()


@pytest.fixture
def _as_admin(monkeypatch: pytest.MonkeyPatch) -> None:
    for prefix in ("EARFUL_ROUNDUP", "EARFUL_TRACKER"):
        monkeypatch.setenv(f"{prefix}_USER", "admin")
        monkeypatch.setenv(f"{prefix}_PASSWORD", roundup.PASSWORD)


@pytest.mark.usefixtures("_as_admin")
def test_roundup_pulled() -> None:
    """Messages come once, those without a date too; an edited one is found, and a retired one."""
    with roundup.serve(calls=4000, seconds=20) as url, closing(Tracker(url)) as tracker:
        said = [tracker.say(text) for text in WISHES]
        source = Source("roundup", url, server="tracker")
        got = source.pull()
        assert sorted(texts(got)) == sorted(WISHES)
        assert got[0].author == "admin"
        assert got[0].created_at is not None
        assert 0 <= time.time() - got[0].created_at.timestamp() < 3600
        assert source.pull() == []
        tracker.say("And a pocket for keys")
        assert texts(source.pull()) == ["And a pocket for keys"]

        source.known = said
        tracker.edit(said[1], "Straps that hold when they are wet")
        tracker.retire(said[2])
        again = source.recheck()
        assert again[said[1]].text == "Straps that hold when they are wet"
        assert [native_id for native_id in said if again[native_id].deleted] == [said[2]]

        asked: dict[str, Any] = {
            "@sort": "creation",
            "@verbose": 3,
            "@fields": "content,author,creation",
            "@page_size": 2,
            "@page_index": 1,
        }
        texted = {name: str(value) for name, value in asked.items()}
        local = local_reply(FORUMS["roundup"], 5, "/rest/data/msg", **texted)
        assert differences(local, tracker.get(**asked)) == []


@pytest.mark.usefixtures("_as_admin")
def test_roundup_by_the_row_of_the_guide(tmp_path: Path) -> None:
    """The row that docs/adding-a-connector.md writes step by step pulls from a real tracker, whose
    limit on calls is waited out."""
    guide = (ROOT / "docs" / "adding-a-connector.md").read_text(encoding="utf-8")
    row = re.findall(r"```toml\n(name = .*?)```", guide, re.DOTALL)[0]
    fields = re.findall(r'`("@fields" = "[^`]+")`', guide)[0]
    since = re.findall(r"```toml\n(since = .*?)\n```", guide, re.DOTALL)[0]
    whole = row.replace("parameters = {", f"parameters = {{ {fields},")
    whole = whole.replace('first = "oldest"', f'first = "oldest"\n{since}')
    with roundup.serve(calls=4, seconds=2) as url, closing(Tracker(url)) as tracker:
        (tmp_path / "tracker.toml").write_text(whole.replace("http://127.0.0.1:18090", url))
        for n, text in enumerate(WISHES * 2):
            tracker.patiently_say(text, f"2025-06-15.10:{n:02}:00")
        source = Source("tracker", url, [tmp_path])
        assert texts(source.pull()) == WISHES * 2
        assert source.pull() == []


# HyperKitty


def _mail(number: int, text: str, answers: int | None = None) -> bytes:
    lines = [
        "From: Ada <ada@lakeside.example>",
        f"To: {hyperkitty.LIST}",
        f"Message-ID: <m{number}@lakeside.example>",
        f"Date: Sun, 15 Jun 2025 10:{number:02}:00 +0200",
        "Subject: Dry bags",
        *([f"In-Reply-To: <m{answers}@lakeside.example>"] if answers else []),
        "",
        text,
        "",
    ]
    return "\n".join(lines).encode()


def test_hyperkitty_pulled() -> None:
    """Mails come once with their writers' own words and their threads; one that arrives later is
    new, and one that a moderator took away is a tombstone."""
    with hyperkitty.serve() as archive:
        opening = [_mail(n, text) for n, text in enumerate(WISHES, 1)]
        answer = f"Ada wrote:\n> {WISHES[0]}\n\nAnd with gloves on\n\n-- \nBo, Lakeside"
        archive.add(*opening, _mail(9, answer, answers=1))
        source = Source("hyperkitty", archive.url, server="lists", lists=[hyperkitty.LIST])
        got = source.pull()
        assert sorted(texts(got)) == sorted([*WISHES, "And with gloves on"])
        by_text = {comment.text.strip(): comment for comment in got}
        first, below = by_text[WISHES[0]], by_text["And with gloves on"]
        assert below.parent_uid == first.uid
        assert below.thread_uid == first.thread_uid
        assert first.created_at == datetime.fromisoformat("2025-06-15T08:01:00Z")
        assert first.title == "Dry bags"
        assert source.pull() == []
        archive.add(_mail(30, "A whistle on the vest"))
        assert texts(source.pull()) == ["A whistle on the vest"]
        archive.delete("m3@lakeside.example")
        gone = [native_id for native_id, one in source.recheck().items() if one.deleted]
        assert gone == [by_text[WISHES[2]].native_id]

        mails = f"/api/list/{hyperkitty.LIST}/emails/"
        with httpx2.Client(headers={"Accept": "application/json"}, timeout=60) as reader:
            real = reader.get(f"{archive.url}{mails}", params={"limit": 9}).json()
            one = reader.get(real["results"][0]["url"]).json()
        service = FORUMS["hyperkitty"]
        local = local_reply(service, 5, mails, limit="9")
        assert differences(local, real) == []
        place = local["results"][0]["url"].removeprefix("http://127.0.0.1:80")
        assert differences(local_reply(service, 5, place), one) == []


# WordPress


def test_wordpress_feeds_pulled() -> None:
    """Its feeds bring the post and the comments below it; an edited comment comes again, together
    with the next new one, since the server goes by the date of the newest comment."""
    with wordpress.serve() as site:
        now = int(time.time())
        said = [site.say(text, now - 500 + n) for n, text in enumerate(WISHES[:4])]
        source = Source("feeds", feeds=[f"{site.url}/feed/"])
        got = source.pull()
        assert {"Hello world!"} == {one.title for one in got if one.kind == "post"}
        below = {one.native_id: one for one in got if one.kind == "comment"}
        assert sorted(texts(list(below.values()))) == sorted(WISHES[:4])
        assert {one.author for one in below.values()} == {"bo"}
        [post] = (one for one in got if one.kind == "post")
        assert {one.thread_uid for one in below.values()} == {post.uid}
        assert source.pull() == []
        edit = f"['comment_ID' => {said[1]}, 'comment_content' => 'Straps that hold']"
        site.run(f"wp_update_comment({edit});")
        assert source.pull() == []
        site.say(WISHES[4], int(time.time()))
        assert sorted(texts(source.pull())) == sorted(["Straps that hold", WISHES[4]])


def test_wordpress_pulled() -> None:
    """On a site that has changed its time zone, comments come once and over two pages; an edited
    comment is found, and those that were put into the trash, deleted or marked as spam."""
    with wordpress.serve() as site:
        said = [site.say(text, FIRST + n) for n, text in enumerate(WISHES)]
        many = (
            "for ($n = 0; $n < 110; $n++) wp_insert_comment(['comment_post_ID' => 1,"
            # Their local time is that of a zone nine hours ahead.
            f" 'comment_date' => gmdate('Y-m-d H:i:s', {FIRST} + 60 + 9 * 3600 + intdiv($n, 3)),"
            " 'comment_author' => 'cy', 'comment_content' => \"A wider hull, number $n\","
            f" 'comment_date_gmt' => gmdate('Y-m-d H:i:s', {FIRST} + 60 + intdiv($n, 3))]);"
        )
        site.run(many)
        source = Source("wordpress", site.url, server="blog")
        got = source.pull()
        assert len({comment.uid for comment in got}) == len(got) == 115
        assert texts(got)[:-6:-1] == WISHES
        assert got[-1].created_at == datetime.fromtimestamp(FIRST, UTC)
        assert got[-1].author == "bo"
        assert source.pull() == []
        answer = site.say("Mine closes with one hand", int(time.time()) - 5, parent=said[0])
        [late] = source.pull()
        assert (late.native_id, late.parent_uid) == (str(answer), got[-1].uid)

        source.known = [str(native_id) for native_id in said]
        edit = f"['comment_ID' => {said[0]}, 'comment_content' => 'It should lock']"
        site.run(f"wp_update_comment({edit}); wp_trash_comment({said[1]});")
        site.run(f"wp_delete_comment({said[2]}, true); wp_spam_comment({said[3]});")
        again = source.recheck()
        assert clean_text(again[str(said[0])].text) == "It should lock"
        gone = [native_id for native_id in source.known if again[native_id].deleted]
        assert gone == [str(native_id) for native_id in said[1:4]]

        comments = "/wp-json/wp/v2/comments"
        asked = {"order": "desc", "orderby": "date_gmt", "per_page": "9", "page": "1"}
        real = httpx2.get(f"{site.url}{comments}", params=asked, timeout=60).json()
        local = local_reply(rest.SERVICES["wordpress"], 5, comments, **asked)
        assert differences(local, real) == []


# MediaWiki


class Editor:
    """Somebody who writes into the wiki: the administrator, or somebody without an account."""

    def __init__(self, api: str, *, administrator: bool = False) -> None:
        self._client = httpx2.Client(timeout=120)
        self._api = api
        if administrator:
            token = self.get(meta="tokens", type="login")["tokens"]["logintoken"]
            login = {"lgname": "Ada", "lgpassword": mediawiki.PASSWORD, "lgtoken": token}
            assert self._post(action="login", **login)["login"]["result"] == "Success"

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def get(self, **asked: str | int) -> Any:
        """What a query finds."""
        return self.reply(**asked)["query"]

    def reply(self, **asked: str | int) -> Any:
        """The whole reply to a query."""
        query = {"action": "query", "format": "json", "formatversion": 2, **asked}
        return self._client.get(self._api, params=query).raise_for_status().json()

    def edit(self, title: str, **changes: str | int) -> int:
        """An edit; the number of its revision."""
        return int(self.act("edit", title=title, **changes)["edit"]["newrevid"])

    def act(self, action: str, **how: str | int) -> Any:
        """Anything that changes the wiki."""
        token = self.get(meta="tokens")["tokens"]["csrftoken"]
        done = self._post(action=action, token=token, **how)
        assert "error" not in done, done
        return done

    def _post(self, **data: str | int) -> Any:
        sent = {"format": "json", "formatversion": 2, **data}
        return self._client.post(self._api, data=sent).raise_for_status().json()


def test_mediawiki_pulled() -> None:
    """Signed and unsigned words come once, each with the one who saved them, corrections and what
    was moved do not; an edit that was reverted, hidden or deleted with its page is a tombstone."""
    with (
        mediawiki.serve() as wiki,
        closing(Editor(wiki.api, administrator=True)) as ada,
        closing(Editor(wiki.api)) as guest,
    ):
        page = "Talk:Kayaks"
        first = guest.edit(page, section="new", sectiontitle="Lids", text=f"{WISHES[0]}. ~~~~")
        answer = ada.edit(page, appendtext=f"\n:{{{{ping|you}}}} {WISHES[1]} ~~~~")
        unsigned = guest.edit(page, appendtext=f"\n* {WISHES[2]}")
        here = ada.reply(prop="revisions", titles=page, rvprop="content", rvslots="main")
        now = here["query"]["pages"][0]["revisions"][0]["slots"]["main"]["content"]
        ada.edit(page, text=now.replace("one hand", "one finger"))
        ada.edit("Talk:Kayaks/Archive", text=now.partition("\n:")[0])
        other = guest.edit("Talk:Paddles", text=f"{WISHES[3]} ~~~~")
        ada.edit("Kayaks", text="A kayak is a boat.")

        source = Source("mediawiki", api=wiki.api)
        got = {comment.native_id: comment for comment in source.pull()}
        told = {native_id: comment.text for native_id, comment in got.items()}
        assert told == {
            str(first): f"{WISHES[0]}.",
            str(answer): WISHES[1],
            str(unsigned): WISHES[2],
            str(other): WISHES[3],
        }
        assert got[str(first)].title == "Lids"
        assert got[str(first)].author == "127.0.0.1"
        assert got[str(answer)].author == "Ada"
        assert got[str(answer)].channel == page
        assert source.pull() == []
        more = [guest.edit(page, appendtext=f"\n\n{text} ~~~~") for text in WISHES[3:]]
        assert texts(source.pull()) == WISHES[3:]
        single = Source("mediawiki", api=wiki.api, pages=["Talk:Paddles"])
        assert texts(single.pull()) == [WISHES[3]]

        ada.edit(page, undo=more[1])
        hide = {"type": "revision", "ids": unsigned, "hide": "content"}
        ada.act("revisiondelete", **hide)
        ada.act("delete", title="Talk:Paddles")
        wiki.run_jobs()
        again = source.recheck()
        assert sorted(again) == sorted(map(str, [unsigned, other, more[1]]))
        assert all(comment.deleted for comment in again.values())

        asked = {
            "list": "allrevisions",
            "arvprop": "ids|timestamp|user|content|tags",
            "arvslots": "main",
            "arvnamespace": "1",
            "arvdir": "newer",
            "arvstart": "2001-01-15T00:00:00Z",
            "arvend": "2099-01-01T00:00:00Z",
            "arvlimit": "1",
        }
        small = wikis.Wiki(size=1)
        small.say(FIRST, WISHES[0])
        small.say(FIRST, WISHES[1])
        request = Request("GET", "/api.php", asked, {})
        assert differences(small.answer(request).content, ada.reply(**asked)) == []
        named = {"prop": "revisions", "rvslots": "main", "rvprop": asked["arvprop"]}
        local = Request("GET", "/api.php", {**named, "revids": "1|99"}, {})
        true = ada.reply(**named, revids=f"{first}|99")
        assert differences(small.answer(local).content, true) == []


# Redmine


def test_redmine_pulled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Issues come once and over two pages, closed ones too; an edited one comes again, and one
    that was deleted is a tombstone."""
    monkeypatch.setenv("EARFUL_REDMINE_KEY", redmine.KEY)
    headers = {"X-Redmine-API-Key": redmine.KEY}
    with (
        redmine.serve() as url,
        httpx2.Client(base_url=url, headers=headers, timeout=120) as people,
    ):
        project = {"name": "Kayaks", "identifier": "kayaks", "tracker_ids": [1]}
        made = people.post("/projects.json", json={"project": project}).raise_for_status()
        place = {"project_id": made.json()["project"]["id"], "tracker_id": 1}

        def say(text: str) -> int:
            issue = {**place, "subject": "A wish", "description": text}
            reply = people.post("/issues.json", json={"issue": issue}).raise_for_status()
            return int(reply.json()["issue"]["id"])

        def change(issue: int, **values: Any) -> None:
            people.put(f"/issues/{issue}.json", json={"issue": values}).raise_for_status()

        said = [say(text) for text in WISHES]
        change(said[4], status_id=5)
        for n in range(100):
            say(f"A wider hull, number {n}")
        source = Source("redmine", url, server="tracker")
        got = source.pull()
        assert len({comment.uid for comment in got}) == len(got) == 105
        assert set(WISHES) < set(texts(got))
        assert got[0].title == "A wish"
        assert got[0].channel == "Kayaks"
        assert got[0].author == "Redmine Admin"
        assert source.pull() == []
        change(said[1], description="Straps that hold when they are wet")
        late = say("And a pocket for keys")
        assert {comment.native_id: comment.text for comment in source.pull()} == {
            str(said[1]): "Straps that hold when they are wet",
            str(late): "And a pocket for keys",
        }
        people.delete(f"/issues/{said[2]}.json").raise_for_status()
        source.known = [str(native_id) for native_id in said]
        gone = [native_id for native_id, one in source.recheck().items() if one.deleted]
        assert gone == [str(said[2])]

        asked = {"status_id": "*", "sort": "updated_on:asc", "limit": "9"}
        real = people.get("/issues.json", params=asked).json()
        local = local_reply(platforms.SHAPES["redmine"].service(), 5, "/issues.json", **asked)
        assert differences(local, real) == []


# Misago


def test_misago_pulled() -> None:
    """Posts of threads over several pages come once, with what was pinned; a thread that is
    written to again brings what is new, and what a moderator hid or a writer edited."""
    with misago.serve() as forum:
        made = f"""
lids = post_thread(Category.objects.get(slug="first-category"), "Lids", "Ada", is_global=True)
for words in {WISHES!r}:
    reply_thread(lids, "Bo", f"<p>{{words}}</p>", posted_on=timezone.now())
for n in range(45):
    thread = post_thread(lids.category, f"Hulls {{n}}", "Cy")
straps = post_thread(lids.category, "Straps", "Ada")
for n in range(40):
    reply_thread(straps, "Di", f"<p>They slip, tried {{n}} times</p>", posted_on=timezone.now())
reply_thread(straps, "Di", "closed", posted_on=timezone.now(), is_event=True)
"""
        forum.run(made)
        source = Source("misago", forum.url, server="forum")
        got = source.pull()
        assert len({comment.uid for comment in got}) == len(got) == 6 + 45 + 41
        lids = [comment for comment in got if comment.title == "Lids"]
        assert texts(lids)[1:] == WISHES
        assert len({comment.thread_uid for comment in lids}) == 1
        assert lids[1].author == "Bo"
        assert lids[1].url == f"https://forum/t/lids/1/post/{lids[1].native_id}/"
        again = source.pull()
        assert again == []

        first, second, third = (int(comment.native_id) for comment in lids[1:4])
        changed = f"""
post = Post.objects.get(id={first})
post.parsed, post.updated_on = "<p>It should lock</p>", timezone.now()
update_post_checksum(post)
post.save()
Post.objects.filter(id={second}).update(is_hidden=True)
reply_thread(Thread.objects.get(title="Lids"), "Bo", "<p>A whistle</p>", posted_on=timezone.now())
"""
        forum.run(changed)
        told = {comment.native_id: comment for comment in source.pull()}
        assert clean_text(told[str(first)].text) == "It should lock"
        assert told[str(first)].edited_at is not None
        assert told[str(second)].deleted
        assert "A whistle" in texts(list(told.values()))
        assert str(third) not in told

        with httpx2.Client(base_url=forum.url, timeout=60) as reader:
            threads = reader.get("/api/threads/").json()
            posts = reader.get("/api/threads/1/posts/").json()
        service = FORUMS["misago"]
        assert differences(local_reply(service, 30, "/api/threads/"), threads) == []
        assert differences(local_reply(service, 30, "/api/threads/20/posts/"), posts) == []


# Bluesky

_SEARCH = "app.bsky.feed.searchPosts"
_POSTS = "app.bsky.feed.getPosts"


class Poster:
    """Somebody with an account at a personal data server."""

    def __init__(self, url: str, name: str) -> None:
        self.handle = f"{name}.test"
        self._client = httpx2.Client(base_url=f"{url}/xrpc/", timeout=60)
        account = {"handle": self.handle, "email": f"{name}@mail.test", "password": "sesame-9"}
        made = self._post("com.atproto.server.createAccount", **account)
        self.did = str(made["did"])
        self._client.headers["Authorization"] = f"Bearer {made['accessJwt']}"

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def app_password(self) -> str:
        """What another program may log in with."""
        made = self._post("com.atproto.server.createAppPassword", name="earful")
        return str(made["password"])

    def say(self, text: str, at: datetime, answers: dict[str, str] | None = None) -> dict[str, str]:
        """A post that bears this date; its address and the sum over its content."""
        reply = {"reply": {"root": answers, "parent": answers}} if answers else {}
        place = {"repo": self.did, "collection": "app.bsky.feed.post"}
        record = {**_post(text, at), **reply}
        made = self._post("com.atproto.repo.createRecord", **place, record=record)
        return {"uri": made["uri"], "cid": made["cid"]}

    def say_all(self, said: list[tuple[str, datetime]]) -> list[str]:
        """Many posts at once; their addresses."""
        create = {
            "$type": "com.atproto.repo.applyWrites#create",
            "collection": "app.bsky.feed.post",
        }
        writes = [{**create, "value": _post(text, at)} for text, at in said]
        made = self._post("com.atproto.repo.applyWrites", repo=self.did, writes=writes)
        return [str(one["uri"]) for one in made["results"]]

    def delete(self, uri: str) -> None:
        """A post is taken back."""
        _, collection, key = uri.removeprefix("at://").split("/")
        place = {"repo": self.did, "collection": collection, "rkey": key}
        self._post("com.atproto.repo.deleteRecord", **place)

    def get(self, method: str, **asked: Any) -> Any:
        """What the network answers."""
        return self._client.get(method, params=asked).raise_for_status().json()

    def wait_for(self, *uris: str, gone: bool = False) -> None:
        """Until the AppView, which hears of posts a little later, shows them, or no more."""
        for _ in range(600):
            parts = [uris[n : n + 25] for n in range(0, len(uris), 25)]
            found = sum(len(self.get(_POSTS, uris=part)["posts"]) for part in parts)
            if found == (0 if gone else len(uris)):
                return
            time.sleep(0.1)
        raise AssertionError(f"the AppView shows {found} of {len(uris)} posts")

    def _post(self, method: str, **body: Any) -> Any:
        reply = self._client.post(method, json=body).raise_for_status()
        return reply.json() if reply.content else {}


def _post(text: str, at: datetime) -> dict[str, Any]:
    date = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return {"$type": "app.bsky.feed.post", "text": text, "createdAt": date, "langs": ["en"]}


def test_bluesky_pulled(monkeypatch: pytest.MonkeyPatch) -> None:
    """By an app password, posts of two people that a search finds come once and over two pages; a
    new one comes, one whose writer's clock is behind as well, and a deleted one is a tombstone."""
    with (
        bluesky.serve() as url,
        closing(Poster(url, "ada-paddles")) as ada,
        closing(Poster(url, "bo-paddles")) as bo,
    ):
        monkeypatch.setenv("EARFUL_BLUESKY_USER", bo.handle)
        monkeypatch.setenv("EARFUL_BLUESKY_PASSWORD", bo.app_password())
        start = datetime.fromtimestamp(FIRST, UTC)
        wishes = [f"A wish for the kayak: {text}" for text in WISHES]
        many = [
            (f"A wider kayak, number {n}", start + timedelta(seconds=60 + n // 3))
            for n in range(120)
        ]
        said = ada.say_all([(text, start) for text in wishes])
        said += bo.say_all([*many, ("The lake is calm today", start)])
        opened = ada.say("Does the kayak fit on a bicycle?", start + timedelta(hours=1))
        answer = bo.say("Mine does, a kayak for one", start + timedelta(hours=2), opened)
        bo.wait_for(*said, opened["uri"], answer["uri"])

        source = Source("bluesky", url, queries=["kayak"])
        got = source.pull()
        assert len({comment.uid for comment in got}) == len(got) == 5 + 120 + 2
        assert set(wishes) < set(texts(got))
        by_id = {comment.native_id: comment for comment in got}
        below, above = by_id[answer["uri"]], by_id[opened["uri"]]
        assert (below.parent_uid, below.thread_uid) == (above.uid, above.uid)
        assert (above.author, below.author) == (ada.did, bo.did)
        assert above.created_at == start + timedelta(hours=1)
        key = opened["uri"].rpartition("/")[2]
        assert above.url == f"https://bsky.app/profile/{ada.did}/post/{key}"
        assert source.pull() == []

        now = datetime.now(UTC)
        new = ada.say("A kayak with a whistle", now)
        slow = bo.say("A kayak in yellow", now - timedelta(hours=1))
        bo.wait_for(new["uri"], slow["uri"])
        assert texts(source.pull()) == ["A kayak with a whistle", "A kayak in yellow"]

        ada.delete(new["uri"])
        bo.wait_for(new["uri"], gone=True)
        again = source.recheck()
        assert [native_id for native_id, one in again.items() if one.deleted] == [new["uri"]]
        assert again[slow["uri"]].text == "A kayak in yellow"

        asked = {"q": "kayak", "sort": "latest", "limit": "9"}
        real = bo.get(_SEARCH, **asked)
        service = platforms.SHAPES["bluesky"].service()
        local = local_reply(service, 15, f"/xrpc/{_SEARCH}", BEARER[1], **asked)
        assert differences(local, real) == []
