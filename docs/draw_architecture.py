"""Draws docs/architecture.svg, the trip of a comment. Run with: python docs/draw_architecture.py"""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape

TARGET = Path(__file__).with_name("architecture.svg")
INK, SOFT, ACCENT, PAPER = "#1b1f24", "#5b6570", "#0b6e6e", "#ffffff"
WIDTH, HEIGHT = 1120, 560


def box(x: int, y: int, w: int, h: int, title: str, lines: list[str], fill: str = "#f4f7f7") -> str:
    parts = [
        f'<rect x="{x}" y="{y}" width="{w}" height="{h}" rx="8" fill="{fill}" stroke="{SOFT}"/>',
        f'<text x="{x + 14}" y="{y + 26}" font-weight="600" fill="{INK}">{escape(title)}</text>',
    ]
    parts += [
        f'<text x="{x + 14}" y="{y + 48 + 19 * n}" font-size="13"'
        f' fill="{SOFT}">{escape(line)}</text>'
        for n, line in enumerate(lines)
    ]
    return "\n".join(parts)


def arrow(x1: int, y1: int, x2: int, y2: int, label: str, dx: int = 0, dy: int = -8) -> str:
    return (
        f'<path d="M{x1} {y1} L{x2} {y2}" stroke="{ACCENT}" stroke-width="2" fill="none"'
        ' marker-end="url(#head)"/>'
        f'<text x="{(x1 + x2) // 2 + dx}" y="{(y1 + y2) // 2 + dy}" font-size="13" fill="{ACCENT}"'
        f' text-anchor="middle">{escape(label)}</text>'
    )


def picture() -> str:
    """The whole picture as SVG."""
    shapes = [
        box(
            20,
            60,
            210,
            150,
            "Sources",
            ["Reddit, Hacker News", "files: csv … xlsx, zst", "surveys (solicited)", "your own"],
            PAPER,
        ),
        box(
            320,
            40,
            240,
            190,
            "ingest",
            [
                "connectors, file import",
                "the door: clean, redact,",
                "pseudonym, sealed asker,",
                "fingerprints, relevance",
                "pull loop: rows + cursor",
                "in one transaction",
            ],
        ),
        box(
            680,
            40,
            420,
            190,
            "the ledger (earful.db)",
            [
                "comments, revisions, tombstones; full-text index",
                "tags and asks, keyed by comment and model version",
                "cursors, coverage, encrypted askers",
                "one SQLite file: WAL, STRICT, secure_delete",
            ],
            "#e8f1f1",
        ),
        box(
            320,
            330,
            240,
            180,
            "classify",
            [
                "language, sentiment,",
                "categories (data: *.toml)",
                "asks: quote, item, type,",
                "strength, moment, vector",
                "Arrow batch in and out",
            ],
        ),
        box(
            680,
            330,
            190,
            180,
            "facts (Parquet)",
            ["one row per comment,", "one per ask;", "rebuilt from the", "ledger at any time"],
            "#e8f1f1",
        ),
        box(
            950,
            330,
            150,
            180,
            "reports",
            ["rollups in Ibis", "signals: people,", "series, moments", "brief.html", "signals.*"],
        ),
        arrow(230, 135, 316, 135, "Comment"),
        arrow(560, 135, 676, 135, "Admitted"),
        arrow(700, 230, 520, 326, "unread texts", -40, -10),
        arrow(564, 400, 720, 234, "Tags", -6, 34),
        arrow(790, 230, 790, 326, "build", 28, 4),
        arrow(870, 420, 946, 420, "asks"),
        *(
            f'<text x="20" y="{300 + 20 * n}" font-size="13" fill="{SOFT}">{line}</text>'
            for n, line in enumerate(
                [
                    "earful/pipeline wires the steps;",
                    "earful/cli.py is the face.",
                    "Stages never import one another:",
                    "they meet in the ledger.",
                ]
            )
        ),
    ]
    body = "\n".join(shapes)
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"
 width="{WIDTH}" height="{HEIGHT}" font-family="system-ui, sans-serif" font-size="16" role="img"
 aria-label="The trip of a comment from a source to a report">
<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8"
 orient="auto"><path d="M0 0 L10 5 L0 10 z" fill="{ACCENT}"/></marker></defs>
<rect width="{WIDTH}" height="{HEIGHT}" fill="{PAPER}"/>
{body}
</svg>
"""


if __name__ == "__main__":
    TARGET.write_text(picture(), encoding="utf-8")
