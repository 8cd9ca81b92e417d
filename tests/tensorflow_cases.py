"""What is compared with TensorFlow: an expression for each function, on the arrays of `arrays`.

`a`, `b` are any numbers, `p` positive ones, `u` between 0 and 1, `n` whole ones, `v` a vector, `m`
matrices, `s` symmetric positive ones, `f` pictures from 0 to 1, `g` pictures of bytes.
"""

from __future__ import annotations

import numpy as np

MATH = """
tf.abs(a)|tf.sign(a)|tf.round(a)|tf.floor(a)|tf.math.ceil(a)|tf.exp(a)|tf.math.expm1(a)|tf.math.log(p)
tf.math.log1p(p)|tf.sqrt(p)|tf.math.rsqrt(p)|tf.square(a)|tf.sin(a)|tf.cos(a)|tf.tan(a)|tf.sinh(a)
tf.cosh(a)|tf.tanh(a)|tf.sigmoid(a)|tf.math.erf(a)|tf.math.erfinv(u)|tf.math.reciprocal(p)
tf.negative(a)|tf.logical_not(a > 0)|tf.math.real(a)|tf.math.imag(a)|tf.math.conj(a)|tf.math.softplus(a)
tf.add(a, b)|tf.subtract(a, b)|tf.multiply(a, b)|tf.divide(a, p)|tf.maximum(a, b)|tf.minimum(a, b)
tf.math.mod(a, p)|tf.equal(n, 1)|tf.not_equal(n, 1)|tf.greater(a, b)|tf.greater_equal(a, b)
tf.less(a, b)|tf.less_equal(a, b)|tf.logical_and(a > 0, b > 0)|tf.logical_or(a > 0, b > 0)
tf.math.logical_xor(a > 0, b > 0)|tf.reduce_mean(a)|tf.reduce_mean(a, axis=1, keepdims=True)
tf.reduce_mean(a, 0)|tf.reduce_sum(a, axis=[0, 1])|tf.reduce_max(a, axis=-1)|tf.reduce_min(a, axis=-1)
tf.reduce_prod(a, axis=0)|tf.reduce_any(a > 1, axis=0)|tf.reduce_all(a > -1, axis=0)
tf.math.reduce_std(a, axis=1)|tf.math.reduce_variance(a, axis=1)|tf.reduce_logsumexp(a, axis=1)
tf.asin(u)|tf.acos(u)|tf.atan(a)|tf.asinh(a)|tf.acosh(p + 1)|tf.atanh(u / 2)|tf.math.atan2(a, b)
tf.pow(p, a)|tf.math.floormod(a, p)|tf.math.floordiv(a, p)|tf.truediv(a, p)|tf.math.log_sigmoid(a)
tf.math.rint(a)|tf.math.is_nan(a / a)|tf.math.is_inf(a)|tf.math.is_finite(a)|tf.math.lgamma(p)
tf.complex(a, a)
tf.math.digamma(p)|tf.math.erfc(a)|tf.math.ndtri(u)|tf.math.erfcinv(u)|tf.math.xlogy(p, p)
tf.math.xlog1py(p, p)|tf.math.betainc(p, p, u)|tf.math.igamma(p, p)|tf.math.igammac(p, p)
tf.math.angle(a)|tf.math.nextafter(a, b)|tf.argmax(a, axis=1)|tf.argmax(a)|tf.argmin(a, 1)
tf.math.top_k(a, k=2).values|tf.math.top_k(a, k=2).indices|tf.math.in_top_k(n[:, 0], a, k=2)
tf.math.bincount(n[:, 0])|tf.math.polyval([1., 2., 3.], a)|tf.math.squared_difference(a, b)
tf.math.divide_no_nan(a, tf.cast(n, tf.float32))|tf.math.multiply_no_nan(a, tf.cast(n, tf.float32))
tf.math.xdivy(a, p)|tf.math.count_nonzero(n, axis=1)|tf.math.reduce_euclidean_norm(a, axis=1)
tf.math.zero_fraction(n)|tf.add_n([a, b, a])|tf.math.accumulate_n([a, b])|tf.cumsum(a, axis=1)
tf.cumsum(a, axis=1, exclusive=True)|tf.cumsum(a, axis=0, reverse=True)
tf.math.cumprod(a, axis=1, exclusive=True, reverse=True)|tf.math.cumulative_logsumexp(a, axis=1)
tf.clip_by_value(a, -1., 1.)|tf.clip_by_norm(a, 1.)|tf.clip_by_norm(a, 1., axes=[1])
tf.clip_by_global_norm([a, b], 1.)[0][1]|tf.clip_by_global_norm([a, b], 1.)[1]
tf.linalg.global_norm([a, b])|tf.math.confusion_matrix(n[:, 0], n[:, 1], num_classes=5)
tf.math.scalar_mul(3., a)|tf.math.l2_normalize(a, axis=1)|tf.math.softmax(a)|tf.nn.softmax(a, axis=0)
tf.math.segment_sum(a, [0, 0, 1, 2])|tf.math.segment_mean(a, [0, 0, 1, 2])
tf.math.segment_max(a, [0, 0, 1, 2])|tf.math.segment_min(a, [0, 0, 1, 2])
tf.math.segment_prod(a, [0, 0, 1, 2])|tf.math.unsorted_segment_sum(a, [2, 0, 1, 2], 3)
tf.math.unsorted_segment_mean(a, [2, 0, 1, 2], 3)|tf.math.unsorted_segment_max(a, [2, 0, 1, 2], 3)
tf.math.unsorted_segment_min(a, [2, 0, 1, 2], 3)|tf.math.unsorted_segment_prod(a, [2, 0, 1, 2], 3)
"""

