"""For each connector a local server, so that the contract test can run over all of them.

A new connector needs one entry in ``SCENES``: a function that starts a server of its platform and
yields a ``Scene``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from servers import (
    feeds,
    hackernews,
    imap,
    irc,
    matrix,
    mediawiki,
    reddit,
    rest,
    rows,
    telegram,
    xmpp,
)

FIRST_SECOND = 1_750_000_000
"""When the first comment of every scene was written (15 June 2025)."""


@dataclass(frozen=True)
class Scene:
    """A server with something to pull.

    ``created`` maps the native id of every comment that can be pulled to its second. ``delete``
    and ``edit`` do that to a comment, given its native id, on the server. ``authors`` is false
    where the platform does not tell who wrote a comment.
    """

    options: Mapping[str, Any]
    created: Mapping[str, int]
    delete: Callable[[str], object]
    edit: Callable[[str, str], object]
    environment: Mapping[str, str] = field(default_factory=dict)
    authors: bool = True


@contextmanager
def _hackernews() -> Iterator[Scene]:
    world = hackernews.HackerNewsWorld()
    world.comments(70, FIRST_SECOND, every=10)
    # Several in one second: an edge of the cursor that must lose none of them.
    for item in list(world.items.values())[20:32]:
        item.second = FIRST_SECOND + 300

    def delete(native_id: str) -> None:
        world.items[int(native_id)].deleted = True

    def edit(native_id: str, text: str) -> None:
        world.items[int(native_id)].text = text

    with hackernews.serve(world) as server:
        created = {str(item.id): item.second for item in world.items.values()}
        yield Scene(hackernews.options_for(server.url, page_size=16), created, delete, edit)


@contextmanager
def _reddit() -> Iterator[Scene]:
    world = reddit.RedditWorld()
    world.submissions(130, FIRST_SECOND, every=10)
    world.submissions(4, FIRST_SECOND + 5000, every=0, first=500)
    world.thread("t3_s1", 115, FIRST_SECOND + 40)
    # A thread of a board that is not listed, so that each comment is shown once.
    world.add(reddit.Thing("p1", FIRST_SECOND + 20, "", board="paddles", title="Bent shafts?"))
    world.thread("t3_p1", 60, FIRST_SECOND + 40, more_from=41)

    def delete(native_id: str) -> None:
        world.delete(native_id)

    def edit(native_id: str, text: str) -> None:
        thing = world.things[native_id]
        thing.text, thing.edited = text, thing.second + 60

    with reddit.serve(world) as server:
        options = reddit.options_for(server.url, subreddits=["kayaks"], threads=["p1"])
        created = {name: int(thing.second) for name, thing in world.things.items()}
        yield Scene(options, created, delete, edit, reddit.ENVIRONMENT)


@contextmanager
def _feeds() -> Iterator[Scene]:
    blog = feeds.Blog()
    for n in range(1, 11):
        blog.add(feeds.Said(n, FIRST_SECOND + n * 100, f"A drier bag, please, number {n}"))
    for n in range(11, 71):
        post = 3 + n % 4
        blog.add(feeds.Said(n, FIRST_SECOND + 2000 + n // 6, "And a wider hull", "bo", post))

    def edit(native_id: str, text: str) -> None:
        blog.said[numbers[native_id]].text = text

    numbers = {blog.guid(one): one.number for one in blog.said.values()}
    created = {native_id: blog.said[n].second for native_id, n in numbers.items()}
    with feeds.serve(blog) as server:
        options = feeds.options_for(server.url)
        yield Scene(options, created, lambda i: blog.said.pop(numbers[i], None), edit)


def _letters() -> dict[str, tuple[int, bytes]]:
    """Mails by Message-ID, several of them in one second."""
    seconds = {n: FIRST_SECOND + (300 if 20 <= n < 32 else n * 10) for n in range(1, 71)}
    return {
        f"m{n}@paddlers.example": (second, imap.letter(f"m{n}@paddlers.example", second, "A lid!"))
        for n, second in seconds.items()
    }


@contextmanager
def _imap() -> Iterator[Scene]:
    mailbox, letters = imap.Mailbox(), _letters()
    inbox = mailbox.folders["INBOX"]
    uids = {name: inbox.put(raw, second) for name, (second, raw) in letters.items()}
    created = {name: second for name, (second, _) in letters.items()}
    with imap.ImapServer(mailbox) as server:
        yield Scene(
            imap.options_for(server),
            created,
            lambda name: inbox.mails.pop(uids[name], None),
            lambda name, text: None,
            imap.ENVIRONMENT,
        )


@contextmanager
def _mbox() -> Iterator[Scene]:
    letters = _letters()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "list.mbox"
        raws = [raw.replace(b"\r\n", b"\n") for _, raw in letters.values()]
        path.write_bytes(b"".join(b"From ada Sun Jun 15 10:00:00 2025\n%b\n" % r for r in raws))
        created = {name: second for name, (second, _) in letters.items()}
        yield Scene({"path": str(path)}, created, lambda name: None, lambda name, text: None)


@contextmanager
def _telegram() -> Iterator[Scene]:
    bot = telegram.Bot()
    created = {}
    for n in range(1, 71):
        second = FIRST_SECOND + (300 if 20 <= n < 32 else n * 10)
        bot.put(bot.message(n, second, f"A lid, please, number {n}"))
        created[f"{telegram.CHAT['id']}/{n}"] = second
    with telegram.serve(bot) as server:
        yield Scene(
            telegram.options_for(server.url),
            created,
            lambda name: None,
            lambda name, text: None,
            telegram.ENVIRONMENT,
        )


@contextmanager
def _matrix() -> Iterator[Scene]:
    room = matrix.Room()
    created = {}
    for n in range(1, 131):
        second = FIRST_SECOND + (300 if 20 <= n < 32 else n * 10)
        created[f"{matrix.ROOM}/{room.say(second, f'A lid, please, number {n}')}"] = second
    later = FIRST_SECOND + 5000

    with matrix.serve(room) as server:
        yield Scene(
            matrix.options_for(server.url),
            created,
            lambda name: room.redact(later, name.partition("/")[2]),
            lambda name, text: room.edit(later, name.partition("/")[2], text),
            matrix.ENVIRONMENT,
        )


@contextmanager
def _irc() -> Iterator[Scene]:
    world = irc.IrcWorld.with_history()
    created = {}
    for n in range(1, 131):
        second = FIRST_SECOND + (300 if 20 <= n < 32 else n * 10)
        msgid = world.say(second + n % 4 / 8, f"A lid, please, number {n}")
        created[f"{irc.CHANNEL}/{msgid}"] = second
    world.channels[irc.CHANNEL].sort(key=lambda said: said.at)
    with irc.IrcServer(world) as server:
        yield Scene(irc.options_for(server), created, lambda name: None, lambda name, text: None)


@contextmanager
def _xmpp() -> Iterator[Scene]:
    world = xmpp.XmppWorld()
    room = world.rooms[xmpp.ROOM]
    created = {}
    for n in range(1, 131):
        second = FIRST_SECOND + (300 if 20 <= n < 32 else n * 10)
        created[f"{xmpp.ROOM}/{room.say(second, f'A lid, please, number {n}')}"] = second
    with xmpp.XmppServer(world) as server:
        yield Scene(
            xmpp.options_for(server),
            created,
            lambda name: None,
            lambda name, text: None,
            xmpp.ENVIRONMENT,
        )


@contextmanager
def _mediawiki() -> Iterator[Scene]:
    wiki = mediawiki.Wiki()
    created = {}
    for n in range(1, 71):
        second = FIRST_SECOND + (300 if 20 <= n < 32 else n * 10)
        created[str(wiki.say(second, f"A lid, please, number {n}"))] = second
        if n == 40:
            wiki.save(second, wiki.text.replace("number 7 ", "number seven "))

    def delete(native_id: str) -> None:
        wiki.revisions[int(native_id)].tags.append("mw-reverted")

    with mediawiki.serve(wiki) as server:
        options = mediawiki.options_for(server.url)
        yield Scene(options, created, delete, lambda native_id, text: None)


def _rest(service: rest.Service) -> Callable[[], AbstractContextManager[Scene]]:
    @contextmanager
    def scene() -> Iterator[Scene]:
        world = rest.World()
        first = int(time.time()) - 2 * 86_400 if service.recent else FIRST_SECOND
        world.fill(70, first, every=10)
        # Several in one second: an edge of the cursor that must lose none of them.
        for number in range(20, 32):
            world.remarks[number].second = first + 300
        numbers = {service.native_id(remark): n for n, remark in world.remarks.items()}
        with rest.serve(service, world) as server:
            yield Scene(
                rest.options_for(service, server.url),
                {native_id: world.remarks[n].second for native_id, n in numbers.items()},
                lambda native_id: world.delete(numbers[native_id]),
                lambda native_id, text: world.edit(numbers[native_id], text),
                service.environment,
                service.authors,
            )

    return scene


SCENES: dict[str, Callable[[], AbstractContextManager[Scene]]] = {
    "feeds": _feeds,
    "hackernews": _hackernews,
    "imap": _imap,
    "irc": _irc,
    "mbox": _mbox,
    "matrix": _matrix,
    "mediawiki": _mediawiki,
    "reddit": _reddit,
    "telegram": _telegram,
    "xmpp": _xmpp,
    **{name: _rest(service) for name, service in rows.SERVICES.items()},
}
