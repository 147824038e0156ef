"""Mails: the writer's own words, broken mails, an mbox file, and folders over IMAP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from servers.certificates import certificate, server_tls
from servers.imap import ENVIRONMENT, Folder, ImapServer, Mailbox, letter, options_for

from earful.errors import ConfigurationError, TransientError
from earful.records import Comment
from ingest.connectors.imap import Imap
from ingest.connectors.mbox import Mbox
from ingest.mail.message import Mail, SetAside, read_mail
from ingest.mail.replies import own_words
from ingest.mail.server import _quoted

FIRST = 1_750_000_000


@pytest.mark.parametrize(
    ("mail", "own"),
    [
        (
            "Two wishes:\n\n- a lid\n- a wider hull\n\nBo",
            "Two wishes:\n\n- a lid\n- a wider hull\n\nBo",
        ),
        ("It leaks.\nThanks, but please make it in size L?", None),
        ("A lid, please.\n-- \nAda Marsh\nPaddle Street 4", "A lid, please."),
        ("Yes!\n\nOn Mon, 15 Jun 2025 at 10:00, Shop <a@b.example>\nwrote:\n> Blue?\n", "Yes!"),
        (
            "On 15/06/2025 10:00, Shop wrote:\n> Which?\n\nThe blue one.\n> And the size?\nLarge.",
            "The blue one.\nLarge.",
        ),
        (
            "Bitte in Blau.\n\nVon meinem iPhone gesendet\n\n"
            "Am 15.06.2025 um 10:00 schrieb Laden <a@b.example>:\n\n> Hallo\n> du",
            "Bitte in Blau.",
        ),
        (
            "파란색!\n\n2025년 6월 15일 (일) 오전 10:00, 가게 <a@b.example>님이 작성:\n\n> 네",
            "파란색!",
        ),
        (
            "Yes please!\n\n________________________________\nFrom: Shop <a@b.example>\n"
            "Sent: Monday, June 15, 2025 10:00\nTo: Ada\nSubject: Re: Bags\n\nDear Ada",
            "Yes please!",
        ),
        ("Hello\n-----Original Message-----\nFrom: Shop\n\nDear Ada", "Hello"),
        ("-----Original Message-----\nSubject: x\n\nWe want a lid", None),
        ("From: the heart\nI love it. To: whom", None),
        ("My brother wrote: it leaks.\nCan you fix it?", None),
        ("As my boss wrote:\n> it leaks\nI agree, fix it", "I agree, fix it"),
        ("> all of it quoted", ""),
    ],
)
def test_own_words(mail: str, own: str | None) -> None:
    """Quotes, attributions, forwarded heads and signatures go; lists and thanks stay (None)."""
    assert own_words(mail) == (mail if own is None else own)


@settings(deadline=None)
@given(st.text(alphabet="aF>|-: \nwrote@:From12", max_size=300))
def test_own_words_invents_nothing(text: str) -> None:
    """Whatever stands in a mail, each line that is left stood there."""
    lines = {line.strip() for line in text.split("\n")}
    assert {line.strip() for line in own_words(text).split("\n")} <= lines | {""}


def read(raw: bytes) -> Mail:
    mail = read_mail(raw, datetime.fromtimestamp(FIRST + 60, UTC))
    assert isinstance(mail, Mail)
    return mail


def test_head_of_a_mail() -> None:
    """Ids, thread, subject, writer, time and offset come from the head."""
    head = (
        "Subject: =?utf-8?q?A_l=C3=AFd?=\r\nReferences: <a@x>\r\n <b@x>\r\nIn-Reply-To: <b@x>\r\n"
    )
    raw = letter("c@x", FIRST, "Please!", "Ada <Ada@Paddlers.example>", head=head)
    mail = read(raw.replace(b"+0000", b"+0200"))
    assert (mail.message_id, mail.parent, mail.root) == ("c@x", "b@x", "a@x")
    assert mail.author == "ada@paddlers.example"
    assert mail.created == datetime.fromtimestamp(FIRST - 7200, UTC)
    assert mail.local_offset == 120
    assert mail.subject is None, "an answer repeats the subject of another"
    first = read(letter("a@x", FIRST, "Please!", head="Subject: [kayaks] A lid\r\n"))
    assert first.subject == "A lid"
    assert first.parent is None


def test_a_date_that_cannot_be_true() -> None:
    """A date that is missing, ahead of the arrival or before mail itself gives way to that."""
    arrived = datetime.fromtimestamp(FIRST + 60, UTC)
    assert read(letter("a@x", FIRST + 90_000, "Hi")).created == arrived
    assert read(letter("a@x", 1000, "Hi")).created == arrived
    assert read(b"Message-ID: <a@x>\r\n\r\nHi").created == arrived


@pytest.mark.parametrize(
    ("charset", "body", "words"),
    [
        ("iso-8859-1", "für 5 €".encode("cp1252"), "für 5 €"),
        ("ks_c_5601-1987", "뚜껑 주세요".encode("cp949"), "뚜껑 주세요"),
        ("gb2312", "請给我盖子".encode("gb18030"), "請给我盖子"),
        ("x-unknown", "für".encode(), "für"),
        ("utf-8", "für uns alle".encode("cp1252"), "für uns alle"),
    ],
)
def test_charsets(charset: str, body: bytes, words: str) -> None:
    """The charset is what is really sent under its name, and is guessed where it is wrong."""
    head = f"Message-ID: <a@x>\r\nContent-Type: text/plain; charset={charset}\r\n\r\n"
    assert read(head.encode() + body).text == words


def test_parts_and_attachments() -> None:
    """Plain text is taken before HTML, attachments and attached mails are not read."""
    raw = (
        b'Message-ID: <a@x>\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
        b"--b\r\nContent-Type: text/html\r\n\r\n<p>A <b>lid</b></p>"
        b'<div class="gmail_quote">On Monday you said so</div>\r\n'
        b'--b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename="a.txt"'
        b"\r\n\r\nSECRET\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nOTHER\r\n"
        b"--b--\r\n"
    )
    assert read(raw).text == "A lid"
    both = raw.replace(
        b"--b\r\nContent-Type: text/html", b"--b\r\n\r\nPlain\r\n--b\r\nContent-Type: text/html"
    )
    assert read(both).text == "Plain"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (letter("a@x", FIRST, "Away!", head="Auto-Submitted: auto-replied\r\n"), "by machines"),
        (b"Content-Type: multipart/report\r\n\r\nreturned", "delivery reports"),
        (b"From: MAILER-DAEMON@x.example\r\n\r\nreturned", "delivery reports"),
        (b"From: no-reply@x.example\r\n\r\nyour parcel is on its way", "by machines"),
        (b"List-Unsubscribe: <x>\r\n\r\nspring is here", "newsletters"),
        (b"X-Gmail-Labels: Spam,Unread\r\n\r\nwin a canoe", "spam"),
        (letter("a@x", FIRST, "> all quoted"), "without words"),
        (b"", "without words"),
    ],
)
def test_set_aside(raw: bytes, reason: str) -> None:
    """What no person wrote, or holds no words, is set aside with the reason."""
    found = read_mail(raw, None)
    assert isinstance(found, SetAside)
    assert reason in found.reason
    assert not found.broken


def test_a_form_on_a_web_page_is_no_machine() -> None:
    """What it sends says whom to answer; mails of a list can be written to."""
    for head in (b"From: no-reply@x.example\r\nReply-To: ada@x.example", b"List-Unsubscribe: <x>"):
        listed = b"\r\nList-Post: <mailto:paddlers@x.example>"
        assert isinstance(read_mail(head + listed + b"\r\n\r\nA wider hull", None), Mail)


@settings(deadline=None)
@given(
    st.binary(max_size=400),
    st.sampled_from([b"", b"Date: ", b"Content-Type: multipart/", b"From: =?"]),
)
def test_no_bytes_raise(raw: bytes, head: bytes) -> None:
    """Whatever arrives, it is a mail or is set aside."""
    assert isinstance(read_mail(head + raw, None), Mail | SetAside)


def test_a_mail_without_an_id_keeps_the_one_it_is_given() -> None:
    """A mail without a Message-ID is known by what it says, the same each time."""
    raw = letter(None, FIRST, "A lid")
    assert read(raw).message_id == read(raw).message_id
    assert read(raw).message_id != read(letter(None, FIRST, "A hull")).message_id


# A file


def boxed(*texts: str) -> bytes:
    return b"".join(
        b"From ada@x Sun Jun 15 15:06:40 2025\n"
        + letter(f"m{n}@x", FIRST + n, text).replace(b"\r\n", b"\n")
        + b"\n"
        for n, text in enumerate(texts)
    )


def test_a_file_that_grows(tmp_path: Path) -> None:
    """The next pull reads what was added; "From " inside a mail is the mail's."""
    path = tmp_path / "kayaks.mbox"
    path.write_bytes(boxed("One\n\n>From here on, a lid", "Two"))
    first = Mbox("list", {"path": str(path)}, None)
    got = list(first.pull(None, None, None))
    assert [comment.text for comment in got] == ["One\n\nFrom here on, a lid", "Two"]
    assert got[0].channel == "kayaks"
    with path.open("ab") as file:
        file.write(boxed("0", "1", "Three").partition(b"1\n\n")[2])
    second = Mbox("list", {"path": str(path)}, first.cursor)
    assert [comment.text for comment in second.pull(None, None, None)] == ["Three"]
    path.write_bytes(boxed("Another file", "in its place"))
    third = Mbox("list", {"path": str(path)}, second.cursor)
    assert len(list(third.pull(None, None, None))) == 2


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """The message names the file and the option."""
    with pytest.raises(ConfigurationError, match=r"none\.mbox"):
        list(Mbox("list", {"path": str(tmp_path / "none.mbox")}, None).pull(None, None, None))


