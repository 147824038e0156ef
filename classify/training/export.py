"""From the trained network to what is shipped: an int8 ONNX graph and a tokenizer, as bytes."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.shape_inference import quant_pre_process
from tokenizers import Regex, Tokenizer, normalizers
from torch import Tensor, nn

from classify.network import COMMENT_OUTPUTS, EMBEDDED_INPUTS, INPUTS, OUTPUTS, TOKEN_OUTPUTS
from classify.training.emoji import SPOKEN_EMOJI
from classify.training.reader_network import Logits, ReaderNetwork
from classify.vectors import MEAN

_OPSET = 17


def reading_tokenizer(base: Path) -> Tokenizer:
    """The tokenizer of the base model; emoji are read as words, nothing is cut or padded."""
    tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    spoken = [
        normalizers.Replace(Regex(f"[{''.join(signs)}]\ufe0f?"), f" {word} ")
        for word, signs in SPOKEN_EMOJI.items()
    ]
    tokenizer.normalizer = normalizers.Sequence([*spoken, tokenizer.normalizer])
    return tokenizer


class _Answers(nn.Module):
    """The network as the graph that is shipped: probabilities out, no training heads."""

    def __init__(self, network: ReaderNetwork) -> None:
        super().__init__()
        self.network = network
        self.encoder = network.encoder

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, ...]:
        return probabilities(self.network(ids, mask))


class _EmbeddedAnswers(nn.Module):
    """The same, for rows of the table of pieces (b, n, 384), which is kept apart."""

    def __init__(self, network: ReaderNetwork) -> None:
        super().__init__()
        self.network = network
        self.encoder = network.encoder

    def forward(self, embeddings: Tensor, mask: Tensor) -> tuple[Tensor, ...]:
        hidden = self.network.encoder(inputs_embeds=embeddings, attention_mask=mask)
        return probabilities(self.network.heads(hidden.last_hidden_state, mask))


class _Mean(nn.Module):
    """An encoder alone: the mean of its tokens, brought to length one (b, 384), for rows of the
    table of pieces."""

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, embeddings: Tensor, mask: Tensor) -> Tensor:
        hidden = self.encoder(inputs_embeds=embeddings, attention_mask=mask).last_hidden_state
        present = mask.unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * present).sum(1) / present.sum(1)
        return nn.functional.normalize(mean, dim=-1)


def probabilities(logits: Logits) -> tuple[Tensor, ...]:
    """The answers as the shipped graph gives them, in the order of ``OUTPUTS``."""
    return (
        logits.sentiments.softmax(-1),
        logits.categories,
        logits.vectors,
        logits.spans.sigmoid(),
        logits.types.softmax(-1),
        logits.strengths.softmax(-1),
        logits.names.softmax(-1),
    )


def int8_graph(network: ReaderNetwork) -> bytes:
    """The full network as ONNX with weights in int8, one scale per output channel."""
    axes = {name: {0: "comments"} for name in COMMENT_OUTPUTS}
    axes |= {name: {0: "comments", 1: "tokens"} for name in (*INPUTS, *TOKEN_OUTPUTS)}
    return _int8(_Answers(network), OUTPUTS, axes)


def int8_embedded_graph(network: ReaderNetwork) -> bytes:
    """The same for a network whose table of pieces is kept apart: it takes rows of the table."""
    axes = {name: {0: "comments"} for name in COMMENT_OUTPUTS}
    axes |= {name: {0: "comments", 1: "tokens"} for name in (*EMBEDDED_INPUTS, *TOKEN_OUTPUTS)}
    example = _embedded_example(network.encoder)
    return _int8(_EmbeddedAnswers(network), OUTPUTS, axes, EMBEDDED_INPUTS, example)


def int8_mean_graph(encoder: nn.Module) -> bytes:
    """An encoder without heads, which takes rows of the table and gives the mean of its tokens, of
    length one."""
    axes = {name: {0: "texts", 1: "tokens"} for name in EMBEDDED_INPUTS} | {MEAN: {0: "texts"}}
    return _int8(_Mean(encoder), (MEAN,), axes, EMBEDDED_INPUTS, _embedded_example(encoder))


def _embedded_example(encoder: nn.Module) -> tuple[Tensor, Tensor]:
    ids = torch.tensor([[0, 5, 2, 1], [0, 5, 6, 2]])
    table = encoder.get_submodule("embeddings.word_embeddings")
    return table(ids).detach(), (ids != 1).long()


def _int8(
    graph: nn.Module,
    outputs: Sequence[str],
    axes: dict[str, dict[int, str]],
    inputs: Sequence[str] = INPUTS,
    example: tuple[Tensor, Tensor] | None = None,
) -> bytes:
    ids = torch.tensor([[101, 7592, 102, 0], [101, 7592, 2088, 102]])
    mask = (ids != 0).long()
    # attention spelt out is read a tenth faster by onnxruntime than the fused one's export
    graph.encoder.set_attn_implementation("eager")
    with TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exact, inferred, small = (Path(folder) / name for name in ("a.onnx", "b.onnx", "c.onnx"))
        torch.onnx.export(
            graph.eval(),
            example or (ids, mask),
            str(exact),
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_axes=axes,
            opset_version=_OPSET,
            dynamo=False,
        )
        logging.getLogger().setLevel(logging.ERROR)
        quant_pre_process(str(exact), str(inferred), skip_symbolic_shape=True)
        quantize_dynamic(str(inferred), str(small), weight_type=QuantType.QInt8, per_channel=True)
        return small.read_bytes()