ARRAYS = """
tf.expand_dims(a, 1)|tf.expand_dims(a, axis=-1)|tf.squeeze(a[:, :1], axis=1)|tf.repeat(a, 2, axis=1)
tf.linspace(0., 1., 5)|tf.searchsorted(tf.sort(v), v[:2])|tf.scatter_nd([[0], [2]], v[:2], [4])
tf.tensor_scatter_nd_update(v, [[0], [2]], [9., 8.])|tf.reshape(a, [-1, 2])|tf.reshape(a, (5, 4))
tf.transpose(a)|tf.transpose(m, perm=[0, 2, 1])|tf.concat([a, b], axis=1)|tf.concat([a, b], 0)
tf.stack([a, b], axis=1)|tf.unstack(a, axis=1)[2]|tf.split(a, [2, 3], axis=1)[1]|tf.split(a, 2)[1]
tf.split(a, [1, -1, 2], 1)[1]|tf.gather(a, [2, 0])|tf.gather(a, [2, 0], axis=1)
tf.gather(a, n[:, :2], batch_dims=1)|tf.gather_nd(a, [[0, 1], [2, 3]])|tf.gather_nd(a, [[0], [2]])
tf.gather_nd(a, n[:, :1], batch_dims=1)|tf.boolean_mask(a, a > 0)|tf.boolean_mask(a, v > 0, axis=1)
tf.where(a > 0, a, b)|tf.where(a > 0)|tf.where(a > 0, 1., 0.)|tf.pad(a, [[1, 1], [0, 2]])
tf.pad(a, [[1, 1], [2, 2]], mode="REFLECT")|tf.pad(a, [[1, 1], [2, 2]], "SYMMETRIC")
tf.pad(a, [[1, 1], [0, 2]], constant_values=3.)|tf.tile(a, [2, 1])|tf.broadcast_to(v, [3, 5])
tf.reverse(a, axis=[1])|tf.roll(a, 2, 1)|tf.roll(a, shift=[1, 2], axis=[0, 1])
tf.slice(a, [1, 2], [2, -1])|tf.strided_slice(a, [0, 1], [4, 5], [2, 2])|tf.sort(a)
tf.sort(a, axis=0, direction="DESCENDING")|tf.argsort(a)|tf.argsort(v, direction="DESCENDING")
tf.sequence_mask([1, 3, 2])|tf.sequence_mask([1, 3], maxlen=5, dtype=tf.float32)
tf.meshgrid(v, v[:3])[1]|tf.meshgrid(v, v[:3], indexing="ij")[0]|tf.unique([3, 1, 3, 2])[0]
tf.unique([3, 1, 3, 2])[1]|tf.zeros_like(a)|tf.ones_like(a, dtype=tf.int32)|tf.identity(a)
tf.identity_n([a, b])[1]|tf.tensor_scatter_nd_add(v, [[0], [2]], [9., 8.])
tf.tensor_scatter_nd_sub(v, [[0], [2]], [9., 8.])|tf.tensor_scatter_nd_max(v, [[0], [2]], [0., 0.])
tf.tensor_scatter_nd_min(v, [[0], [2]], [0., 0.])|tf.rank(a)|tf.size(a)|tf.ensure_shape(a, [None, 5])
tf.stop_gradient(a)|tf.histogram_fixed_width(a, [-1., 1.], nbins=5)|tf.cast(a, tf.int32)
tf.cast(n, "float32")|tf.saturate_cast(a * 1000, tf.uint8)|tf.constant([1, 2])
tf.constant(2., shape=[2, 3])|tf.constant([1, 2, 3, 4], shape=(2, 2), dtype=tf.float32)
tf.convert_to_tensor([1., 2.])|tf.convert_to_tensor(a, dtype=tf.float32)|tf.Variable([1., 2.])
tf.shape(a)|tf.shape(a)[0]|tf.fill([2, 3], 7.)|tf.zeros([2, 3])|tf.ones((2,), dtype=tf.int32)
tf.range(5)|tf.range(1, 10, 3)|tf.range(0., 1., 0.25)|tf.one_hot([0, 2, 1], 3)
tf.one_hot([0, 2], depth=4, on_value=5., off_value=-1.)|tf.one_hot([0, 2], 3, axis=0, dtype=tf.int32)
tf.eye(3)|tf.eye(2, 3, batch_shape=[2])|tf.cond(tf.reduce_sum(a) > 0, lambda: a, lambda: b)
tf.case([(tf.reduce_sum(a) > 1e9, lambda: a)], lambda: b)
tf.while_loop(lambda i, x: i < 3, lambda i, x: (i + 1, x * 2.), (tf.constant(0), a))[1]
tf.map_fn(lambda r: r * 2., a)|tf.vectorized_map(lambda r: tf.reduce_sum(r), a)
tf.scan(lambda c, x: c + x, a)|tf.scan(lambda c, x: c + x, v, initializer=1.)
tf.foldl(lambda c, x: c + x, v)|tf.function(lambda x: x + 1.)(a)|tf.recompute_grad(lambda x: x + 1.)(a)
tf.custom_gradient(lambda x: (x * 2., lambda g: g))(a)
tf.numpy_function(lambda x: x * 2, [a], tf.float32)|tf.py_function(lambda x: x * 2, [a], tf.float32)
tf.broadcast_static_shape(tf.TensorShape([2, 1]), tf.TensorShape([1, 3]))
"""

