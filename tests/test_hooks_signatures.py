"""The check of signatures: published examples, and everything that must be refused."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from servers.pusher import SECRET, STANDARD_SECRET, signed

from earful.errors import ConfigurationError
from ingest.hooks.signatures import DIALECTS, Refusal, Signature, Verified, verify

NOW = 1_777_700_000
BODY = b'{"id": "n1", "text": "Earlier, please"}'
TIMED = ("standard-webhooks", "slack")
SIGNED = sorted(set(DIALECTS) - {"telegram", "bearer"})


def check(
    dialect: str,
    headers: dict[str, str],
    body: bytes = BODY,
    secret: str | None = None,
    now: float = NOW,
) -> Verified | Refusal:
    signature = Signature.model_validate(dialect)
    secret = secret or (STANDARD_SECRET if dialect == "standard-webhooks" else SECRET)
    lower = {name.lower(): value for name, value in headers.items()}
    return verify(signature, signature.bytes_of(secret, "here"), lower, body, now)


@pytest.mark.parametrize(
    ("dialect", "secret", "body", "now", "headers"),
    [
        (  # the specification's test vector
            "standard-webhooks",
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            b'{"test": 2432232314}',
            1614265330,
            {
                "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
                "webhook-timestamp": "1614265330",
                "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            },
        ),
        (  # docs.github.com, Validating webhook deliveries
            "github",
            "It's a Secret to Everybody",
            b"Hello, World!",
            0,
            {
                "X-Hub-Signature-256": "sha256="
                "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
            },
        ),
        (  # docs.slack.dev, Verifying requests from Slack
            "slack",
            "8f742231b10e8888abcd99yyyzzz85a5",
            b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow"
            b"&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner"
            b"&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com"
            b"%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
            b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
            1531420618,
            {
                "X-Slack-Request-Timestamp": "1531420618",
                "X-Slack-Signature": "v0="
                "a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
            },
        ),
    ],
    ids=["standard-webhooks", "github", "slack"],
)
def test_published_examples(
    dialect: str, secret: str, body: bytes, now: int, headers: dict[str, str]
) -> None:
    """The examples that the platforms publish are believed."""
    assert isinstance(check(dialect, headers, body, secret, now), Verified)


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_believed_and_refused(dialect: str) -> None:
    """Signed with our secret it is believed; with another one, or unsigned, it is refused."""
    headers = signed(dialect, BODY, at=NOW)
    assert isinstance(check(dialect, headers), Verified)
    other = "whsec_" + base64.b64encode(b"Nine geese").decode()
    assert isinstance(check(dialect, headers, secret=other), Refusal)
    assert isinstance(check(dialect, {}), Refusal)
    for name in headers:
        left = {key: value for key, value in headers.items() if key != name}
        assert isinstance(check(dialect, left), Refusal), f"without {name}"
        assert isinstance(check(dialect, {**headers, name: ""}), Refusal), f"empty {name}"
        assert isinstance(check(dialect, {**headers, name: "é\udcff"}), Refusal)


@pytest.mark.parametrize("dialect", SIGNED)
@settings(deadline=None)
@given(place=st.integers(0, len(BODY) - 1), flip=st.integers(1, 255))
def test_one_changed_byte(dialect: str, place: int, flip: int) -> None:
    """A signature holds for the raw bytes: any one changed, and it is refused."""
    changed = BODY[:place] + bytes([BODY[place] ^ flip]) + BODY[place + 1 :]
    headers = signed(dialect, BODY, at=NOW)
    assert isinstance(check(dialect, headers, changed), Refusal)


@pytest.mark.parametrize("dialect", TIMED)
@pytest.mark.parametrize("off", [-301, 301])
def test_window(dialect: str, off: int) -> None:
    """Signed times further than five minutes off are refused, and cannot be moved."""
    assert isinstance(check(dialect, signed(dialect, BODY, at=NOW + off)), Refusal)
    assert isinstance(check(dialect, signed(dialect, BODY, at=NOW + off // 2)), Verified)
    moved = {**signed(dialect, BODY, at=NOW + off)}
    stamp = next(name for name in moved if "imestamp" in name)
    assert isinstance(check(dialect, {**moved, stamp: str(NOW)}), Refusal)


def test_signed_id() -> None:
    """Only an id that is part of what was signed is used."""
    told = check("standard-webhooks", signed("standard-webhooks", BODY, at=NOW, id="msg_7"))
    assert told == Verified("msg_7")
    assert check("github", {**signed("github", BODY), "X-GitHub-Delivery": "7"}) == Verified(None)


def test_mistakes_in_rows() -> None:
    """A dialect that is not known, and a signature that signs no body, are said."""
    with pytest.raises(ValidationError, match="Did you mean 'github'"):
        Signature.model_validate("githup")
    with pytest.raises(ValidationError, match="can be forged"):
        Signature(header="X-Signature", content="{timestamp}", timestamp="X-Time")
    with pytest.raises(ValidationError, match="both"):
        Signature(header="X-Signature", timestamp="X-Time")
    with pytest.raises(ConfigurationError, match="not base64") as told:
        Signature.model_validate("standard-webhooks").bytes_of("whsec_a secret", "here")
    assert "a secret" not in str(told.value)