# A server


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Mailbox:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    made = Mailbox()
    for n in range(30):
        made.folders["INBOX"].put(letter(f"m{n}@x", FIRST + n, f"A lid {n}"), FIRST + n)
    return made


@pytest.fixture
def server(mailbox: Mailbox) -> Iterator[ImapServer]:
    with ImapServer(mailbox) as one:
        yield one


def pulled(server: ImapServer, cursor: Any = None, **options: Any) -> tuple[list[Comment], Imap]:
    one = Imap("support", options_for(server, **options), cursor)
    return list(one.pull(None, None, None)), one


def test_the_next_pull_fetches_only_what_is_new(mailbox: Mailbox, server: ImapServer) -> None:
    """Known mails are not fetched again, though "n:*" finds the newest one always."""
    got, first = pulled(server)
    assert len(got) == 30
    assert (got[0].kind, got[0].channel, got[0].instance) == ("message", "INBOX", "mail")
    mailbox.commands.clear()
    assert pulled(server, first.cursor)[0] == []
    assert not [command for command in mailbox.commands if "FETCH" in command]
    mailbox.folders["INBOX"].put(letter("new@x", FIRST + 99, "A hull"), FIRST + 99)
    assert [comment.native_id for comment in pulled(server, first.cursor)[0]] == ["new@x"]