LINALG = """
tf.linalg.inv(s)|tf.linalg.det(s)|tf.linalg.trace(m)|tf.abs(tf.linalg.qr(s)[1])|tf.linalg.eigh(s)[0]
tf.linalg.eigvalsh(s)|tf.linalg.lstsq(s[0], m[0])|tf.linalg.pinv(s)|tf.linalg.expm(s / 10)
tf.linalg.logdet(s)|tf.linalg.slogdet(s)[1]|tf.linalg.matrix_rank(s)|tf.linalg.cross(a[:, :3], b[:, :3])
tf.linalg.matrix_transpose(m)|tf.linalg.l2_normalize(a, axis=1)|tf.matmul(a, b, transpose_b=True)
tf.matmul(a, b, transpose_a=True)|tf.matmul(m, m)|tf.linalg.matvec(m, v[:4])|tf.norm(a)
tf.norm(a, axis=1)|tf.norm(a, ord=1, axis=1)|tf.norm(a, ord=1)
tf.norm(a, ord=np.inf, axis=-1, keepdims=True)|tf.linalg.svd(m)[0]|tf.abs(tf.linalg.svd(m)[2])
tf.linalg.diag(v)|tf.linalg.diag(a)|tf.linalg.diag_part(m)|tf.linalg.tensor_diag(v)
tf.linalg.tensor_diag_part(m[0])|tf.linalg.set_diag(m, m[:, 0])|tf.linalg.band_part(m, 1, 0)
tf.linalg.band_part(m, -1, 0)|tf.linalg.cholesky(s)|tf.linalg.solve(s, m)
tf.linalg.triangular_solve(tf.linalg.cholesky(s), m)|tf.linalg.eye(3)
tf.tensordot(a, b, axes=[[1], [1]])|tf.tensordot(a, v, 1)|tf.einsum("ij,kj->ik", a, b)
tf.linalg.einsum("bij,bjk->bik", m, m)|tf.linalg.tensordot(a, v, axes=1)|tf.linalg.matmul(m, m)
tf.linalg.norm(a)
"""

