"""Wants in many wordings: how well vectors and grouping tell 93 of them apart."""
