"""Fitting the shipped models, and measuring what they are worth."""