NN = """
tf.nn.relu(a)|tf.nn.relu6(a * 4)|tf.nn.sigmoid(a)|tf.nn.tanh(a)|tf.nn.softplus(a)|tf.nn.softsign(a)
tf.nn.elu(a)|tf.nn.selu(a)|tf.nn.silu(a)|tf.nn.leaky_relu(a)|tf.nn.leaky_relu(a, alpha=0.3)
tf.nn.gelu(a)|tf.nn.gelu(a, approximate=True)|tf.nn.swish(a)
tf.nn.depth_to_space(tf.tile(f, [1, 1, 1, 4]), 2)|tf.nn.space_to_depth(f, 2)
tf.nn.in_top_k(n[:, 0], a, 2)|tf.nn.top_k(a, 3).values|tf.nn.l2_normalize(a, 1)|tf.nn.zero_fraction(n)
tf.nn.log_softmax(a)|tf.nn.log_softmax(a, axis=0)|tf.nn.crelu(a)|tf.nn.l2_loss(a)
tf.nn.moments(a, axes=[0])[0]|tf.nn.moments(f, [1, 2], keepdims=True)[1]
tf.nn.softmax_cross_entropy_with_logits(tf.nn.softmax(b), a)
tf.nn.softmax_cross_entropy_with_logits(labels=tf.nn.softmax(b), logits=a)
tf.nn.sparse_softmax_cross_entropy_with_logits(labels=n[:, 0], logits=a)
tf.nn.sigmoid_cross_entropy_with_logits(labels=u, logits=a)
tf.nn.weighted_cross_entropy_with_logits(labels=u, logits=a, pos_weight=2.)|tf.nn.log_poisson_loss(p, a)
tf.nn.batch_normalization(a, v, v * v, v, v, 1e-3)|tf.nn.bias_add(a, v)|tf.nn.dropout(a, 0.)
tf.nn.embedding_lookup(a, [3, 0])|tf.nn.conv1d(m, k1, 1, "SAME")|tf.nn.conv2d(f, k2, 1, "SAME")
tf.nn.conv2d(f, k2, strides=[1, 2, 2, 1], padding="VALID")
tf.nn.conv3d(f[None], k3, [1, 1, 1, 1, 1], "SAME")|tf.nn.convolution(f, k2, padding="SAME")
tf.nn.depthwise_conv2d(f, k2, [1, 1, 1, 1], "SAME")|tf.nn.conv2d_transpose(f, k4, [2, 12, 16, 2], 2)
tf.nn.max_pool(f, 2, 2, "VALID")|tf.nn.max_pool1d(m, 2, 2, "VALID")
tf.nn.max_pool2d(f, [1, 2, 2, 1], [1, 2, 2, 1], "SAME")|tf.nn.max_pool3d(f[None], 2, 2, "VALID")
tf.nn.avg_pool(f, 2, 2, "VALID")|tf.nn.avg_pool1d(m, 2, 2, "VALID")|tf.nn.avg_pool2d(f, 3, 1, "SAME")
tf.nn.avg_pool3d(f[None], 2, 2, "VALID")
"""

