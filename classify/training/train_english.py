"""The long way to the network of English, step by step: each step is kept and not done twice."""

from __future__ import annotations

from classify.training.steps import FOLDS, StagedTraining

EnglishTraining = StagedTraining
"""Its material is a ``recipe.Material``."""

__all__ = ["FOLDS", "EnglishTraining"]
