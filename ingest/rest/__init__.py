"""Connectors that are a TOML row: one engine for every platform that answers with lists of JSON."""
