"""Exports of platforms: recognised by content, every record accounted for, uids as when live."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from test_files_reading import comments

from earful.errors import ConfigurationError
from earful.records import Comment
from ingest.files import FileReading, Reject, read_comments
from ingest.files.zstandard import USUAL_WINDOW, window_bytes

NINE = 1_700_000_000


def read(path: Path, **options: Any) -> FileReading:
    return read_comments(path, source="listening", **options)


def by_id(found: FileReading) -> dict[str, Comment]:
    return {one.native_id: one for one in comments(found)}


def zipped(path: Path, files: Mapping[str, Any]) -> Path:
    """A zip of files; what is no text or bytes is written as JSON."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            told = content if isinstance(content, str | bytes) else json.dumps(content)
            archive.writestr(name, told)
    return path


def lines(*records: Mapping[str, Any]) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def reddit_comment(**other: Any) -> dict[str, Any]:
    return {
        "id": "k1",
        "subreddit": "kettles",
        "link_id": "t3_p1",
        "parent_id": "t3_p1",
        "author": "steamwhistle",
        "body": "A lid that stays open while I pour, please 🫖",
        "created_utc": NINE,
        "score": 4,
        "edited": False,
        **other,
    }


def reddit_post(**other: Any) -> dict[str, Any]:
    return {
        "id": "p1",
        "subreddit": "kettles",
        "author": "limescale",
        "title": "Which kettle keeps 80 degrees?",
        "selftext": "Mine only boils.",
        "is_self": True,
        "num_comments": 3,
        "created_utc": str(NINE - 60),
        "score": 12,
        **other,
    }


# Reddit


def test_a_dump_of_reddit_is_what_the_live_connector_would_have_seen(tmp_path: Path) -> None:
    """Uids, parents, threads and links are those of the API; seconds come as text or number."""
    dump = tmp_path / "RC_2023-11.jsonl"
    dump.write_bytes(
        lines(
            reddit_comment(),
            reddit_comment(id="k2", parent_id="t1_k1", edited=NINE + 90, body="And a quiet one"),
            reddit_comment(id="k3", author="[deleted]", body="[removed]"),
            reddit_post(),
        )
    )
    found = read(dump)
    assert found.describe() == ["recognised: a dump of Reddit"]
    got = by_id(found)
    first = got["t1_k1"]
    assert first.uid == "listening:reddit.com:t1_k1"
    assert first.parent_uid == first.thread_uid == "listening:reddit.com:t3_p1"
    assert first.url == "https://www.reddit.com/r/kettles/comments/p1/_/k1/"
    assert (first.channel, first.author, first.reach) == ("r/kettles", "steamwhistle", 4)
    assert got["t1_k2"].parent_uid == first.uid
    assert got["t1_k2"].edited_at == datetime.fromtimestamp(NINE + 90, UTC)
    assert got["t1_k3"].deleted
    assert got["t1_k3"].author is None
    assert not got["t1_k3"].text
    post = got["t3_p1"]
    assert (post.kind, post.title) == ("post", "Which kettle keeps 80 degrees?")
    assert post.created_at == datetime.fromtimestamp(NINE - 60, UTC)
    assert "1 had been deleted at the source; their words are gone." in found.notes


def test_broken_lines_of_a_dump_are_set_aside(tmp_path: Path) -> None:
    """A line that is no JSON, has no time or nests too deep does not stop the others."""
    dump = tmp_path / "RC.ndjson"
    dump.write_bytes(
        lines(reddit_comment())
        + b'{"id": "k9", "body": "cut of'
        + b"\n"
        + lines(reddit_comment(id="k4", created_utc="soon"))
        + b'{"id": "k5", "x": '
        + b"[" * 100_000
        + b"]" * 100_000
        + b"}\n"
        + lines(reddit_comment(id="k6", body="שמירת חום בבקשה"))
    )
    entries = list(read(dump))
    assert [one.native_id for one in entries if isinstance(one, Comment)] == ["t1_k1", "t1_k6"]
    rejects = [one for one in entries if isinstance(one, Reject)]
    assert [one.line for one in rejects] == [2, 3, 4]
    assert "k4" in rejects[1].raw


