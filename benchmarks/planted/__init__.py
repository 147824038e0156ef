"""Planted demand: feeds in which it is known who asks for what, and what a report makes of them.

The sentences under ``brands/`` are written for this benchmark. A scenario (``scenarios/``) and a
seed say how many people ask for what, and when, and what shall mislead. A feed is measured end to
end (``trip``) or from asks that a perfect or a known imperfect reader would give (``runs``), which
is fast enough for hundreds of feeds. Run with: python -m benchmarks.planted --help
"""
