"""Half precision where the processor multiplies it many times faster than single."""

from __future__ import annotations

import torch
from torch import nn


def half_precision() -> torch.autocast:
    """A context in which encoders multiply in bfloat16, on processors that can.

    With units for it (AMX) a step of training takes half the time for a small encoder and a fifth
    for a large one, with instructions for it (AVX-512) three fifths. On others nothing changes.
    """
    can = torch.cpu.get_capabilities()
    able = any(can.get(way, False) for way in ("amx_bf16", "avx512_bf16"))
    return torch.autocast("cpu", torch.bfloat16, enabled=able)


def write_out_attention(encoder: nn.Module) -> None:
    """Let ``encoder``, a model of transformers, take attention step by step: the way back through
    torch's own kernel takes three times as long in half precision."""
    encoder.set_attn_implementation("eager")