def test_parquet_of_the_public_archives(tmp_path: Path) -> None:
    """The same columns in Parquet, with times as numbers, are the same comments."""
    path = tmp_path / "part-0.parquet"
    rows = [reddit_comment(edited=None), reddit_comment(id="k2", edited=None, author=None)]
    pq.write_table(pa.Table.from_pylist(rows), path)
    got = by_id(read(path))
    assert set(got) == {"t1_k1", "t1_k2"}
    assert got["t1_k1"].author == "steamwhistle"


def test_a_table_about_reddit_is_still_a_table(tmp_path: Path) -> None:
    """CSV files are read as before, and --export table says so for any file."""
    path = tmp_path / "posts.csv"
    path.write_text("id,subreddit,body,link_id,created_utc\nk1,tea,more kettles please,t3_p,1\n")
    assert "recognised" not in read(path).describe()[0]
    dump = tmp_path / "RC.jsonl"
    dump.write_bytes(lines(reddit_comment(), reddit_comment(id="k2")))
    assert comments(read(dump, export="table"))[0].instance == "import"


def long_zst(path: Path, data: bytes) -> Path:
    zstd = pytest.importorskip("backports.zstd")
    options = {zstd.CompressionParameter.window_log: 31}
    packed = b""
    # Two frames, since the dumps are joined from several. The size of a frame is not known when
    # it begins, as with a stream, so its header tells the window.
    for start, end in ((0, len(data) // 2), (len(data) // 2, len(data))):
        compressor = zstd.ZstdCompressor(options=options)
        packed += compressor.compress(data[start:end]) + compressor.flush()
    path.write_bytes(packed)
    return path


def test_windows_of_two_gibibytes_are_read(tmp_path: Path) -> None:
    """Dumps are packed with --long=31, past what other decoders take; frames may be several."""
    data = lines(*(reddit_comment(id=f"k{n}", body=f"kettle number {n}") for n in range(1000)))
    path = long_zst(tmp_path / "RC_2019-04.zst", data)
    assert window_bytes(path.read_bytes()[:18]) == 1 << 31
    assert len(comments(read(path))) == 1000


def test_a_missing_decoder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra the message says what to install."""
    path = long_zst(tmp_path / "RC_2019-04.zst", lines(reddit_comment()))
    monkeypatch.setattr("ingest.files.zstandard._long_windows", None)
    with pytest.raises(ConfigurationError, match="window of 2048 MiB") as caught:
        read(path)
    assert "earful[archives]" in caught.value.next_step


def test_the_window_stands_in_the_header() -> None:
    """RFC 8878: exponent and mantissa, or the content's size where there is one segment."""
    magic = b"\x28\xb5\x2f\xfd"
    assert window_bytes(magic + bytes([0x00, 0x88]) + bytes(12)) == USUAL_WINDOW
    assert window_bytes(magic + bytes([0x20, 200]) + bytes(12)) == 200
    assert window_bytes(b"PK\x03\x04" + bytes(14)) == 0


@pytest.mark.parametrize("pack", ["gz", "zst", "long.zst"])
def test_a_dump_that_breaks_off_keeps_what_came_before(tmp_path: Path, pack: str) -> None:
    """Nearly all rows before the damage are there; the rest is one reject that says why."""
    data = lines(
        *(
            reddit_comment(id=f"k{n}", body=f"kettle {n * 7919**3 % 1_000_003:x}")
            for n in range(4_000)
        )
    )
    path = tmp_path / f"RC.{pack}"
    if pack == "gz":
        path.write_bytes(gzip.compress(data))
    elif pack == "zst":
        path.write_bytes(pa.compress(data, codec="zstd", asbytes=True))
    else:
        long_zst(path, data)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 9 // 10])
    entries = list(read(path))
    kept = [one for one in entries if isinstance(one, Comment)]
    assert len(kept) > 3_000
    rejects = [one for one in entries if isinstance(one, Reject)]
    assert "breaks off" in rejects[-1].reason


# X


def post(number: str, words: str, **other: Any) -> dict[str, Any]:
    return {
        "tweet": {
            "id_str": number,
            "full_text": words,
            "created_at": "Wed Oct 10 20:19:24 +0000 2018",
            "lang": "en",
            "favorite_count": "3",
            "retweet_count": "1",
            **other,
        }
    }


def x_file(variable: str, records: Any) -> str:
    return f"window.YTD.{variable}.part0 = {json.dumps(records, ensure_ascii=False)}"


def test_an_archive_of_x(tmp_path: Path) -> None:
    """Own words only: no reposts, no earlier versions; links as they lead; deletions told."""
    edits = {"initial": {"editTweetIds": ["20", "21"]}}
    path = zipped(
        tmp_path / "twitter.zip",
        {
            "data/account.js": x_file("account", [{"account": {"accountId": "77"}}]),
            "data/tweets.js": x_file(
                "tweets",
                [
                    post("10", "Bring back the blue kettle https://t.co/a &amp; the red one",
                         entities={"urls": [{"url": "https://t.co/a",
                                             "expanded_url": "https://kettles.example/blue"}]}),
                    post("11", "RT @somebody: what they said"),
                    post("12", "@maker same here, please", in_reply_to_status_id_str="9"),
                    post("20", "I want a ketle", edit_info=edits),
                    post("21", "I want a kettle", edit_info=edits),
                    {"tweet": {"id_str": "30"}},
                ],
            ),
            "data/tweets-part1.js": x_file("tweets", [post("40", "أريد غلاية أصغر", lang="ar")]),
            "data/deleted-tweets.js": x_file("deleted_tweets", [post("50", "never mind")]),
            "data/direct-messages.js": x_file("direct_messages", [{"dmConversation": {}}]),
        },
    )  # fmt: skip
    found = read(path)
    entries = list(found)
    got = {one.native_id: one for one in entries if isinstance(one, Comment)}
    assert set(got) == {"10", "12", "21", "40", "50"}
    first = got["10"]
    assert first.text == "Bring back the blue kettle https://kettles.example/blue &amp; the red one"
    assert (first.uid, first.author, first.reach) == ("listening:x.com:10", "77", 4)
    assert first.created_at == datetime(2018, 10, 10, 20, 19, 24, tzinfo=UTC)
    assert got["12"].kind == "comment"
    assert got["12"].parent_uid == "listening:x.com:9"
    assert got["50"].deleted
    assert not got["50"].text
    rejects = [one for one in entries if isinstance(one, Reject)]
    assert [one.reason for one in rejects] == [
        "has not the shape of a record of this export ('text' is missing)"
    ]
    assert "Left out: 1 reposts, the words of somebody else." in found.notes


def test_javascript_in_an_archive_is_never_run(tmp_path: Path) -> None:
    """Whatever stands behind the list is not looked at; what is no list is set aside."""
    path = tmp_path / "tweets.js"
    path.write_text(x_file("tweets", [post("10", "A kettle")]) + ";\nfetch('//evil.example')")
    assert [one.native_id for one in comments(read(path))] == ["10"]
    path.write_text("window.YTD.tweets.part0 = (() => [])()")
    with pytest.raises(Exception, match="JSON"):
        list(read(path))


# Slack


SLACK_USERS = [
    {"id": "U1", "name": "ann", "tz": "Europe/Warsaw"},
    {"id": "U2", "name": "bo", "deleted": True},
    {"id": "UB", "name": "standup", "is_bot": True},
]


def slack(user: str, ts: str, text: str, **other: Any) -> dict[str, Any]:
    return {"type": "message", "user": user, "ts": ts, "text": text, **other}


def slack_zip(path: Path, **days: Any) -> Path:
    return zipped(
        path,
        {
            "users.json": SLACK_USERS,
            "channels.json": [{"id": "C1", "name": "ideas"}],
            "dms.json": [{"id": "D1", "members": ["U1", "U2"]}],
            "integration_logs.json": [],
            **days,
        },
    )


def test_an_export_of_slack(tmp_path: Path) -> None:
    """Threads, edits and marks are read; joins, bots, files and direct messages left out."""
    root = "1700000000.000100"
    path = slack_zip(
        tmp_path / "acme Slack export.zip",
        **{
            "ideas/2023-11-14.json": [
                slack("U1", root, "<@U2> could <#C1|ideas> get &lt;dark mode&gt;? "
                      "See <https://a.example/x|the mock-up>",
                      thread_ts=root, reactions=[{"name": "+1", "count": 5, "users": []}]),
                slack("U1", "1700000001.000200", "<@U1> has joined", subtype="channel_join"),
                slack("UB", "1700000002.000300", "Standup time!"),
                {"type": "message", "subtype": "bot_message", "ts": "1700000003.0", "text": "x"},
                slack("U2", "1700000004.000400", "", files=[{"id": "F1"}]),
            ],
            "ideas/2023-11-15.json": [
                slack("U2", "1700086400.000500", "yes please, the white page blinds me",
                      thread_ts=root, edited={"user": "U2", "ts": "1700086460.000000"}),
                slack("U2", "1700086400.000500", "yes please, the white page blinds me",
                      thread_ts=root, edited={"user": "U2", "ts": "1700086460.000000"}),
                slack("USLACKBOT", "1700086500.000600", "This message was deleted.",
                      subtype="tombstone"),
                {"type": "message", "user": "U2", "text": "no time"},
            ],
            "D1/2023-11-15.json": [slack("U1", "1700086600.000700", "a private word")],
        },
    )  # fmt: skip
    found = read(path)
    entries = list(found)
    assert found.describe() == ["recognised: an export of Slack, 3 files"]
    got = {one.native_id: one for one in entries if isinstance(one, Comment)}
    first = got[f"C1#{root}"]
    assert first.text == "@bo could #ideas get <dark mode>? See the mock-up"
    assert first.uid == f"listening:slack.com:C1#{root}"
    assert (first.channel, first.author, first.reach) == ("#ideas", "U1", 5)
    assert first.local_offset == 60
    assert first.parent_uid is None
    assert first.thread_uid == first.uid
    answer = got["C1#1700086400.000500"]
    assert answer.parent_uid == answer.thread_uid == first.uid
    assert answer.edited_at == datetime.fromtimestamp(1700086460, UTC)
    assert got["C1#1700086500.000600"].deleted
    assert found.rows == 10
    assert found.comments == 4
    assert found.rejected == 1
    assert "Left out: 1 direct messages." in found.notes
    assert "Left out: 2 messages of bots." in found.notes
    assert found.notes[-1] == "10 records: 4 comments, 5 left out, 1 set aside."


def test_paths_in_a_zip_lead_nowhere(tmp_path: Path) -> None:
    """Nothing is written: a member's path is a label, however many dots it has."""
    inside = tmp_path / "inside"
    inside.mkdir()
    path = slack_zip(
        inside / "export.zip",
        **{"../../ideas/2023-11-14.json": [slack("U1", "1700000000.0001", "a longer cord")]},
    )
    assert comments(read(path))[0].text == "a longer cord"
    assert [one.name for one in tmp_path.rglob("*")] == ["inside", "export.zip"]


def test_a_bomb_in_an_export_is_refused(tmp_path: Path) -> None:
    """A day file of nothing but spaces unpacks past the limit and stops the import."""
    path = slack_zip(
        tmp_path / "export.zip", **{"ideas/2023-11-14.json": b" " * (70 << 20) + b"[]"}
    )
    with pytest.raises(Exception, match="zip bomb"):
        list(read(path))


# Discord


def discord(messages: list[dict[str, Any]], **other: Any) -> dict[str, Any]:
    return {
        "guild": {"id": "1", "name": "Makers"},
        "channel": {"id": "5", "type": "GuildTextChat", "category": "Talk", "name": "wishes"},
        "dateRange": {"after": None, "before": None},
        "exportedAt": "2024-01-01T00:00:00+00:00",
        "messages": messages,
        "messageCount": len(messages),
        **other,
    }


def discord_message(number: str, words: str, **other: Any) -> dict[str, Any]:
    return {
        "id": number,
        "type": "Default",
        "timestamp": "2023-11-14T22:13:20.5+01:00",
        "timestampEdited": None,
        "content": words,
        "author": {"id": "900", "name": "ann", "isBot": False},
        "reactions": [{"emoji": {"name": "🫖"}, "count": 2}],
        **other,
    }


def test_channels_of_discord(tmp_path: Path) -> None:
    """Answers and edits are kept, bots and joins left out; who deleted the account is nobody."""
    path = tmp_path / "wishes.json"
    left = {"id": "456226577798135808", "name": "Deleted User", "isBot": False}
    path.write_text(
        json.dumps(
            discord(
                [
                    discord_message("1", "A kettle app without an account, please 😤"),
                    discord_message("2", "this", type="Reply", author=left,
                                    timestampEdited="2023-11-15T00:00:00+00:00",
                                    reference={"messageId": "1", "channelId": "5"}),
                    discord_message("3", "ann joined the server.", type="GuildMemberJoin"),
                    discord_message("4", "Level up!", author={"id": "8", "isBot": True}),
                    discord_message("5", ""),
                    {"id": "6"},
                ]
            )
        )
    )  # fmt: skip
    found = read(path)
    got = by_id(found)
    assert set(got) == {"5#1", "5#2"}
    first = got["5#1"]
    assert first.uid == "listening:discord.com:5#1"
    assert first.url == "https://discord.com/channels/1/5/1"
    assert first.created_at == datetime(2023, 11, 14, 21, 13, 20, 500_000, tzinfo=UTC)
    assert (first.channel, first.author, first.reach) == ("#wishes", "900", 2)
    assert got["5#2"].author is None
    assert got["5#2"].parent_uid == first.uid
    assert got["5#2"].edited_at == datetime(2023, 11, 15, tzinfo=UTC)
    assert (found.rows, found.rejected) == (6, 1)


def test_a_channel_that_breaks_off(tmp_path: Path) -> None:
    """Messages before the end of a half-fetched file are kept, and the loss is said."""
    text = json.dumps(discord([discord_message(str(n), f"wish {n}") for n in range(50)]))
    path = tmp_path / "wishes.json"
    path.write_text(text[: len(text) // 2])
    entries = list(read(path))
    assert 20 < sum(isinstance(one, Comment) for one in entries) < 26
    assert isinstance(entries[-1], Reject)


# Telegram


def telegram(number: int, text: Any, **other: Any) -> dict[str, Any]:
    return {
        "id": number,
        "type": "message",
        "date": "2023-11-14T23:13:20",
        "date_unixtime": str(NINE),
        "from": "Ann",
        "from_id": "user1",
        "text": text,
        **other,
    }


def test_a_chat_of_telegram(tmp_path: Path) -> None:
    """Text is a string or a list of pieces; service lines and forwards are left out."""
    path = tmp_path / "result.json"
    chat = {
        "name": "Kettle club",
        "type": "public_supergroup",
        "id": 55,
        "messages": [
            {"id": 1, "type": "service", "action": "create_group", "date": "2023-01-01T00:00:00"},
            telegram(2, ["Please add ", {"type": "bold", "text": "a gooseneck"}, " 🙏"],
                     edited_unixtime=str(NINE + 5), reactions=[{"type": "emoji", "count": 3}]),
            telegram(3, "נכון מאוד", reply_to_message_id=2, from_id="user2"),
            telegram(4, "News of the day", forwarded_from="Some channel"),
            telegram(5, "", photo="(File not included.)"),
        ],
    }  # fmt: skip
    path.write_text(json.dumps(chat, ensure_ascii=False), encoding="utf-8")
    found = read(path)
    got = by_id(found)
    club = -1_000_000_000_055  # the number that bots see
    assert set(got) == {f"{club}/2", f"{club}/3"}
    assert got[f"{club}/2"].text == "Please add a gooseneck 🙏"
    assert got[f"{club}/2"].created_at == datetime.fromtimestamp(NINE, UTC)
    assert got[f"{club}/2"].edited_at == datetime.fromtimestamp(NINE + 5, UTC)
    assert (got[f"{club}/2"].channel, got[f"{club}/2"].author) == ("Kettle club", "1")
    assert got[f"{club}/3"].parent_uid == f"listening:telegram:{club}/2"


def test_a_whole_account_of_telegram_leaves_private_chats_alone(tmp_path: Path) -> None:
    """Groups are read, each with its own numbers; talks between two people are not."""
    path = tmp_path / "result.json"
    account = {
        "about": "Here is the data you requested.",
        "personal_information": {"user_id": 1, "first_name": "Ann"},
        "chats": {
            "about": "",
            "list": [
                {"name": "Bo", "type": "personal_chat", "id": 2,
                 "messages": [telegram(1, "see you tonight")]},
                {"name": "Club", "type": "private_supergroup", "id": 3,
                 "messages": [telegram(1, "a smaller kettle would do")]},
            ],
        },
        "left_chats": {"list": [
            {"name": "Old club", "type": "private_group", "id": 4,
             "messages": [telegram(1, "why no lid?")]},
        ]},
    }  # fmt: skip
    path.write_text(json.dumps(account))
    found = read(path)
    assert set(by_id(found)) == {"-1000000000003/1", "-4/1"}
    assert "Left out: 1 messages of private chats." in found.notes


# YouTube


TAKEOUT = (
    "Comment ID,Channel ID,Comment Create Timestamp,Price,Parent Comment ID,Video ID,Comment Text\n"
    'Ug1,UC9,2023-09-19T17:42:53.434647+00:00,0,,vid1,"{""takeoutSegments"":[{""text"":""Show the '
    'lid""},{""text"":"" please""}]}"\n'
    'Ug1.a,UC9,2023-09-20T00:00:00Z,0,Ug1,vid1,"{""text"":""and ""},{""text"":""the cord""}"\n'
    "Ug2,UC9,2023-09-20T00:00:00Z,0,,vid2,just words {like these}\n"
    ",UC9,2023-09-20T00:00:00Z,0,,vid2,no id\n"
)


def test_comments_of_youtube(tmp_path: Path) -> None:
    """All three forms that the words of a comment have had are read."""
    path = zipped(
        tmp_path / "takeout.zip",
        {"Takeout/YouTube and YouTube Music/comments/comments.csv": TAKEOUT,
         "Takeout/archive_browser.html": "<html></html>"},
    )  # fmt: skip
    found = read(path)
    got = by_id(found)
    assert [one.text for one in got.values()] == [
        "Show the lid please",
        "and the cord",
        "just words {like these}",
    ]
    assert got["Ug1.a"].parent_uid == got["Ug1.a"].thread_uid == "listening:youtube:Ug1"
    assert got["Ug1"].url == "https://www.youtube.com/watch?v=vid1&lc=Ug1"
    assert found.rejected == 1
    assert any("archive_browser.html" in note for note in found.notes)


# Mail


def mail(message_id: str, body: str, *headers: str) -> str:
    return "\n".join(
        [
            "From 1@xxx Tue Nov 14 22:13:20 +0000 2023",
            f"Message-ID: <{message_id}>",
            *headers,
            "",
            body,
            "",
            "",
        ]
    )


def test_a_mailbox(tmp_path: Path) -> None:
    """Threads by their headers, words by their charset, >From unescaped, machines left out."""
    path = tmp_path / "All mail.mbox"
    said = mail(
        "a@x.example",
        "Dear team,\n>From now on I want the lid in grey.",
        "From: =?utf-8?q?J=C3=B6rg?= <Joerg@Example.org>",
        "Subject: =?utf-8?b?RGVja2VsIPCfq5Y=?=",
        "Date: Tue, 14 Nov 2023 23:13:20 +0100",
        'Content-Type: text/plain; charset="utf-8"',
    )
    answer = mail(
        "b@x.example",
        "me too",
        "From: ann at example.org (Ann)",
        "In-Reply-To: <a@x.example>",
        "References: <a@x.example>",
        "Date: yesterday",
    )
    machine = mail("c@x.example", "I am away", "From: bo@x.example", "Auto-Submitted: auto-replied")
    spam = mail("d@x.example", "win", "From: e@x.example", "X-Gmail-Labels: Spam,Unread")
    nameless = said.replace("Message-ID: <a@x.example>\n", "")
    path.write_bytes((said + answer + machine + spam + nameless).encode())
    found = read(path)
    got = by_id(found)
    assert {"a@x.example", "b@x.example"} < set(got)
    assert [one for one in got if one.startswith("no-id-")]
    first = got["a@x.example"]
    assert first.text.strip() == "Dear team,\nFrom now on I want the lid in grey."
    assert (first.title, first.author, first.local_offset) == ("Deckel 🫖", "joerg@example.org", 60)
    assert first.created_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    second = got["b@x.example"]
    assert second.author == "ann@example.org"
    # Its own date is none, so that of the envelope stands for it.
    assert second.created_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert second.parent_uid == second.thread_uid == first.uid
    assert found.notes[-1] == "5 records: 3 comments, 2 left out, 0 set aside."


# What the user says


def test_the_user_may_name_the_kind(tmp_path: Path) -> None:
    """A kind that does not exist, or does not fit, is said before anything is read."""
    path = tmp_path / "wishes.json"
    path.write_text(json.dumps(discord([discord_message("1", "a wish")])))
    assert len(comments(read(path, export="discord"))) == 1
    with pytest.raises(ConfigurationError, match="no kind of export") as caught:
        read(path, export="discrod")
    assert "Did you mean 'discord'" in str(caught.value)
    with pytest.raises(ConfigurationError, match="nothing in it is an export of Slack"):
        read(path, export="slack")


def test_a_reading_gives_the_same_entries_again(tmp_path: Path) -> None:
    """An import that goes on after a stop relies on it; the mark changes with the file."""
    path = tmp_path / "RC.jsonl"
    path.write_bytes(lines(*(reddit_comment(id=f"k{n}") for n in range(30))))
    found = read(path)
    assert list(found) == list(found)
    before = found.mark()
    assert read(path).mark() == before
    path.write_bytes(lines(*(reddit_comment(id=f"k{n}") for n in range(31))))
    assert read(path).mark() != before


def test_a_limit_stops_early(tmp_path: Path) -> None:
    """Rows are counted over all files of an archive."""
    path = tmp_path / "RC.jsonl"
    path.write_bytes(lines(*(reddit_comment(id=f"k{n}") for n in range(30))))
    assert len(comments(read(path, limit=7))) == 7


def test_bytes_of_another_encoding(tmp_path: Path) -> None:
    """UTF-16 from a Windows tool is read all the same."""
    path = tmp_path / "result.json"
    chat = {
        "name": "K",
        "type": "private_group",
        "id": 1,
        "messages": [telegram(1, "größer, bitte")],
    }
    path.write_bytes(json.dumps(chat, ensure_ascii=False).encode("utf-16"))
    assert io.BytesIO(path.read_bytes()).read(2) == b"\xff\xfe"
    assert comments(read(path, export="telegram"))[0].text == "größer, bitte"
