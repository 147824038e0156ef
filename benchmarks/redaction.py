"""Measures redaction on sentences whose personal data are marked.

Run from the checkout: ``python -m benchmarks.redaction [FILE.jsonl]``. Each line holds full_text,
spans (entity_type, start_position, end_position) and template_id. The templates are split in two:
patterns were written while looking at the even ones; the odd ones were only measured.
"""
