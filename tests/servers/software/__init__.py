"""Forums, wikis, trackers and Bluesky on 127.0.0.1 for the tests marked ``real``, each a module.

Every module says whether its software ``is_installed``, can ``install`` it, and starts it with
``serve``, in a folder that is gone afterwards.
"""

from __future__ import annotations

from importlib import import_module

NAMES = (
    "isso",
    "roundup",
    "hyperkitty",
    "wordpress",
    "mediawiki",
    "redmine",
    "misago",
    "bluesky",
)


def install() -> None:
    """Install what is not there yet."""
    for name in NAMES:
        one = import_module(f"servers.software.{name}")
        if not one.is_installed():
            one.install()