def test_mails_stay_unseen(mailbox: Mailbox, server: ImapServer) -> None:
    """Folders are only examined and bodies only peeked at."""
    pulled(server)
    told = " ".join(mailbox.commands)
    assert "EXAMINE" in told
    assert "SELECT" not in told
    assert told.count("BODY") == told.count("BODY.PEEK")


def test_a_new_uidvalidity_reads_the_folder_anew(mailbox: Mailbox, server: ImapServer) -> None:
    """When the uids have lost their meaning, all mails come again, under the same uids of ours."""
    got, first = pulled(server)
    mailbox.folders["INBOX"].validity += 1
    again, _ = pulled(server, first.cursor)
    assert [comment.uid for comment in again] == [comment.uid for comment in got]


def test_expunged_mails(mailbox: Mailbox, server: ImapServer) -> None:
    """An expunged mail is a tombstone, one moved to another folder named is not, and a folder
    that is suddenly empty erases nothing."""
    inbox = mailbox.folders["INBOX"]
    mailbox.folders["Answered"] = Folder()
    got, one = pulled(server, folders=["INBOX", "Answered"])
    ids = [comment.native_id for comment in got]
    del inbox.mails[3]
    second, raw = inbox.mails.pop(5)
    mailbox.folders["Answered"].put(raw, second)
    gone = list(one.recheck(ids))
    assert [(comment.native_id, comment.deleted) for comment in gone] == [("m2@x", True)]
    assert list(pulled(server, expunged="kept")[1].recheck(ids)) == []
    inbox.mails.clear()
    mailbox.folders["Answered"].mails.clear()
    assert list(one.recheck(ids)) == []


