"""Keras's layers that turn words into numbers, which need TensorFlow in Keras itself.

`StringLookup`, `IntegerLookup` and `TextVectorization` as they are used before a training: adapted to
data, called on arrays or in `Dataset.map`. Whole numbers may also be looked up inside of a network.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from .structure import as_numpy
from .tensors import tensor_of
from .words import Ragged, Text, is_text, regex_replace, text_of

_PUNCTUATION = r'[!"#$%&()\*\+,-\./:;<=>?@\[\\\]^_`{|}~\']'


class _Lookup(keras.layers.Layer):  # type: ignore[misc]
    """A table of tokens: first what masks, then what stands for all others, then the vocabulary."""

    def __init__(
        self, max_tokens: int | None = None, num_oov_indices: int = 1, mask_token: Any = None,
        oov_token: Any = None, vocabulary: Any = None, idf_weights: Any = None, invert: bool = False,
        output_mode: str = "int", pad_to_max_tokens: bool = False, sparse: bool = False, **options: Any,
    ) -> None:
        for name in ("encoding", "vocabulary_dtype", "trainable"):
            options.pop(name, None)
        super().__init__(trainable=False, **options)
        self.max_tokens, self.num_oov_indices = max_tokens, num_oov_indices
        self.mask_token, self.oov_token, self.invert = mask_token, oov_token, invert
        self.output_mode = "multi_hot" if output_mode == "binary" else output_mode
        self.pad_to_max_tokens = pad_to_max_tokens
        self.idf_weights = None if idf_weights is None else np.asarray(idf_weights, "float32")
        self._tokens: list[Any] = []
        if vocabulary is not None:
            self.set_vocabulary(vocabulary, idf_weights)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make it again, with what it was adapted to."""
        names = ("max_tokens", "num_oov_indices", "mask_token", "oov_token", "invert", "output_mode",
                 "pad_to_max_tokens")
        return {**super().get_config(), **{name: getattr(self, name) for name in names},
                "vocabulary": list(self._tokens) or None, "idf_weights": None
                if self.idf_weights is None else self.idf_weights.tolist()}

    @property
    def _special(self) -> list[Any]:
        mask = [self.mask_token] if self.mask_token is not None and self.output_mode == "int" else []
        return mask + [self.oov_token] * self.num_oov_indices

    def _token(self, one: Any) -> Any:
        raise NotImplementedError

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Another vocabulary: tokens in their order, or the file that has one a line."""
        if isinstance(vocabulary, str | Path):
            vocabulary = Path(vocabulary).read_text().splitlines()
        tokens = [self._token(one) for one in np.asarray(as_numpy(vocabulary)).tolist()]
        special = self._special
        self._tokens = tokens[len(special):] if tokens[: len(special)] == special else tokens
        if idf_weights is not None:
            self.idf_weights = np.asarray(as_numpy(idf_weights), "float32")

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[Any]:
        """All tokens, in the order of their numbers."""
        return [*(self._special if include_special_tokens else []), *self._tokens]

    def vocabulary_size(self) -> int:
        """How many tokens there are."""
        return len(self.get_vocabulary())

    vocab_size = vocabulary_size

    def adapt(self, data: Any, batch_size: int | None = None, steps: int | None = None) -> None:
        """Take the tokens of data for the vocabulary, the most frequent first."""
        self._adapted([[self._token(one) for one in np.asarray(part).ravel().tolist()]
                       for part in _parts(data, steps)])

    def _adapted(self, documents: list[list[Any]]) -> None:
        found: Counter[Any] = Counter(token for document in documents for token in document)
        for special in {*self._special, self.mask_token}:
            found.pop(special, None)
        ranked = sorted(found, key=lambda token: (found[token], token), reverse=True)
        most = None if self.max_tokens is None else self.max_tokens - len(self._special)
        self._tokens = ranked[:most]
        if self.output_mode == "tf_idf":
            within = Counter(token for document in documents for token in set(document))
            weights = [np.log(1 + len(documents) / (1 + within[token])) for token in self._tokens]
            usual = [float(np.mean(weights))] * len(self._special) if weights else []
            self.idf_weights = np.array([*usual, *weights], "float32")

    def _numbers(self, tokens: np.ndarray) -> np.ndarray:
        """The numbers of tokens that are known already."""
        special = self._special
        known = {token: at for at, token in enumerate(self._tokens, len(special))}
        if self.mask_token is not None and self.output_mode == "int":
            known[self.mask_token] = 0
        first = len(special) - self.num_oov_indices

        def number(one: Any) -> int:
            token = self._token(one)
            if token in known:
                return known[token]
            if self.num_oov_indices == 0:
                raise ValueError(f"{token!r} is not in the vocabulary, and num_oov_indices is 0.")
            return first + zlib.crc32(str(token).encode()) % self.num_oov_indices

        return np.vectorize(number, otypes=["int64"])(tokens) if tokens.size else tokens.astype("int64")

    def _out(self, numbers: Any) -> Any:
        """Numbers in the form that `output_mode` asks for."""
        if self.output_mode == "int":
            return tensor_of(numbers, "int32") if isinstance(numbers, np.ndarray) else numbers
        size = self.vocabulary_size()
        if self.pad_to_max_tokens and self.max_tokens:
            size = self.max_tokens
        found = ops.one_hot(numbers, size)
        if self.output_mode == "one_hot":
            return ops.squeeze(found, -2) if len(found.shape) > 2 and found.shape[-2] == 1 else found
        if self.output_mode == "multi_hot":
            return ops.max(found, axis=-2)
        counts = ops.sum(found, axis=-2)
        if self.output_mode == "count" or self.idf_weights is None:
            return counts
        weights = np.pad(self.idf_weights, (0, size - len(self.idf_weights)))
        return counts * ops.convert_to_tensor(weights)

    def _words(self, numbers: Any) -> Text:
        table = np.array(self.get_vocabulary(), object)
        return text_of(table[np.asarray(as_numpy(numbers)).astype(int)])


class StringLookup(_Lookup):
    """Keras's layer of that name, for arrays of text."""

    def __init__(self, max_tokens: int | None = None, num_oov_indices: int = 1, mask_token: Any = None,
                 oov_token: str = "[UNK]", **options: Any) -> None:
        super().__init__(max_tokens, num_oov_indices, mask_token, oov_token, **options)

    def _token(self, one: Any) -> str:
        return one.decode() if isinstance(one, bytes) else str(one)

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        if self.invert:
            return self._words(inputs)
        if isinstance(inputs, Ragged):
            inputs = inputs.to_tensor()
        return self._out(self._numbers(np.asarray(text_of(inputs))))


