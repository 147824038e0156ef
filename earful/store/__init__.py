"""The ledger: one SQLite file that holds every comment, its tags, and where listening stands."""

from earful.store.comments import UpsertCount
from earful.store.corrections import Correction, CorrectionCount, Labels
from earful.store.erase import Erasure
from earful.store.ledger import Ledger
from earful.store.search import Hit
from earful.store.spool import AsideDelivery, Delivery, Spool

__all__ = [
    "AsideDelivery",
    "Correction",
    "CorrectionCount",
    "Delivery",
    "Erasure",
    "Hit",
    "Labels",
    "Ledger",
    "Spool",
    "UpsertCount",
]
