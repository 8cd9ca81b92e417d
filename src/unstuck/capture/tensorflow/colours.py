"""The part of `tf.image` that changes values: brightness, contrast, hue, kinds of numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
from keras import ops

from . import draws
from .dtypes import BY_NAME, DType, cast, named
from .signatures import Functions
from .tensors import tensor_of


def convert_image_dtype(image: Any, dtype: Any, saturate: bool = False,
                        name: str | None = None) -> Any:
    """TensorFlow's `tf.image.convert_image_dtype`: whole numbers to their largest, floats to 1."""
    image = tensor_of(image)
    given, wanted = DType(str(image.dtype)), BY_NAME[named(dtype) or "float32"]
    if given == wanted:
        return image
    if given.is_integer and wanted.is_integer:
        if given.max > wanted.max:
            return cast(image // ((given.max + 1) // (wanted.max + 1)), wanted)
        return cast(image, wanted) * ((wanted.max + 1) // (given.max + 1))
    if given.is_integer:
        return cast(image, wanted) * (1.0 / given.max)
    if wanted.is_floating:
        return cast(image, wanted)
    scaled = image * (wanted.max + 0.5)
    return cast(ops.clip(scaled, wanted.min, wanted.max) if saturate else scaled, wanted)


def _in_floats(change: Callable[..., Any]) -> Callable[..., Any]:
    """The same for pictures of whole numbers, which are changed as floats and come back."""
    def changed(image: Any, *args: Any, **options: Any) -> Any:
        options.pop("name", None)
        image = tensor_of(image)
        kind = str(image.dtype)
        found = change(convert_image_dtype(image, "float32"), *args, **options)
        return convert_image_dtype(found, kind, saturate=True)

    return changed


def adjust_brightness(image: Any, delta: Any) -> Any:
    """TensorFlow's `tf.image.adjust_brightness`."""
    return image + delta


def adjust_contrast(images: Any, contrast_factor: Any) -> Any:
    """TensorFlow's `tf.image.adjust_contrast`: away from, or to, the mean of each channel."""
    mean = ops.mean(images, axis=(-3, -2), keepdims=True)
    return (images - mean) * contrast_factor + mean


def adjust_gamma(image: Any, gamma: Any = 1, gain: Any = 1) -> Any:
    """TensorFlow's `tf.image.adjust_gamma`."""
    return gain * image**gamma


def rgb_to_hsv(images: Any, name: str | None = None) -> Any:
    """TensorFlow's `tf.image.rgb_to_hsv`."""
    images = tensor_of(images)
    red, green, blue = images[..., 0], images[..., 1], images[..., 2]
    value = jnp.max(images, axis=-1)
    span = value - jnp.min(images, axis=-1)
    safe = jnp.where(span > 0, span, 1.0)
    hue = jnp.where(value == red, (green - blue) / safe, jnp.where(
        value == green, 2.0 + (blue - red) / safe, 4.0 + (red - green) / safe)) / 6.0
    hue = jnp.where(span > 0, jnp.where(hue < 0, hue + 1.0, hue), 0.0)
    saturation = jnp.where(value > 0, span / jnp.where(value > 0, value, 1.0), 0.0)
    return jnp.stack([hue, saturation, value], -1)


def hsv_to_rgb(images: Any, name: str | None = None) -> Any:
    """TensorFlow's `tf.image.hsv_to_rgb`."""
    images = tensor_of(images)
    hue, saturation, value = images[..., 0], images[..., 1], images[..., 2]
    six = hue * 6
    channels = (jnp.abs(six - 3) - 1, 2 - jnp.abs(six - 2), 2 - jnp.abs(six - 4))
    return jnp.stack([((jnp.clip(c, 0, 1) - 1) * saturation + 1) * value for c in channels], -1)


def adjust_hue(image: Any, delta: Any) -> Any:
    """TensorFlow's `tf.image.adjust_hue`."""
    hsv = rgb_to_hsv(image)
    return hsv_to_rgb(hsv.at[..., 0].set((hsv[..., 0] + delta) % 1.0))


def adjust_saturation(image: Any, saturation_factor: Any) -> Any:
    """TensorFlow's `tf.image.adjust_saturation`."""
    hsv = rgb_to_hsv(image)
    return hsv_to_rgb(hsv.at[..., 1].set(jnp.clip(hsv[..., 1] * saturation_factor, 0, 1)))


_SPACES = {
    "rgb_to_yuv": [[0.299, -0.14714119, 0.61497538], [0.587, -0.28886916, -0.51496512],
                   [0.114, 0.43601035, -0.10001026]],
    "yuv_to_rgb": [[1.0, 1.0, 1.0], [0.0, -0.394642334, 2.03206185],
                   [1.13988303, -0.58062185, 0.0]],
    "rgb_to_yiq": [[0.299, 0.59590059, 0.2115], [0.587, -0.27455667, -0.52273617],
                   [0.114, -0.32134392, 0.31119955]],
    "yiq_to_rgb": [[1.0, 1.0, 1.0], [0.95598634, -0.27201283, -1.10674021],
                   [0.6208248, -0.64720424, 1.70423049]],
}
"""From a picture's three channels (rows) to three others, as TensorFlow's documentation has them."""


def _into(space: str) -> Callable[..., Any]:
    def converted(images: Any) -> Any:
        return ops.matmul(tensor_of(images), np.array(_SPACES[space], "float32"))

    return converted


def rgb_to_grayscale(images: Any) -> Any:
    """TensorFlow's `tf.image.rgb_to_grayscale`."""
    return ops.sum(images * np.array([0.2989, 0.5870, 0.1140], "float32"), axis=-1, keepdims=True)


def per_image_standardization(image: Any, name: str | None = None) -> Any:
    """TensorFlow's `tf.image.per_image_standardization`."""
    image = cast(tensor_of(image), "float32")
    axes = (-3, -2, -1)
    count = int(np.prod(image.shape[-3:]))
    mean = ops.mean(image, axis=axes, keepdims=True)
    spread = ops.sqrt(ops.maximum(ops.var(image, axis=axes, keepdims=True), 0.0))
    return (image - mean) / ops.maximum(spread, 1.0 / np.sqrt(count))


def _drawn(change: Callable[..., Any], symmetric: bool) -> Callable[..., Any]:
    """A change by a factor that is drawn: within ± a number, or between two."""
    def drawn(image: Any, *bounds: Any, seed: Any = None, **named_bounds: Any) -> Any:
        values = [*bounds, *named_bounds.values()]
        low, high = (-values[0], values[0]) if symmetric else values[:2]
        return change(image, draws.uniform((), low, high, seed=seed))

    return drawn


_CHANGES = {
    "brightness": (_in_floats(adjust_brightness), True),
    "contrast": (_in_floats(adjust_contrast), False),
    "hue": (_in_floats(adjust_hue), True),
    "saturation": (_in_floats(adjust_saturation), False),
}


def functions() -> Functions:
    """All of them by name."""
    return {
        "convert_image_dtype": convert_image_dtype, "rgb_to_hsv": rgb_to_hsv, "hsv_to_rgb": hsv_to_rgb,
        "rgb_to_grayscale": _in_floats(rgb_to_grayscale), "adjust_gamma": _in_floats(adjust_gamma),
        "per_image_standardization": per_image_standardization,
        **{name: _into(name) for name in _SPACES},
        **{f"adjust_{name}": change for name, (change, _) in _CHANGES.items()},
        **{f"random_{name}": _drawn(*made) for name, made in _CHANGES.items()},
    }
