"""What a source of a connector looks like in earful.toml, as a comment to be filled in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ingest.connector import Connector, Need

_WIDTH = 96


def source_blocks(names: Sequence[str]) -> str:
    """A commented ``[[source]]`` for each connector, with what it needs and where to get that.

    Raises ``ConfigurationError`` with a guess where there is no connector of a name.
    """
    from ingest.registry import discover

    registry = discover()
    return "".join(_block(name, registry.connector(name)) for name in names)


def _block(name: str, connector: type[Connector]) -> str:
    row = getattr(connector, "row", None)
    lists = set(row.each) if row is not None else set()
    told = [name] if row is None else [f"{row.title}: {row.terms.summary}"]
    if row is not None and row.manual:
        told.append(f"Manual: {row.manual}")
    environment = [need for need in connector.needs if need.kind == "environment"]
    if environment:
        first = environment[0]
        which = ", ".join(need.name for need in environment)
        needed = "needs" if first.required else "may use"
        told.append(f"It {needed} {first.what}, in {which}. {first.how}")
    options = [need for need in connector.needs if need.kind == "option"]
    told += [f"{need.name}: {need.what}. {need.how}" for need in options]
    lines = [part for text in told for part in wrap(text, _WIDTH, break_long_words=False)]
    lines += ["[[source]]", f"name = {json.dumps(name)}", f"connector = {json.dumps(name)}"]
    values = ", ".join(_assigned(need, lists) for need in options if need.required)
    if values:
        lines.append(f"options = {{ {values} }}")
    return "\n" + "".join(f"# {line}\n" for line in lines)


def _assigned(need: Need, lists: set[str]) -> str:
    several = need.several or need.name in lists
    return f'{need.name} = ["..."]' if several else f'{need.name} = "..."'
