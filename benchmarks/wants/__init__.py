"""Wants in many wordings: how well vectors and grouping tell 382 of them apart."""
