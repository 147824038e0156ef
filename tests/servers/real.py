"""Real servers on 127.0.0.1 for the tests marked ``real``: installed, started and stopped here.

``python tests/servers/real.py install`` installs them, as root and with an index of packages at
hand: Dovecot, Prosody and ngIRCd from Debian's packages, Synapse by pip into an environment of its
own, and the forums, wikis, trackers and Bluesky of ``servers.software``, a module for each.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

SYNAPSE = Path(os.environ.get("EARFUL_SYNAPSE", "~/.cache/earful-tests/synapse")).expanduser()
"""The environment that Synapse is installed into."""
START_SECONDS = float(os.environ.get("EARFUL_START_SECONDS", "60"))

_PACKAGES = {"dovecot": "dovecot-imapd", "ngircd": "ngircd", "prosody": "prosody"}
"""Program -> the package of Debian's that brings it."""

_DOVECOT = """
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
ssl = no
disable_plaintext_auth = no
mail_location = maildir:{folder}/mail/%u
passdb {{
  driver = static
  args = password=sesame-9
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={folder}/mail
}}
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
"""

_PROSODY = """
daemonize = false
pidfile = "{folder}/pid"
data_path = "{folder}/data"
certificates = "{folder}"
run_as_root = true
log = {{ {{ levels = {{ min = "info" }}, to = "file", filename = "{folder}/log" }} }}
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {port} }}
s2s_ports = {{ }}
http_ports = {{ }}
https_ports = {{ }}
modules_enabled = {{ "roster", "saslauth", "disco", "tls" }}
modules_disabled = {{ "s2s" }}
c2s_require_encryption = false
authentication = "internal_hashed"
VirtualHost "localhost"
  ssl = {{ certificate = "{certificate}", key = "{key}" }}
Component "rooms.localhost" "muc"
  modules_enabled = {{ "muc_mam" }}
"""

_NGIRCD = """
[Global]
Name = irc.kayaks.example
Info = for tests
Listen = 127.0.0.1
Ports = {port}
[Limits]
MaxConnectionsIP = 0
MaxNickLength = 20
[Options]
PAM = no
Ident = no
DNS = no
"""

_SYNAPSE_LIMITS = """
rc_message: {per_second: 1000, burst_count: 1000}
rc_login:
  address: {per_second: 1000, burst_count: 1000}
  account: {per_second: 1000, burst_count: 1000}
"""


def install() -> None:
    """Install every server that is not there yet."""
    wanted = [package for program, package in _PACKAGES.items() if shutil.which(program) is None]
    if wanted:
        apt = ["apt-get", "install", "-y", "--no-install-recommends", *wanted]
        subprocess.run(["apt-get", "update"], check=True)
        subprocess.run(apt, check=True)
    if not (SYNAPSE / "bin" / "synapse_homeserver").exists():
        subprocess.run([sys.executable, "-m", "venv", SYNAPSE], check=True)
        subprocess.run([SYNAPSE / "bin" / "pip", "install", "-q", "matrix-synapse"], check=True)
    # Run as a script, Python looks for modules beside this file only.
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from servers import software

    software.install()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def dovecot() -> Iterator[int]:
    """Dovecot with any user and the password "sesame-9"; yields its port."""
    with TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        (folder / "mail").mkdir()
        for path in (folder, folder / "mail"):
            path.chmod(0o755)
        shutil.chown(folder / "mail", "nobody", "nogroup")
        config = folder / "dovecot.conf"
        config.write_text(_DOVECOT.format(folder=folder, port=port))
        with running(["dovecot", "-c", str(config), "-F"], port, folder / "log"):
            yield port


@contextmanager
def prosody(public: Path, private: Path) -> Iterator[int]:
    """Prosody for "localhost" with this certificate, archived rooms at "rooms.localhost", and the
    accounts shop, ada and bo, each with the password "sesame-9"; yields its port."""
    with TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        (folder / "data").mkdir()
        config = folder / "prosody.cfg.lua"
        config.write_text(
            _PROSODY.format(folder=folder, port=port, certificate=public, key=private)
        )
        for user in ("shop", "ada", "bo"):
            made = ["--config", str(config), "register", user, "localhost", "sesame-9"]
            subprocess.run(["prosodyctl", *made], check=True, capture_output=True)
        with running(["prosody", "--config", str(config), "-F"], port, folder / "log"):
            yield port


@contextmanager
def ngircd() -> Iterator[int]:
    """ngIRCd, which keeps no history; yields its port."""
    with TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        folder.chmod(0o755)
        config = folder / "ngircd.conf"
        config.write_text(_NGIRCD.format(port=port))
        with running(["ngircd", "-n", "-f", str(config)], port, folder / "log"):
            yield port


@contextmanager
def synapse() -> Iterator[str]:
    """Synapse with the users alice and bob (passwords pw-alice and pw-bob); yields its address."""
    with TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        config = folder / "homeserver.yaml"
        python = str(SYNAPSE / "bin" / "python")
        run = [python, "-m", "synapse.app.homeserver", "--config-path", str(config)]
        made = ["--server-name", "localhost", "--generate-config", "--report-stats=no"]
        subprocess.run([*run, *made], check=True, cwd=folder, capture_output=True)
        text = config.read_text().replace("port: 8008", f"port: {port}")
        config.write_text(text + _SYNAPSE_LIMITS)
        url = f"http://127.0.0.1:{port}"
        register = str(SYNAPSE / "bin" / "register_new_matrix_user")
        with running(run, port, folder / "homeserver.log", folder):
            for user in ("alice", "bob"):
                known = ["-c", str(config), "-u", user, "-p", f"pw-{user}", "--no-admin", url]
                subprocess.run([register, *known], check=True, capture_output=True)
            yield url


@contextmanager
def running(
    command: list[str],
    port: int,
    log: Path,
    folder: Path | None = None,
    environment: dict[str, str] | None = None,
) -> Iterator[None]:
    """The server as a process of ours, from when it answers until the end."""
    silent = subprocess.DEVNULL
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=silent, stderr=silent)
    try:
        _wait_until(lambda: _listens(port), process, log)
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while not ready():
        if process.poll() is not None or time.monotonic() > end:
            told = log.read_text("utf-8", "replace")[-2000:] if log.exists() else "no log"
            raise RuntimeError(f"the server did not start: {told}")
        time.sleep(0.1)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    if sys.argv[1:] != ["install"]:
        sys.exit("usage: python tests/servers/real.py install")
    install()