IMAGE = """
tf.image.resize(f, [3, 4])|tf.image.resize(f, (9, 13))|tf.image.resize(f, (9, 13), method="nearest")
tf.image.resize(f, [4, 5], method="nearest")|tf.image.resize(g, [3, 4])
tf.image.resize(f, [3, 4], "area")|tf.image.resize(f, [12, 16], tf.image.ResizeMethod.BILINEAR)
tf.image.resize(f, [3, 4], antialias=True)|tf.image.resize(f, [12, 10], preserve_aspect_ratio=True)
tf.image.rot90(f[0])|tf.image.rot90(f, k=3)|tf.image.transpose(f)|tf.image.central_crop(f, 0.5)
tf.image.flip_left_right(f)|tf.image.flip_up_down(f[0])|tf.image.crop_to_bounding_box(f, 1, 2, 3, 4)
tf.image.pad_to_bounding_box(f, 1, 2, 9, 12)|tf.image.resize_with_crop_or_pad(f, 4, 12)
tf.image.resize_with_crop_or_pad(g, 9, 5)|tf.image.resize_with_pad(f, 10, 10)
tf.image.total_variation(f)|tf.image.psnr(f[:1], f[1:], 1.)|tf.image.ssim(big, 1 - big, 1.)
tf.image.image_gradients(f)[0]|tf.image.image_gradients(f)[1]
tf.image.extract_patches(f, [1, 2, 2, 1], [1, 2, 2, 1], [1, 1, 1, 1], "VALID")
tf.image.grayscale_to_rgb(f[..., :1])|tf.image.convert_image_dtype(g, tf.float32)
tf.image.convert_image_dtype(f, tf.uint8)|tf.image.convert_image_dtype(f * 3, tf.uint8, saturate=True)
tf.image.rgb_to_yuv(f)|tf.image.yuv_to_rgb(f)|tf.image.rgb_to_yiq(f)|tf.image.yiq_to_rgb(f)
tf.image.rgb_to_hsv(f)|tf.image.hsv_to_rgb(f)|tf.image.rgb_to_grayscale(f)|tf.image.rgb_to_grayscale(g)
tf.image.adjust_gamma(f, 2., 0.5)|tf.image.per_image_standardization(f)
tf.image.per_image_standardization(g)|tf.image.adjust_brightness(f, 0.2)
tf.image.adjust_brightness(g, 0.2)|tf.image.adjust_contrast(f, 2.)|tf.image.adjust_contrast(g, 0.5)
tf.image.adjust_hue(f, 0.2)|tf.image.adjust_saturation(f, 1.5)
"""

CASES = tuple(case.strip() for part in (MATH, ARRAYS, LINALG, NN, IMAGE)
              for line in part.strip().splitlines() for case in line.split("|"))

DRAWN = frozenset({
    "random_flip_left_right", "random_flip_up_down", "random_crop", "random_brightness",
    "random_contrast", "random_hue", "random_saturation", "sample_distorted_bounding_box",
})
"""What draws: its numbers are nobody's, only their range is tested."""


def arrays(seed: int = 0) -> dict[str, np.ndarray]:
    """The arrays that the expressions name."""
    rng = np.random.default_rng(seed)
    m = rng.normal(size=(3, 4, 4))
    made = {
        "a": rng.normal(size=(4, 5)), "b": rng.normal(size=(4, 5)), "p": rng.uniform(0.3, 3, (4, 5)),
        "u": rng.uniform(0.05, 0.95, (4, 5)), "v": rng.normal(size=5), "m": m,
        "s": m @ m.transpose(0, 2, 1) + 2 * np.eye(4), "f": rng.uniform(size=(2, 6, 8, 3)),
        "big": rng.uniform(size=(2, 16, 16, 3)), "k1": rng.normal(size=(3, 4, 2)),
        "k2": rng.normal(size=(3, 3, 3, 2)), "k3": rng.normal(size=(2, 2, 2, 3, 2)),
        "k4": rng.normal(size=(2, 2, 2, 3)),
    }
    found = {name: array.astype("float32") for name, array in made.items()}
    return {**found, "n": rng.integers(0, 4, (4, 5)).astype("int32"),
            "g": rng.integers(0, 256, (2, 6, 8, 3)).astype("uint8")}