class IntegerLookup(_Lookup):
    """Keras's layer of that name; it may also stand in a network."""

    def __init__(self, max_tokens: int | None = None, num_oov_indices: int = 1, mask_token: Any = None,
                 oov_token: int = -1, **options: Any) -> None:
        super().__init__(max_tokens, num_oov_indices, mask_token, oov_token, **options)

    def _token(self, one: Any) -> int:
        return int(one)

    def call(self, inputs: Any) -> Any:
        """The numbers of whole numbers."""
        if self.invert:
            return ops.take(ops.convert_to_tensor(np.array(self.get_vocabulary())), inputs, axis=0)
        order = np.argsort(self._tokens)
        ranked = np.array(self._tokens)[order]
        inputs = ops.cast(inputs, "int32")
        at = ops.clip(ops.searchsorted(ranked.astype("int32"), ops.reshape(inputs, (-1,))), 0,
                      len(ranked) - 1)
        at = ops.reshape(at, ops.shape(inputs))
        known = ops.equal(ops.take(ops.convert_to_tensor(ranked.astype("int32")), at), inputs)
        first = len(self._special) - self.num_oov_indices
        found = ops.where(known, ops.take(ops.convert_to_tensor((order + len(self._special)).astype(
            "int32")), at), first + ops.mod(ops.abs(inputs), max(1, self.num_oov_indices)))
        if self.mask_token is not None and self.output_mode == "int":
            found = ops.where(ops.equal(inputs, self.mask_token), 0, found)
        return self._out(found)


