// Keras's elementwise activations: value and derivative, on JAX's formulas and choices at kinks.
//
// Each is a struct with `value(z)` and `slope(z, y)`, y being the value; `with_function` picks one
// once per layer, so that the loops over units hold no branch.
#pragma once

#include "vector.hpp"

namespace unstuck::UNSTUCK_TARGET {

#define ACTIVATION(name)  \
  struct name {           \
    const float* p;       \
    V value(V z) const;   \
    V slope(V z, V y) const; \
  };
#define VALUE(name) inline __attribute__((always_inline)) V name::value([[maybe_unused]] V z) const
#define SLOPE(name)                     \
  inline __attribute__((always_inline)) \
  V name::slope([[maybe_unused]] V z, [[maybe_unused]] V y) const

INLINE V zero_or_one(I condition) { return condition ? splat(1) : V{}; }

// Derivative of min(max(x, low), high): one half where x lies on a bound, as JAX has it.
INLINE V clip_slope(V x, float low, float high) {
  V from_low = x > low ? splat(1) : (x == low ? splat(0.5f) : V{});
  V from_high = x < high ? splat(1) : (x == high ? splat(0.5f) : V{});
  return from_low * from_high;
}

ACTIVATION(Linear)
VALUE(Linear) { return z; }
SLOPE(Linear) { return splat(1); }

ACTIVATION(Relu)
VALUE(Relu) { return at_least(z, 0.0f); }
SLOPE(Relu) { return zero_or_one(z > 0); }

// keras.layers.ReLU: p = negative slope, maximum (infinity: none), threshold.
ACTIVATION(ReluGeneral)
VALUE(ReluGeneral) {
  V positive = p[2] != 0 ? (z > p[2] ? z : (z != z ? z : V{})) : at_least(z, 0.0f);
  positive = at_most(positive, p[1]);
  if (p[0] != 0) positive = positive - p[0] * at_least(p[2] - z, 0.0f);
  return positive;
}
SLOPE(ReluGeneral) {
  V s;
  if (p[2] != 0)  // a selection, then jnp.clip(x, 0, maximum)
    s = zero_or_one(z > p[2]) * (p[1] < __builtin_inff() ? clip_slope(z, 0.0f, p[1]) : splat(1));
  else if (p[1] == 6.0f)
    s = zero_or_one((z > 0) & (z < 6.0f));
  else
    s = zero_or_one(z > 0) * (p[1] < __builtin_inff() ? clip_slope(z, 0.0f, p[1]) : splat(1));
  if (p[0] != 0) s = s + p[0] * zero_or_one(p[2] - z > 0);
  return s;
}

ACTIVATION(LeakyRelu)
VALUE(LeakyRelu) { return z >= 0 ? z : p[0] * z; }
SLOPE(LeakyRelu) { return z >= 0 ? splat(1) : splat(p[0]); }

ACTIVATION(Elu)
VALUE(Elu) { return z > 0 ? z : p[0] * expm1(at_most(z, 0.0f)); }
SLOPE(Elu) { return z > 0 ? splat(1) : p[0] * exp(at_most(z, 0.0f)); }

ACTIVATION(Selu)
VALUE(Selu) {
  return 1.0507009873554804934f * (z > 0 ? z : 1.6732632423543772848f * expm1(at_most(z, 0.0f)));
}
SLOPE(Selu) {
  return 1.0507009873554804934f *
         (z > 0 ? splat(1) : 1.6732632423543772848f * exp(at_most(z, 0.0f)));
}

// max(x, 0) + alpha * expm1(min(x, 0) / alpha); at 0 JAX takes half of either side.
ACTIVATION(Celu)
VALUE(Celu) { return at_least(z, 0.0f) + p[0] * expm1(at_most(z, 0.0f) / p[0]); }
SLOPE(Celu) { return z > 0 ? splat(1) : exp(at_most(z, 0.0f) / p[0]); }

ACTIVATION(Sigmoid)
VALUE(Sigmoid) { return sigmoid(z); }
SLOPE(Sigmoid) { return y * (1.0f - y); }

ACTIVATION(Tanh)
VALUE(Tanh) { return tanh(z); }
SLOPE(Tanh) { return 1.0f - y * y; }

ACTIVATION(Softplus)
VALUE(Softplus) { return softplus(z); }
SLOPE(Softplus) { return sigmoid(z); }

ACTIVATION(Softsign)
VALUE(Softsign) { return z / (magnitude(z) + 1.0f); }
SLOPE(Softsign) {
  V d = magnitude(z) + 1.0f;
  return 1.0f / (d * d);
}

ACTIVATION(Silu)
VALUE(Silu) { return z * sigmoid(z); }
SLOPE(Silu) {
  V s = sigmoid(z);
  return s + z * s * (1.0f - s);
}

ACTIVATION(Gelu)
VALUE(Gelu) { return z * normal_below(z); }
SLOPE(Gelu) { return normal_below(z) + z * 0.39894228040143268f * exp(-0.5f * z * z); }

ACTIVATION(GeluTanh)
INLINE V gelu_inner(V z) { return 0.79788456080286536f * (z + 0.044715f * (z * z * z)); }
VALUE(GeluTanh) { return z * (0.5f * (1.0f + tanh(gelu_inner(z)))); }
SLOPE(GeluTanh) {
  V t = tanh(gelu_inner(z));
  V inner = 0.79788456080286536f * (1.0f + 3.0f * 0.044715f * z * z);
  return 0.5f * (1.0f + t) + 0.5f * z * (1.0f - t * t) * inner;
}

ACTIVATION(Exponential)
VALUE(Exponential) { return exp(z); }
SLOPE(Exponential) { return y; }

ACTIVATION(HardSigmoid)
VALUE(HardSigmoid) { return at_most(at_least(z + 3.0f, 0.0f), 6.0f) / 6.0f; }
SLOPE(HardSigmoid) { return ((z > -3.0f) & (z < 3.0f)) ? splat(1.0f / 6.0f) : V{}; }

ACTIVATION(HardSilu)
VALUE(HardSilu) { return z * (at_most(at_least(z + 3.0f, 0.0f), 6.0f) / 6.0f); }
SLOPE(HardSilu) {
  V s = at_most(at_least(z + 3.0f, 0.0f), 6.0f) / 6.0f;
  return s + (((z > -3.0f) & (z < 3.0f)) ? z / 6.0f : V{});
}

ACTIVATION(HardTanh)
VALUE(HardTanh) { return at_most(at_least(z, -1.0f), 1.0f); }
SLOPE(HardTanh) { return ((z > 1.0f) | (z < -1.0f)) ? V{} : splat(1); }

ACTIVATION(Mish)
VALUE(Mish) { return z * tanh(softplus(z)); }
SLOPE(Mish) {
  V t = tanh(softplus(z));
  return t + z * (1.0f - t * t) * sigmoid(z);
}

ACTIVATION(LogSigmoid)
VALUE(LogSigmoid) { return -softplus(-z); }
SLOPE(LogSigmoid) { return sigmoid(-z); }

ACTIVATION(TanhShrink)
VALUE(TanhShrink) { return z - tanh(z); }
SLOPE(TanhShrink) {
  V t = tanh(z);
  return t * t;
}

ACTIVATION(SoftShrink)
VALUE(SoftShrink) {
  return z > p[0] ? z - p[0] : (z < -p[0] ? z + p[0] : (z != z ? z : V{}));
}
SLOPE(SoftShrink) { return zero_or_one((z > p[0]) | (z < -p[0])); }

ACTIVATION(HardShrink)
VALUE(HardShrink) { return magnitude(z) > p[0] ? z : (z != z ? z : V{}); }
SLOPE(HardShrink) { return zero_or_one(magnitude(z) > p[0]); }

ACTIVATION(Squareplus)
VALUE(Squareplus) { return (z + root(z * z + p[0])) * 0.5f; }
SLOPE(Squareplus) { return 0.5f + 0.5f * z / root(z * z + p[0]); }

ACTIVATION(SparsePlus)
VALUE(SparsePlus) {
  return z <= -1.0f ? V{} : (z >= 1.0f ? z : (z + 1.0f) * (z + 1.0f) * 0.25f);
}
SLOPE(SparsePlus) { return z <= -1.0f ? V{} : (z >= 1.0f ? splat(1) : 0.5f * (z + 1.0f)); }

ACTIVATION(SparseSigmoid)
VALUE(SparseSigmoid) { return 0.5f * at_most(at_least(z + 1.0f, 0.0f), 2.0f); }
SLOPE(SparseSigmoid) { return 0.5f * clip_slope(z + 1.0f, 0.0f, 2.0f); }

#undef ACTIVATION
#undef VALUE
#undef SLOPE

template <class Use>
INLINE void with_function(Function function, const float* p, Use use) {
  switch (function) {
    case Function::linear: return use(Linear{p});
    case Function::relu: return use(Relu{p});
    case Function::relu_general: return use(ReluGeneral{p});
    case Function::leaky_relu: return use(LeakyRelu{p});
    case Function::elu: return use(Elu{p});
    case Function::selu: return use(Selu{p});
    case Function::celu: return use(Celu{p});
    case Function::sigmoid: return use(Sigmoid{p});
    case Function::tanh: return use(Tanh{p});
    case Function::softplus: return use(Softplus{p});
    case Function::softsign: return use(Softsign{p});
    case Function::silu: return use(Silu{p});
    case Function::gelu: return use(Gelu{p});
    case Function::gelu_tanh: return use(GeluTanh{p});
    case Function::exponential: return use(Exponential{p});
    case Function::hard_sigmoid: return use(HardSigmoid{p});
    case Function::hard_silu: return use(HardSilu{p});
    case Function::hard_tanh: return use(HardTanh{p});
    case Function::mish: return use(Mish{p});
    case Function::log_sigmoid: return use(LogSigmoid{p});
    case Function::tanh_shrink: return use(TanhShrink{p});
    case Function::soft_shrink: return use(SoftShrink{p});
    case Function::hard_shrink: return use(HardShrink{p});
    case Function::squareplus: return use(Squareplus{p});
    case Function::sparse_plus: return use(SparsePlus{p});
    case Function::sparse_sigmoid: return use(SparseSigmoid{p});
    case Function::count: return;
  }
}

}  // namespace unstuck::UNSTUCK_TARGET
