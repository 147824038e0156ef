"""WordPress, whose clock is in New York: a site in another zone than UTC shows what that breaks."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from servers.real import free_port, running
from servers.software import mariadb
from servers.software.installing import apt

_SHARED = Path("/usr/share/wordpress")

_CONFIG = """<?php
define('DB_NAME', 'site');
define('DB_USER', 'site');
define('DB_PASSWORD', '{password}');
define('DB_HOST', '127.0.0.1:{port}');
define('WP_HTTP_BLOCK_EXTERNAL', true);
define('DISABLE_WP_CRON', true);
define('WP_HOME', '{url}');
define('WP_SITEURL', '{url}');
$table_prefix = 'wp_';
if (!defined('ABSPATH')) define('ABSPATH', __DIR__ . '/');
require_once ABSPATH . 'wp-settings.php';
"""

_INSTALL = """
define('WP_INSTALLING', true);
require 'wp-load.php';
require 'wp-admin/includes/upgrade.php';
function wp_mail() { return true; }
wp_install('Paddles', 'ada', 'ada@lakeside.example', true, '', 'sesame-9');
wp_delete_comment(1, true);
update_option('timezone_string', 'America/New_York');
global $wp_rewrite;
$wp_rewrite->set_permalink_structure('/%postname%/');
$wp_rewrite->flush_rules(false);
"""


def is_installed() -> bool:
    """Whether it is here, and what it needs."""
    return _SHARED.exists() and all(map(shutil.which, ("php", "mariadbd")))


def install() -> None:
    """Install Debian's packages."""
    apt("wordpress", "php-cli", "php-mysql", "php-curl", "php-xml", "mariadb-server")


@dataclass(frozen=True)
class Site:
    """A running site; ``folder`` holds its program."""

    url: str
    folder: Path

    def run(self, code: str) -> str:
        """Run PHP within the site; what it prints."""
        command = ["php", "-r", f"require 'wp-load.php'; {code}"]
        done = subprocess.run(command, cwd=self.folder, check=True, capture_output=True)
        return done.stdout.decode()

    def say(self, text: str, second: int, parent: int = 0) -> int:
        """A comment below the first post, written at ``second``; its id."""
        comment = (
            f"['comment_post_ID' => 1, 'comment_author' => 'bo', 'comment_content' => '{text}',"
            f" 'comment_parent' => {parent}, 'comment_approved' => 1,"
            f" 'comment_date_gmt' => gmdate('Y-m-d H:i:s', {second}),"
            f" 'comment_date' => wp_date('Y-m-d H:i:s', {second})]"
        )
        return int(self.run(f"echo wp_insert_comment({comment});"))


@contextmanager
def serve() -> Iterator[Site]:
    """A site without comments, with one post."""
    with TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        with mariadb.serve(folder) as database:
            home = folder / "site"
            shutil.copytree(_SHARED, home)
            url = f"http://127.0.0.1:{port}"
            config = _CONFIG.format(password=mariadb.PASSWORD, port=database, url=url)
            (home / "wp-config.php").unlink()
            (home / "wp-config.php").write_text(config)
            php = ["php", "-r", _INSTALL]
            subprocess.run(php, cwd=home, check=True, capture_output=True)
            with running(["php", "-S", f"127.0.0.1:{port}"], port, folder / "log", home):
                yield Site(url, home)
