"""Half precision where the processor multiplies it many times faster than single."""

from __future__ import annotations

import torch
from torch import nn


def half_precision() -> torch.autocast:
    """A context in which encoders multiply in bfloat16, on processors that have units for it (AMX).

    There a step of training takes half the time for a small encoder and a fifth for a large one.
    On others nothing changes.
    """
    able = bool(torch.cpu.get_capabilities().get("amx_bf16", False))
    return torch.autocast("cpu", torch.bfloat16, enabled=able)


def write_out_attention(encoder: nn.Module) -> None:
    """Let ``encoder``, a model of transformers, take attention step by step: the way back through
    torch's own kernel takes three times as long in half precision."""
    encoder.set_attn_implementation("eager")
