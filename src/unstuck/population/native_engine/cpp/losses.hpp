// Keras's losses on a few rows: each lane's weighted sum, and the gradient by the outputs.
//
// Targets come prepared (labels smoothed, clipped, turned to signs, as the loss wants them). Where
// Keras clips a probability to [1e-7, 1 - 1e-7] the gradient is cut as JAX cuts it.
#pragma once

#include "activations.hpp"
#include "dense.hpp"

namespace unstuck::UNSTUCK_TARGET {

constexpr float tiny = 1e-7f;  // keras.backend.epsilon()
constexpr float nearly_one = 1.0f - 1e-7f;

// Elementwise losses: `take` returns the value at target t, prediction y, and sets its derivative.
struct SquaredError {
  INLINE V take(V t, V y, V& slope, float) {
    V e = y - t;
    slope = 2.0f * e;
    return e * e;
  }
};
struct AbsoluteError {
  INLINE V take(V t, V y, V& slope, float) {
    V e = y - t;
    slope = sign(e);
    return magnitude(e);
  }
};
struct PercentageError {
  INLINE V take(V t, V y, V& slope, float) {
    V scale = at_least(magnitude(t), tiny);
    V e = (y - t) / scale;
    slope = 100.0f * sign(e) / scale;
    return 100.0f * magnitude(e);
  }
};
struct LogarithmicError {  // t comes as log(max(target, epsilon) + 1)
  INLINE V take(V t, V y, V& slope, float) {
    V above = at_least(y, tiny) + 1.0f;
    V e = log(above) - t;
    slope = 2.0f * e / above * (y > tiny ? splat(1) : (y == tiny ? splat(0.5f) : V{}));
    return e * e;
  }
};
struct Huber {
  INLINE V take(V t, V y, V& slope, float delta) {
    V e = y - t, a = magnitude(e);
    slope = a <= delta ? e : delta * sign(e);
    return a <= delta ? 0.5f * (e * e) : delta * a - 0.5f * delta * delta;
  }
};
struct LogCosh {
  INLINE V take(V t, V y, V& slope, float) {
    V e = y - t;
    slope = 1.0f - 2.0f * sigmoid(-2.0f * e);
    return e + softplus(-2.0f * e) - 0.69314718055994531f;
  }
};
struct Hinge {
  INLINE V take(V t, V y, V& slope, float) {
    V m = 1.0f - t * y;
    slope = -t * (m > 0 ? splat(1) : (m == 0 ? splat(0.5f) : V{}));
    return at_least(m, 0.0f);
  }
};
struct SquaredHinge {
  INLINE V take(V t, V y, V& slope, float) {
    V m = at_least(1.0f - t * y, 0.0f);
    slope = -2.0f * t * m;
    return m * m;
  }
};
struct Poisson {
  INLINE V take(V t, V y, V& slope, float) {
    V above = y + tiny;
    slope = 1.0f - t / above;
    return y - t * log(above);
  }
};
struct Divergence {
  INLINE V take(V t, V y, V& slope, float) {
    V clipped = at_most(at_least(y, tiny), 1.0f);
    slope = -t / clipped * clip_slope(y, tiny, 1.0f);
    return t * log(t / clipped);
  }
};
struct BinaryEntropy {
  INLINE V take(V t, V y, V& slope, float) {
    V p = at_most(at_least(y, tiny), nearly_one);
    V q = 1.0f - p;
    slope = ((1.0f - t) / q - t / p) * clip_slope(y, tiny, nearly_one);
    return -(t * log(p) + (1.0f - t) * log(q));
  }
};
struct BinaryEntropyOfBits {  // the same for targets that are all 0 or 1: one term of two is 0
  INLINE V take(V t, V y, V& slope, float) {
    V p = at_most(at_least(y, tiny), nearly_one);
    V q = t > 0.5f ? p : 1.0f - p;
    slope = (t > 0.5f ? splat(-1) : splat(1)) / q * clip_slope(y, tiny, nearly_one);
    return -log(q);
  }
};
// torch's BCELoss: logarithms cut at -100, and the slope as its `binary_cross_entropy_backward` has it.
struct BinaryEntropyOfLogs {
  INLINE V take(V t, V y, V& slope, float) {
    V q = 1.0f - y;
    slope = (y - t) / at_least(y * q, 1e-12f);
    return -(t * at_least(log(y), -100.0f) + (1.0f - t) * at_least(log(q), -100.0f));
  }
};
struct BinaryEntropyOfLogits {
  INLINE V take(V t, V z, V& slope, float) {
    V s = sigmoid(z);
    slope = (1.0f - t) * s - t * sigmoid(-z);
    return t * softplus(-z) + (1.0f - t) * softplus(z);
  }
};

struct Scored {
  const Loss& loss;
  Matrix targets, outputs, gradient;  // gradient.at null: not wanted
  const V* row_scale;                 // weight / divisor of each row
  int rows, units;
};

template <class Kind>
static V elementwise(const Scored& s) {
  V total = {};
  for (int b = 0; b < s.rows; ++b) {
    V scale = s.row_scale[b] * s.loss.factor;
    V row = {};
    for (int k = 0; k < s.units; ++k) {
      V slope;
      row += Kind::take(s.targets.at[b * s.targets.stride + k],
                        s.outputs.at[b * s.outputs.stride + k], slope, s.loss.p);
      if (s.gradient.at) s.gradient.at[b * s.gradient.stride + k] = slope * scale;
    }
    total += row * scale;
  }
  return total;
}

template <bool Sparse>
INLINE V target(const Scored& s, int b, int k) {
  const V* row = s.targets.at + b * s.targets.stride;
  if constexpr (Sparse) return row[0] == static_cast<float>(k) ? splat(1) : V{};
  return row[k];
}

// -sum of t * log(clip(y / sum of y)), Keras's cross-entropy of probabilities.
template <bool Sparse>
static V categorical(const Scored& s) {
  V total = {};
  for (int b = 0; b < s.rows; ++b) {
    V scale = s.row_scale[b] * s.loss.factor;
    const V* y = s.outputs.at + b * s.outputs.stride;
    V sum = {}, row = {}, drift = {};
    for (int k = 0; k < s.units; ++k) sum += y[k];
    for (int k = 0; k < s.units; ++k) {
      V share = y[k] / sum, t = target<Sparse>(s, b, k);
      V clipped = at_most(at_least(share, tiny), nearly_one);
      row += t * log(clipped);
      if (!s.gradient.at) continue;
      V slope = -t / clipped * clip_slope(share, tiny, nearly_one);
      drift += slope * share;
      s.gradient.at[b * s.gradient.stride + k] = slope;
    }
    for (int k = 0; s.gradient.at && k < s.units; ++k) {
      V& g = s.gradient.at[b * s.gradient.stride + k];
      g = (g - drift) / sum * scale;
    }
    total -= row * scale;
  }
  return total;
}

// Shifted by their maximum; returns the sum of the exponentials.
INLINE V exponentials(const V* z, int units, V* to) {
  V highest = z[0], sum = {};
  for (int k = 1; k < units; ++k) highest = maximum(highest, z[k]);
  for (int k = 0; k < units; ++k) sum += to[k] = exp(z[k] - highest);
  return sum;
}

template <bool Sparse>
static V categorical_of_logits(const Scored& s, V* spare) {
  V total = {};
  for (int b = 0; b < s.rows; ++b) {
    V scale = s.row_scale[b] * s.loss.factor;
    const V* z = s.outputs.at + b * s.outputs.stride;
    V highest = z[0], row = {}, mass = {};
    for (int k = 1; k < s.units; ++k) highest = maximum(highest, z[k]);
    V sum = exponentials(z, s.units, spare), log_sum = log(sum);
    for (int k = 0; k < s.units; ++k) {
      V t = target<Sparse>(s, b, k);
      row += t * (z[k] - highest - log_sum);
      mass += t;
    }
    for (int k = 0; s.gradient.at && k < s.units; ++k)
      s.gradient.at[b * s.gradient.stride + k] =
          (spare[k] / sum * mass - target<Sparse>(s, b, k)) * scale;
    total -= row * scale;
  }
  return total;
}

// `spare` holds as many vectors as the network has outputs.
static V loss_of(const Scored& s, V* spare) {
  switch (s.loss.kind) {
    case LossKind::mean_squared_error: return elementwise<SquaredError>(s);
    case LossKind::mean_absolute_error: return elementwise<AbsoluteError>(s);
    case LossKind::mean_absolute_percentage_error: return elementwise<PercentageError>(s);
    case LossKind::mean_squared_logarithmic_error: return elementwise<LogarithmicError>(s);
    case LossKind::huber: return elementwise<Huber>(s);
    case LossKind::log_cosh: return elementwise<LogCosh>(s);
    case LossKind::hinge: return elementwise<Hinge>(s);
    case LossKind::squared_hinge: return elementwise<SquaredHinge>(s);
    case LossKind::poisson: return elementwise<Poisson>(s);
    case LossKind::kl_divergence: return elementwise<Divergence>(s);
    case LossKind::binary_crossentropy:
      return s.loss.binary ? elementwise<BinaryEntropyOfBits>(s) : elementwise<BinaryEntropy>(s);
    case LossKind::binary_crossentropy_logs: return elementwise<BinaryEntropyOfLogs>(s);
    case LossKind::binary_crossentropy_logits: return elementwise<BinaryEntropyOfLogits>(s);
    case LossKind::categorical_crossentropy: return categorical<false>(s);
    case LossKind::sparse_crossentropy: return categorical<true>(s);
    case LossKind::categorical_crossentropy_logits: return categorical_of_logits<false>(s, spare);
    case LossKind::sparse_crossentropy_logits: return categorical_of_logits<true>(s, spare);
    case LossKind::count: break;
  }
  return V{};
}

}  // namespace unstuck::UNSTUCK_TARGET
