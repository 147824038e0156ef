"""Exports and archives of platforms, told by their content.

One module for each platform, with an ``Export`` that says which files it claims and reads them.
Tables of survey tools and of customer relations have modules here as well (``surveys``, ``crm``):
their columns are known, so nothing has to be guessed.
"""

from ingest.files.exports.discord import DISCORD
from ingest.files.exports.export import Entry, Export, LeftOut, Opened
from ingest.files.exports.mbox import MBOX
from ingest.files.exports.reddit import REDDIT
from ingest.files.exports.slack import SLACK
from ingest.files.exports.telegram import TELEGRAM
from ingest.files.exports.twitter import TWITTER
from ingest.files.exports.youtube import YOUTUBE

EXPORTS: dict[str, Export] = {
    export.name: export for export in (SLACK, TWITTER, TELEGRAM, DISCORD, YOUTUBE, MBOX, REDDIT)
}
"""Every kind of export by its name, in the order in which a file is asked whether it is one."""

__all__ = ["EXPORTS", "Entry", "Export", "LeftOut", "Opened"]
