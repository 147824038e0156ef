"""Talk pages: what an edit says, and the connector beyond the contract."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers import mediawiki
from servers.local import LocalServer, Reply
from servers.mediawiki import PAGE, Wiki, signature

from earful.errors import ConfigurationError, TerminalError
from ingest.connectors.mediawiki import MediaWiki
from ingest.talk import MOST_LINES, Said, said

FIRST = 1_750_000_000
ADA, BO = signature("Ada"), signature("Bo")
OLD = f"== Lids ==\n\nThe lid leaks after a season. {BO}"


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (f"{OLD}\n:Mine does too. {ADA}", "Mine does too."),
        (f"{OLD}\n:Mine does too.\n:So I tape it. — {ADA}", "Mine does too.\nSo I tape it."),
        (f"{OLD}\n*I want a '''bigger''' [[Dry bag|bag]]", "I want a bigger bag"),
        (f"{OLD} I agree. {ADA}", "I agree."),
        (f"{OLD}\n{{{{ping|Bo|a={{{{b}}}}}}}} Which lid? {ADA}", "Which lid?"),
        (f"{OLD}\n:See [https://lids.example the shop].<ref>x</ref> {ADA}", "See the shop."),
        (f"A {OLD.replace('leaks', 'leakes')}", ""),
        (OLD.replace("season", "summer"), ""),
        ("", ""),
        (f"{OLD}\n:Moved here: it sinks. {signature('Cy')}", ""),
        (f"{OLD}\n{{{{Archive box}}}}", ""),
        (OLD + "\nword" * (MOST_LINES + 1), ""),
    ],
    ids=[
        "answer",
        "paragraphs",
        "unsigned",
        "on the same line",
        "templates",
        "links",
        "correction in front",
        "correction",
        "blanked",
        "others' words",
        "template alone",
        "too much",
    ],
)
def test_what_an_edit_says(after: str, told: str) -> None:
    """New paragraphs of the one who saved, without marks and signature; nothing else."""
    assert said(OLD, after, "Ada").text == told


def test_a_new_heading_is_the_title() -> None:
    """The first words of a section bear its heading; those below an old one none."""
    after = f"{OLD}\n\n== ''Straps'' ==\nThey slip. {ADA}\n\n:They do. {BO}"
    assert said(OLD, after, "Ada") == Said("They slip.", "Straps")


def test_somebody_without_an_account() -> None:
    """An address signs with a link to its contributions."""
    name = "127.0.0.1"
    stamp = f"[[Special:Contributions/{name}|{name}]] 21:35, 22 November 2026 (UTC)"
    assert said("", f"The lid should lock. {stamp}", name).text == "The lid should lock."


@given(st.text(alphabet="[]{}|:=*'<!->\n a(1:2)", max_size=300), st.text(max_size=50))
def test_no_wikitext_breaks_it(text: str, user: str) -> None:
    """Whatever a page holds, something comes out, and an edit that changes nothing says nothing."""
    assert isinstance(said("", text, user).text, str)
    assert said(text, text, user).text == ""


def test_single_pages() -> None:
    """With ``pages`` these alone are read, in parts, and one that is not there is told."""
    wiki = Wiki(size=3)
    numbers = [wiki.say(FIRST + n, f"A wider hull, number {n}") for n in range(8)]
    with mediawiki.serve(wiki) as server:
        options = mediawiki.options_for(server.url, pages=[PAGE, "Talk:Nowhere"])
        one = MediaWiki("wiki", options, None)
        got = list(one.pull(None, None, None))
    assert [comment.native_id for comment in got] == [str(number) for number in numbers]
    assert got[0].channel == PAGE
    assert got[0].url == f"{server.url}/index.php?diff=1"
    assert one.coverage.state == "capped"
    assert "no such page: Talk:Nowhere" in one.coverage.detail


def test_what_was_taken_back_before_is_left_out() -> None:
    """A reverted edit and a hidden one are no comments; what follows a hidden one is not known."""
    wiki = Wiki()
    for n in range(6):
        wiki.say(FIRST + n, f"A longer shaft, number {n}")
    wiki.revisions[2].tags.append("mw-reverted")
    wiki.revisions[4].hidden = True
    with mediawiki.serve(wiki) as server:
        one = MediaWiki("wiki", mediawiki.options_for(server.url), None)
        found = [comment.native_id for comment in one.pull(None, None, None)]
        gone = [comment.native_id for comment in one.recheck(["1", "2", "3", "4", "99"])]
    assert found == ["1", "3", "6"]
    assert sorted(gone) == ["2", "4", "99"]


def test_a_wiki_that_hides_everything_deletes_nothing() -> None:
    """Where no revision is shown any more, the wiki was closed: no comment is erased."""
    with mediawiki.serve(Wiki()) as server:
        one = MediaWiki("wiki", mediawiki.options_for(server.url), None)
        assert list(one.recheck([str(n) for n in range(1, 60)])) == []


def test_a_refusal_is_told_in_the_wiki_s_words() -> None:
    """An error of the interface, which comes with status 200, is told."""
    error = {"error": {"code": "readapidenied", "info": "You need read permission."}}
    with LocalServer(lambda _: Reply(content=error)) as server:
        one = MediaWiki("wiki", mediawiki.options_for(server.url), None)
        with pytest.raises(TerminalError, match="You need read permission"):
            list(one.pull(None, None, None))


def test_a_wiki_that_goes_round_in_circles() -> None:
    """A wiki that names the same part as the next one again is no endless pull."""
    turning = {"query": {"allrevisions": []}, "continue": {"arvcontinue": "1|1"}}
    with LocalServer(lambda _: Reply(content=turning)) as server:
        one = MediaWiki("wiki", mediawiki.options_for(server.url), None)
        with pytest.raises(TerminalError, match="loop detected"):
            list(one.pull(None, None, None))


@pytest.mark.parametrize(
    ("api", "told"),
    [
        ("wiki.example.org", "is no address"),
        ("https://[wiki.example.org/api.php", "is no address"),
        ("https://:sesame@wiki.example.org/api.php", ": 'wiki.example.org/api.php' is no address"),
        ("http://wiki.example.org/api.php", "not encrypted"),
        ("https://127.0.0.1/api.php", "127.0.0.1"),
    ],
)
def test_addresses_that_do_not_do(api: str, told: str) -> None:
    """The address must be whole, encrypted and public."""
    with pytest.raises(ConfigurationError, match=told):
        MediaWiki("wiki", {"api": api}, None)
