"""Brings comments in: connectors, files, and the door they pass before they are stored."""