class TextVectorization(_Lookup):
    """Keras's layer of that name: text in small letters, cut into words, as numbers."""

    def __init__(
        self, max_tokens: int | None = None, standardize: Any = "lower_and_strip_punctuation",
        split: Any = "whitespace", ngrams: Any = None, output_mode: str = "int",
        output_sequence_length: int | None = None, pad_to_max_tokens: bool = False,
        vocabulary: Any = None, idf_weights: Any = None, sparse: bool = False, ragged: bool = False,
        encoding: str = "utf-8", **options: Any,
    ) -> None:
        self.standardize, self.split, self.ngrams = standardize, split, ngrams
        self.output_sequence_length = output_sequence_length
        super().__init__(max_tokens, 1, "", "[UNK]", vocabulary, idf_weights, False, output_mode,
                         pad_to_max_tokens, **options)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make it again, with what it was adapted to."""
        config = super().get_config()
        for name in ("num_oov_indices", "mask_token", "oov_token", "invert"):
            del config[name]
        return {**config, "standardize": self.standardize, "split": self.split, "ngrams": self.ngrams,
                "output_sequence_length": self.output_sequence_length}

    def _token(self, one: Any) -> str:
        return one.decode() if isinstance(one, bytes) else str(one)

    def adapt(self, data: Any, batch_size: int | None = None, steps: int | None = None) -> None:
        """Take the words of data for the vocabulary, the most frequent first."""
        self._adapted([words for part in _parts(data, steps) for words in self._cut(part)])

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        array = text_of(inputs)
        rows = self._cut(array)
        numbers = [self._numbers(np.array(row, object)) for row in rows]
        if self.output_mode != "int":
            found = ops.stack([
                self._out(row) if len(row) else ops.zeros(self._width()) for row in numbers])
        else:
            wanted = self.output_sequence_length or max(map(len, numbers), default=0)
            made = np.zeros((len(numbers), wanted), "int64")
            for line, row in zip(made, numbers, strict=True):
                line[: len(row)] = row[:wanted]
            found = tensor_of(made, "int32")
        return found[0] if array.ndim == 0 else found

    def _width(self) -> tuple[int]:
        most = self.max_tokens if self.pad_to_max_tokens else None
        return (most or self.vocabulary_size(),)

    def _cut(self, value: Any) -> list[list[str]]:
        """The words of each text."""
        text: Any = text_of(value)
        if text.ndim > 1 and text.shape[-1] == 1:
            text = text.reshape(text.shape[:-1])
        text = text.reshape(-1)
        if callable(self.standardize):
            text = text_of(self.standardize(text))
        elif self.standardize:
            if "lower" in self.standardize:
                text = text_of([one.lower() for one in np.asarray(text)])
            if "strip_punctuation" in self.standardize:
                text = regex_replace(text, _PUNCTUATION, "")
        return [self._with_neighbours(words) for words in self._split(text)]

    def _split(self, text: Text) -> Iterator[list[str]]:
        if callable(self.split):
            made: Any = self.split(text)
            yield from ([*map(self._token, row)] for row in (
                made.rows if isinstance(made, Ragged) else np.asarray(text_of(made))))
            return
        ways: dict[Any, Callable[[str], list[str]]] = {"whitespace": str.split, "character": list}
        cut = ways.get(self.split)
        yield from ([one] if cut is None else cut(one) for one in np.asarray(text))

    def _with_neighbours(self, words: list[str]) -> list[str]:
        sizes: Sequence[int] = range(1, self.ngrams + 1) if isinstance(self.ngrams, int) else (
            self.ngrams or (1,))
        return [" ".join(words[at : at + size])
                for size in sizes for at in range(len(words) - size + 1)]


def _parts(data: Any, steps: int | None) -> Iterator[Any]:
    """What an `adapt` is given, part by part."""
    if hasattr(data, "as_numpy_iterator"):
        for at, part in enumerate(data.as_numpy_iterator()):
            if at == steps:
                return
            yield part
    else:
        array = np.asarray(text_of(data)) if is_text(data) else np.asarray(as_numpy(data))
        yield from array if array.ndim else [array]


def layers() -> dict[str, type]:
    """All of them by name."""
    return {cls.__name__: cls for cls in (StringLookup, IntegerLookup, TextVectorization)}
