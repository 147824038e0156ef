"""What identifies a person in a text: one module per family of patterns.

Every finder takes a text that went through ``spans.fold`` and yields half-open ranges
``(start, end)`` of characters. ``ingest.redact`` decides between ranges that overlap.
"""
