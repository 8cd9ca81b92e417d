"""`tf.image`: sizes, cuts and turns of pictures; `colours` has what changes their values."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from keras import ops

from unstuck.base.errors import NotSupported

from . import colours, draws
from .dtypes import named
from .signatures import Functions, numbers
from .tensors import lengths_of, tensor_of
from .words import bytes_of

_METHODS = {"bilinear": "bilinear", "nearest": "nearest", "bicubic": "bicubic", "lanczos3": "lanczos3",
            "lanczos5": "lanczos5", "area": "", "gaussian": "", "mitchellcubic": ""}


class ResizeMethod:
    """TensorFlow's names for the ways to resize."""

    BILINEAR, NEAREST_NEIGHBOR, BICUBIC, AREA = "bilinear", "nearest", "bicubic", "area"
    LANCZOS3, LANCZOS5, GAUSSIAN, MITCHELLCUBIC = "lanczos3", "lanczos5", "gaussian", "mitchellcubic"


def functions() -> Functions:
    """Everything of `tf.image`."""
    return {**colours.functions(), **_OWN}


def resize(images: Any, size: Any, method: Any = "bilinear", preserve_aspect_ratio: bool = False,
           antialias: bool = False, name: str | None = None) -> Any:
    """TensorFlow's `tf.image.resize`; numbers come back as 32-bit floats, but for nearest."""
    images = numbers(tensor_of(images), "image.resize")
    height, width = lengths_of(size)
    *_, rows, columns, _ = images.shape
    if preserve_aspect_ratio:
        scale = min(height / rows, width / columns)
        height, width = round(rows * scale), round(columns * scale)
    way = str(method).lower()
    if way == "nearest" or str(method) == "1":
        down = np.floor((np.arange(height) + 0.5) * rows / height).astype(int)
        along = np.floor((np.arange(width) + 0.5) * columns / width).astype(int)
        return jnp.take(jnp.take(images, down, axis=-3), along, axis=-2)
    if way == "area" and rows % height == 0 and columns % width == 0:
        cut = (*images.shape[:-3], height, rows // height, width, columns // width, images.shape[-1])
        return jnp.mean(images.astype("float32").reshape(cut), axis=(-4, -2))
    wanted = (*images.shape[:-3], height, width, images.shape[-1])
    return jax.image.resize(images.astype("float32"), wanted, _METHODS.get(way) or "bilinear",
                            antialias=antialias)


def _flipped(axis: int) -> Any:
    return lambda image, name=None: ops.flip(tensor_of(image), axis=axis)


def _randomly_flipped(axis: int) -> Any:
    def flipped(image: Any, seed: Any = None) -> Any:
        image = tensor_of(image)
        each = (image.shape[0], 1, 1, 1) if image.ndim == 4 else ()
        return ops.where(draws.uniform(each, seed=seed) < 0.5, ops.flip(image, axis=axis), image)

    return flipped


def rot90(image: Any, k: int = 1, name: str | None = None) -> Any:
    """TensorFlow's `tf.image.rot90`: turned by quarters, against the clock."""
    image = tensor_of(image)
    return ops.rot90(image, k=int(k), axes=(image.ndim - 3, image.ndim - 2))


def image_transpose(image: Any, name: str | None = None) -> Any:
    """TensorFlow's `tf.image.transpose`: rows for columns."""
    return ops.swapaxes(tensor_of(image), -3, -2)


def crop_to_bounding_box(image: Any, offset_height: int, offset_width: int, target_height: int,
                         target_width: int, name: str | None = None) -> Any:
    """TensorFlow's `tf.image.crop_to_bounding_box`."""
    return tensor_of(image)[..., offset_height : offset_height + target_height,
                            offset_width : offset_width + target_width, :]


def pad_to_bounding_box(image: Any, offset_height: int, offset_width: int, target_height: int,
                        target_width: int, name: str | None = None) -> Any:
    """TensorFlow's `tf.image.pad_to_bounding_box`: zeros around."""
    image = tensor_of(image)
    rows, columns = image.shape[-3:-1]
    return ops.pad(image, [[0, 0]] * (image.ndim - 3) + [
        [offset_height, target_height - offset_height - rows],
        [offset_width, target_width - offset_width - columns], [0, 0]])


def resize_with_crop_or_pad(image: Any, target_height: int, target_width: int,
                            name: str | None = None) -> Any:
    """TensorFlow's `tf.image.resize_with_crop_or_pad`: from the middle."""
    image = tensor_of(image)
    rows, columns = image.shape[-3:-1]
    height, width = min(rows, target_height), min(columns, target_width)
    cut = crop_to_bounding_box(image, (rows - height) // 2, (columns - width) // 2, height, width)
    return pad_to_bounding_box(cut, (target_height - height) // 2, (target_width - width) // 2,
                               target_height, target_width)


def resize_with_pad(image: Any, target_height: int, target_width: int, method: Any = "bilinear",
                    antialias: bool = False) -> Any:
    """TensorFlow's `tf.image.resize_with_pad`: whole, with zeros beside."""
    image = tensor_of(image)
    rows, columns = image.shape[-3:-1]
    ratio = max(rows / target_height, columns / target_width)
    height, width = int(rows / ratio), int(columns / ratio)
    small = resize(image, (height, width), method, antialias=antialias)
    return pad_to_bounding_box(small, int((target_height - rows / ratio) / 2),
                               int((target_width - columns / ratio) / 2), target_height, target_width)


def central_crop(image: Any, central_fraction: float) -> Any:
    """TensorFlow's `tf.image.central_crop`."""
    image = tensor_of(image)
    rows, columns = image.shape[-3:-1]
    top = int((rows - rows * central_fraction) / 2)
    left = int((columns - columns * central_fraction) / 2)
    return crop_to_bounding_box(image, top, left, rows - 2 * top, columns - 2 * left)


def random_crop(value: Any, size: Any, seed: Any = None, name: str | None = None) -> Any:
    """TensorFlow's `tf.image.random_crop`, of arrays of any kind."""
    value, size = numbers(tensor_of(value), "image.random_crop"), lengths_of(size)
    free = jnp.array([whole - part + 1 for whole, part in zip(value.shape, size, strict=True)])
    starts = jnp.floor(draws.uniform((len(size),), seed=seed) * free).astype("int32")
    return jax.lax.dynamic_slice(value, starts, size)


def sample_distorted_bounding_box(
    image_size: Any, bounding_boxes: Any, seed: Any = 0, min_object_covered: Any = 0.1,
    aspect_ratio_range: Any = None, area_range: Any = None, max_attempts: Any = None,
    use_image_if_no_bounding_boxes: Any = None, name: str | None = None,
) -> tuple[Any, Any, Any]:
    """TensorFlow's `tf.image.sample_distorted_bounding_box`: where a random part begins, its size, and
    its box in shares of the picture.

    Raises:
        NotSupported: there are boxes, parts of which would have to be within.
    """
    rows, columns, _ = (int(n) for n in np.asarray(image_size))
    if np.size(bounding_boxes):
        raise NotSupported("tf.image.sample_distorted_bounding_box with boxes is not taken; without"
                           " any, and use_image_if_no_bounding_boxes=True, it is.")
    narrow, wide = (0.75, 1.33) if aspect_ratio_range is None else aspect_ratio_range
    least, most = (0.05, 1.0) if area_range is None else area_range
    high, across, top, left = rows, columns, 0, 0
    for _ in range(int(max_attempts or 100)):
        shape, size, down, along = map(float, draws.uniform((4,), seed=seed or None))
        ratio = narrow + shape * (wide - narrow)
        tall = [np.sqrt(area * rows * columns / ratio) for area in (least, most)]
        tried = round(tall[0] + size * (min(tall[1], rows, columns / ratio) - tall[0]))
        if 0 < tried <= rows and 0 < round(tried * ratio) <= columns:
            high, across = tried, round(tried * ratio)
            top, left = int(down * (rows - high + 1)), int(along * (columns - across + 1))
            break
    box = [top / rows, left / columns, (top + high) / rows, (left + across) / columns]
    return (jnp.array([top, left, 0]), jnp.array([high, across, -1]),
            jnp.array(box, "float32").reshape(1, 1, 4))


def total_variation(images: Any, name: str | None = None) -> Any:
    """TensorFlow's `tf.image.total_variation`."""
    images = tensor_of(images)
    down = ops.abs(images[..., 1:, :, :] - images[..., :-1, :, :])
    along = ops.abs(images[..., 1:, :] - images[..., :-1, :])
    return ops.sum(down, axis=(-3, -2, -1)) + ops.sum(along, axis=(-3, -2, -1))


def image_gradients(image: Any) -> tuple[Any, Any]:
    """TensorFlow's `tf.image.image_gradients`."""
    down = ops.pad(image[:, 1:] - image[:, :-1], [[0, 0], [0, 1], [0, 0], [0, 0]])
    along = ops.pad(image[:, :, 1:] - image[:, :, :-1], [[0, 0], [0, 0], [0, 1], [0, 0]])
    return down, along


def psnr(a: Any, b: Any, max_val: Any, name: str | None = None) -> Any:
    """TensorFlow's `tf.image.psnr`."""
    error = ops.mean(ops.square(ops.subtract(a, b)), axis=(-3, -2, -1))
    return (20 * ops.log(ops.cast(max_val, "float32")) - 10 * ops.log(error)) / np.log(10.0)


def ssim(img1: Any, img2: Any, max_val: Any, filter_size: int = 11, filter_sigma: float = 1.5,
         k1: float = 0.01, k2: float = 0.03, return_index_map: bool = False) -> Any:
    """TensorFlow's `tf.image.ssim`."""
    one, two = ops.cast(img1, "float32"), ops.cast(img2, "float32")
    channels = one.shape[-1]
    bell = np.exp(-0.5 * ((np.arange(filter_size) - (filter_size - 1) / 2) / filter_sigma) ** 2)
    window = np.outer(bell, bell) / np.outer(bell, bell).sum()
    kernel = np.tile(window[:, :, None, None], (1, 1, channels, 1)).astype("float32")

    def around(x: Any) -> Any:
        batch = ops.reshape(x, (-1, *x.shape[-3:]))
        return ops.depthwise_conv(batch, kernel, padding="valid", data_format="channels_last")

    c1, c2 = (k1 * max_val) ** 2, (k2 * max_val) ** 2
    mean1, mean2 = around(one), around(two)
    light = (2 * mean1 * mean2 + c1) / (mean1**2 + mean2**2 + c1)
    cross, squares = around(one * two) * 2, around(one**2 + two**2)
    detail = (cross - 2 * mean1 * mean2 + c2) / (squares - mean1**2 - mean2**2 + c2)
    found = ops.mean(light * detail, axis=(1, 2, 3))
    return ops.reshape(found, one.shape[:-3])


def extract_patches(images: Any, sizes: Any, strides: Any, rates: Any, padding: str,
                    name: str | None = None) -> Any:
    """TensorFlow's `tf.image.extract_patches`."""
    return ops.image.extract_patches(
        images, size=tuple(sizes)[1:3], strides=tuple(strides)[1:3], dilation_rate=tuple(rates)[1],
        padding=padding.lower(), data_format="channels_last")


def grayscale_to_rgb(images: Any, name: str | None = None) -> Any:
    """TensorFlow's `tf.image.grayscale_to_rgb`."""
    return ops.repeat(tensor_of(images), 3, axis=-1)


def decoded(contents: Any, *args: Any, **options: Any) -> Any:
    """A picture's array out of a file's bytes, read by Pillow.

    Raises:
        ModuleNotFoundError: Pillow is not installed.
    """
    import io

    from PIL import Image

    picture = Image.open(io.BytesIO(bytes_of(contents)))
    channels = options.get("channels", args[0] if args else 0)
    mode = {1: "L", 3: "RGB", 4: "RGBA"}.get(channels, picture.mode)
    array = np.asarray(picture.convert(mode))
    array = array if array.ndim == 3 else array[:, :, None]
    kind = named(options.get("dtype"))
    return tensor_of(array if kind in (None, "uint8") else array.astype("float32") / 255)


_OWN: Functions = {
    "resize": resize, "rot90": rot90, "transpose": image_transpose, "central_crop": central_crop,
    "flip_left_right": _flipped(-2), "flip_up_down": _flipped(-3),
    "random_flip_left_right": _randomly_flipped(-2), "random_flip_up_down": _randomly_flipped(-3),
    "crop_to_bounding_box": crop_to_bounding_box, "pad_to_bounding_box": pad_to_bounding_box,
    "resize_with_crop_or_pad": resize_with_crop_or_pad, "resize_with_pad": resize_with_pad,
    "random_crop": random_crop, "sample_distorted_bounding_box": sample_distorted_bounding_box,
    "total_variation": total_variation, "psnr": psnr, "ssim": ssim,
    "image_gradients": image_gradients, "extract_patches": extract_patches,
    "grayscale_to_rgb": grayscale_to_rgb, "ResizeMethod": ResizeMethod,
    **{f"decode_{kind}": decoded for kind in ("jpeg", "png", "image", "bmp")},
}