def test_a_mail_that_was_moved_away_is_kept(mailbox: Mailbox, server: ImapServer) -> None:
    """Unless told otherwise: people tidy their inbox, and nothing is to be lost by it."""
    options = {name: told for name, told in options_for(server).items() if name != "expunged"}
    one = Imap("support", options, None)
    ids = [comment.native_id for comment in one.pull(None, None, None)]
    del mailbox.folders["INBOX"].mails[3]
    assert list(one.recheck(ids)) == []


def test_broken_mails_are_counted(mailbox: Mailbox, server: ImapServer) -> None:
    """They do not stop the others, are told of with their reason, and not fetched again."""
    raw = letter("away@x", FIRST, "Away", head="Auto-Submitted: auto-replied\r\n")
    mailbox.folders["INBOX"].put(raw, FIRST)
    mailbox.folders["INBOX"].put(letter("quote@x", FIRST, "> all of it"), FIRST)
    got, one = pulled(server)
    assert len(got) == 30
    assert "mails sent by machines (1)" in one.coverage.detail
    assert "mails without words of their own (1)" in one.coverage.detail
    mailbox.commands.clear()
    pulled(server, one.cursor)
    assert not [command for command in mailbox.commands if "FETCH" in command]


def test_a_large_mail_is_read_in_part(mailbox: Mailbox, server: ImapServer) -> None:
    """No more than the beginning of a mail is fetched, whatever hangs on it."""
    raw = letter("big@x", FIRST, "A lid\n-- \n" + "x" * 600_000)
    mailbox.folders["INBOX"].put(raw, FIRST)
    assert pulled(server)[0][-1].text == "A lid"


@pytest.mark.parametrize(
    ("command", "fault"), [("UID FETCH", "hang up"), ("UID SEARCH", "NO [SERVERBUG] later")]
)
def test_faults_are_transient(
    mailbox: Mailbox, server: ImapServer, command: str, fault: str
) -> None:
    """A server that hangs up or refuses is tried again by the next pull, without loss."""
    mailbox.faults.append((command, fault))
    one = Imap("support", options_for(server), None)
    with pytest.raises(TransientError, match="goes on where it stopped"):
        list(one.pull(None, None, None))
    assert len(pulled(server, one.cursor)[0]) == 30


def test_a_literal_too_long_is_refused(mailbox: Mailbox, server: ImapServer) -> None:
    """A server that announces gigabytes is not listened to."""
    mailbox.faults.append(("UID FETCH", "* 1 FETCH (UID 1 BODY[] {9000000000}"))
    with pytest.raises(TransientError, match="the connection broke"):
        pulled(server)


def test_a_wrong_login_and_a_wrong_folder(
    server: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are the reader's to correct; folders there are named, the password never is."""
    with pytest.raises(ConfigurationError, match="There are: INBOX"):
        pulled(server, folders=["Support"])
    monkeypatch.setenv("EARFUL_IMAP_PASSWORD", "wrong-sesame")
    with pytest.raises(ConfigurationError, match="does not accept the login") as caught:
        pulled(server)
    assert "sesame" not in str(caught.value)
    assert "sesame" not in repr(Imap("support", options_for(server), None).__dict__)


def test_hosts_and_encryption(server: ImapServer) -> None:
    """Private hosts and unencrypted logins are refused unless allowed."""
    with pytest.raises(ConfigurationError, match="in the clear"):
        pulled(server, allow_private=False)
    with pytest.raises(ConfigurationError, match="no public address"):
        pulled(server, allow_private=False, security="tls")


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_certificates_are_verified(
    mailbox: Mailbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, security: str
) -> None:
    """One that nobody trusts is refused before the password is sent, a trusted one accepted; the
    connection is encrypted from the start or once both have agreed to it."""
    public, private = certificate(tmp_path, "localhost")
    tls, upgraded = server_tls(public, private), security == "starttls"
    with ImapServer(mailbox, tls, upgraded=upgraded) as server:
        with pytest.raises(ConfigurationError, match="not to be trusted"):
            pulled(server, security=security)
        assert "LOGIN" not in mailbox.commands
        monkeypatch.setenv("SSL_CERT_FILE", str(public))
        assert len(pulled(server, security=security)[0]) == 30


def test_folder_names_beyond_ascii() -> None:
    """They are sent in modified UTF-7, as RFC 3501 shows it."""
    assert _quoted("~peter/mail/台北/日本語") == '"~peter/mail/&U,BTFw-/&ZeVnLIqe-"'
    assert _quoted('A&B "x"') == '"A&-B \\"x\\""'
