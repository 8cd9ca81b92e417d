"""`tf.audio` and `tf.signal` without TensorFlow: sounds in files, and what they are made of."""

from __future__ import annotations

import io
import wave
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from .namespace import Lookup, Namespace
from .signatures import Functions, numbers
from .tensors import tensor_of
from .words import bytes_of


def decode_wav(contents: Any, desired_channels: int = -1, desired_samples: int = -1,
               name: str | None = None) -> Any:
    """TensorFlow's `tf.audio.decode_wav`: 16 bits a sample, as numbers from -1 to 1, and the rate."""
    with wave.open(io.BytesIO(bytes_of(contents))) as stream:
        channels, rate = stream.getnchannels(), stream.getframerate()
        data = np.frombuffer(stream.readframes(stream.getnframes()), "<i2")
    sound = data.reshape(-1, channels).astype("float32") / 32768
    if 0 < desired_channels < channels:
        sound = sound[:, :desired_channels]
    elif desired_channels > channels:
        sound = np.repeat(sound[:, :1], desired_channels, axis=1)
    if desired_samples >= 0:
        sound = np.pad(sound[:desired_samples], ((0, max(0, desired_samples - len(sound))), (0, 0)))
    return tensor_of(sound), tensor_of(rate)


def hann_window(window_length: Any, periodic: bool = True, dtype: Any = "float32",
                name: str | None = None) -> Any:
    """TensorFlow's `tf.signal.hann_window`."""
    length = int(window_length)
    return tensor_of(np.hanning(length + 1)[:-1] if periodic else np.hanning(length), "float32")


def frame(signal: Any, frame_length: Any, frame_step: Any, pad_end: bool = False, pad_value: Any = 0,
          axis: int = -1, name: str | None = None) -> Any:
    """TensorFlow's `tf.signal.frame`, along the last axis."""
    signal, length, step = numbers(signal), int(frame_length), int(frame_step)
    count = signal.shape[-1]
    if pad_end:
        frames = -(-count // step)
        behind = max(0, (frames - 1) * step + length - count)
        widths = [*[(0, 0)] * (signal.ndim - 1), (0, behind)]
        signal = jnp.pad(signal, widths, constant_values=pad_value)
    else:
        frames = max(0, 1 + (count - length) // step)
    return signal[..., np.arange(frames)[:, None] * step + np.arange(length)]


def stft(signals: Any, frame_length: Any, frame_step: Any, fft_length: Any = None,
         window_fn: Callable[..., Any] | None = hann_window, pad_end: bool = False,
         name: str | None = None) -> Any:
    """TensorFlow's `tf.signal.stft`."""
    frames = frame(signals, frame_length, frame_step, pad_end)
    length = int(frame_length)
    size = 1 << (length - 1).bit_length() if fft_length is None else int(fft_length)
    if window_fn is not None:
        frames = frames * numbers(window_fn(length))
    return jnp.fft.rfft(frames, size)


def _transform(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda input, fft_length=None, name=None: function(
        numbers(input), None if fft_length is None else int(np.asarray(fft_length).item()))


def namespaces(otherwise: dict[str, Lookup | None]) -> dict[str, Namespace]:
    """`tf.audio` and `tf.signal`.

    Args:
        otherwise: for each, what is asked for a name that it lacks.
    """
    known: dict[str, Functions] = {
        "audio": {"decode_wav": decode_wav},
        "signal": {"hann_window": hann_window, "frame": frame, "stft": stft, **{
            name: _transform(getattr(jnp.fft, name)) for name in ("fft", "ifft", "rfft", "irfft")}},
    }
    return {part: Namespace(f"tensorflow.{part}", functions, otherwise[part])
            for part, functions in known.items()}
