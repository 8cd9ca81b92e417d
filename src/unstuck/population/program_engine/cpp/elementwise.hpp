// Chains of elementwise steps, a chunk of numbers at a time.
//
// fused: total, loads, {register, slot, offset, kind, axes, sizes…, strides…}…,
//        steps, {step, to, a, b, c}…, stores, {register, slot}…
// A register is a chunk of numbers. Loads of kind 0 are read where they lie, in a row; kind 1 is one
// number for all; kind 2 is collected by strides; kind 3 is too, but is the same for every chunk. A step
// whose result is stored writes it where it belongs. Arrays are padded to whole vectors, so that the last
// vector may be worked on in full.
#pragma once

#include "functions.hpp"

namespace unstuck::UNSTUCK_TARGET {

// One number, whatever its type, `count` times and on to a whole vector.
INLINE void fill(float* to, const float* value, Word count) {
  const I bits = bits_at(value);
  for (Word i = 0; i < count; i += LANES) store_i(to + i, bits);
}

// Numbers `begin` to `begin + count` of an array seen through strides, in order. Runs are written in whole
// vectors: the next run, or nobody, owns what lies behind one.
INLINE void collect(float* to, const float* from, Word begin, Word count, Word axes,
                    const Word* sizes, const Word* strides) {
  Word at[most_axes], rest = begin, offset = 0;
  for (Word axis = axes - 1; axis >= 0; --axis) {
    at[axis] = rest % sizes[axis];
    rest /= sizes[axis];
    offset += at[axis] * strides[axis];
  }
  const Word last = axes - 1, inner = strides[last];
  while (count > 0) {
    const Word left = sizes[last] - at[last], run = left < count ? left : count;
    const float* p = from + offset;
    if (inner == 1) {
      for (Word i = 0; i < run; i += LANES) store_i(to + i, load_i(p + i));
    } else if (inner == 0) {
      fill(to, p, run);
    } else {
      for (Word i = 0; i < run; ++i) to[i] = p[i * inner];
    }
    to += run;
    count -= run;
    if (count <= 0) return;
    offset -= at[last] * inner;
    at[last] = 0;
    for (Word axis = last - 1; axis >= 0; --axis) {
      offset += strides[axis];
      if (++at[axis] < sizes[axis]) break;
      offset -= sizes[axis] * strides[axis];
      at[axis] = 0;
    }
  }
}

#define UNARY(name, value) \
  case Step::name:         \
    for (Word i = 0; i < n; i += LANES) { V x = load(a + i); store(d + i, value); } \
    return;
#define BINARY(name, value) \
  case Step::name:          \
    for (Word i = 0; i < n; i += LANES) { V x = load(a + i), y = load(b + i); store(d + i, value); } \
    return;
#define COMPARE(name, value) \
  case Step::name:           \
    for (Word i = 0; i < n; i += LANES) { V x = load(a + i), y = load(b + i); store_i(d + i, truth(value)); } \
    return;
#define UNARY_I(name, value) \
  case Step::name:           \
    for (Word i = 0; i < n; i += LANES) { I x = load_i(a + i); store_i(d + i, value); } \
    return;
#define BINARY_I(name, value) \
  case Step::name:            \
    for (Word i = 0; i < n; i += LANES) { I x = load_i(a + i), y = load_i(b + i); store_i(d + i, value); } \
    return;
#define BINARY_U(name, value) \
  case Step::name:            \
    for (Word i = 0; i < n; i += LANES) { U x = (U)load_i(a + i), y = (U)load_i(b + i); store_i(d + i, (I)(value)); } \
    return;
#define EACH_I(name, type, value)                                     \
  case Step::name:                                                    \
    for (Word i = 0; i < n; ++i) {                                    \
      const type x = reinterpret_cast<const type*>(a)[i];             \
      const type y = reinterpret_cast<const type*>(b)[i];             \
      (void)y;                                                        \
      reinterpret_cast<type*>(d)[i] = static_cast<type>(value);       \
    }                                                                 \
    return;

// One step on `n` numbers; whole vectors are computed.
static void apply(Step step, Word n, float* d, const float* a, const float* b, const float* c) {
  switch (step) {
    UNARY_I(copy, x)
    UNARY_I(f_neg, x ^ static_cast<std::int32_t>(0x80000000u))
    UNARY(f_abs, magnitude(x))
    UNARY(f_sign, sign(x))
    UNARY(f_floor, floor(x))
    UNARY(f_ceil, -floor(-x))
    UNARY(f_round_away, each(x, ::roundf))
    UNARY(f_round_even, round_even(x))
    UNARY(f_exp, exp(x))
    UNARY(f_exp2, each(x, ::exp2f))
    UNARY(f_log, log(x))
    UNARY(f_log1p, log1p_any(x))
    UNARY(f_expm1, expm1(x))
    UNARY(f_tanh, tanh(x))
    UNARY(f_logistic, sigmoid(x))
    UNARY(f_sqrt, root(x))
    UNARY(f_rsqrt, 1.0f / root(x))
    UNARY(f_square, x * x)
    UNARY(f_erf, erf(x))
    UNARY(f_erfc, erfc(x))
    UNARY(f_erf_inv, erf_inv(x))
    case Step::f_is_finite:
      for (Word i = 0; i < n; i += LANES)
        store_i(d + i, truth((load_i(a + i) & 0x7f800000) != 0x7f800000));
      return;
    UNARY(f_sin, each(x, ::sinf))
    UNARY(f_cos, each(x, ::cosf))
    UNARY(f_tan, each(x, ::tanf))
    UNARY(f_asin, each(x, ::asinf))
    UNARY(f_acos, each(x, ::acosf))
    UNARY(f_atan, each(x, ::atanf))
    UNARY(f_sinh, each(x, ::sinhf))
    UNARY(f_cosh, each(x, ::coshf))
    UNARY(f_asinh, each(x, ::asinhf))
    UNARY(f_acosh, each(x, ::acoshf))
    UNARY(f_atanh, each(x, ::atanhf))
    UNARY(f_cbrt, each(x, ::cbrtf))
    UNARY(f_lgamma, each(x, ::lgammaf))
    UNARY(f_digamma, each(x, digamma_of))
    BINARY(f_add, x + y)
    BINARY(f_sub, x - y)
    BINARY(f_mul, x * y)
    BINARY(f_div, x / y)
    BINARY(f_max, maximum(x, y))
    BINARY(f_min, -maximum(-x, -y))
    BINARY(f_rem, each(x, y, ::fmodf))
    BINARY(f_pow, each(x, y, ::powf))
    BINARY(f_atan2, each(x, y, ::atan2f))
    BINARY(f_nextafter, each(x, y, ::nextafterf))
    COMPARE(f_eq, x == y)
    COMPARE(f_ne, x != y)
    COMPARE(f_lt, x < y)
    COMPARE(f_le, x <= y)
    COMPARE(f_gt, x > y)
    COMPARE(f_ge, x >= y)
    UNARY_I(i_neg, -x)
    UNARY_I(i_abs, x < 0 ? -x : x)
    UNARY_I(i_sign, (x > 0 ? I{} + 1 : (x < 0 ? I{} - 1 : I{})))
    BINARY_U(i_add, x + y)
    BINARY_U(i_sub, x - y)
    BINARY_U(i_mul, x * y)
    // As XLA has it: division by zero gives all bits set, the remainder by zero the number itself.
    EACH_I(i_div, std::int32_t, y == 0 ? -1 : (y == -1 ? 0u - static_cast<std::uint32_t>(x) : x / y))
    EACH_I(i_rem, std::int32_t, y == 0 ? x : (y == -1 ? 0 : x % y))
    BINARY_I(i_max, x > y ? x : y)
    BINARY_I(i_min, x < y ? x : y)
    BINARY_I(i_eq, truth(x == y))
    BINARY_I(i_ne, truth(x != y))
    BINARY_I(i_lt, truth(x < y))
    BINARY_I(i_le, truth(x <= y))
    BINARY_I(i_gt, truth(x > y))
    BINARY_I(i_ge, truth(x >= y))
    EACH_I(u_div, std::uint32_t, y == 0 ? ~0u : x / y)
    EACH_I(u_rem, std::uint32_t, y == 0 ? x : x % y)
    BINARY_U(u_max, x > y ? x : y)
    BINARY_U(u_min, x < y ? x : y)
    BINARY_U(u_lt, (U)(x < y) & 1u)
    BINARY_U(u_le, (U)(x <= y) & 1u)
    BINARY_U(u_gt, (U)(x > y) & 1u)
    BINARY_U(u_ge, (U)(x >= y) & 1u)
    BINARY_I(b_and, x & y)
    BINARY_I(b_or, x | y)
    BINARY_I(b_xor, x ^ y)
    UNARY_I(b_not, ~x)
    UNARY_I(b_flip, truth(x == 0))
    EACH_I(b_shl, std::uint32_t, y > 31 ? 0u : x << y)
    EACH_I(u_shr, std::uint32_t, y > 31 ? 0u : x >> y)
    EACH_I(i_shr, std::int32_t, static_cast<std::uint32_t>(y) > 31 ? (x < 0 ? -1 : 0) : x >> y)
    EACH_I(b_count, std::uint32_t, __builtin_popcount(x))
    EACH_I(b_clz, std::uint32_t, x == 0 ? 32 : __builtin_clz(x))
    case Step::select:  // where a: c, else b
      for (Word i = 0; i < n; i += LANES)
        store_i(d + i, load_i(a + i) != 0 ? load_i(c + i) : load_i(b + i));
      return;
    case Step::i_to_f:
      for (Word i = 0; i < n; i += LANES) store(d + i, __builtin_convertvector(load_i(a + i), V));
      return;
    case Step::u_to_f:
      for (Word i = 0; i < n; ++i)
        d[i] = static_cast<float>(reinterpret_cast<const std::uint32_t*>(a)[i]);
      return;
    case Step::f_to_i:
      for (Word i = 0; i < n; ++i) {
        const float x = a[i];
        const std::int32_t whole = x != x ? 0 : x >= 2147483648.0f ? INT32_MAX
            : x <= -2147483648.0f ? INT32_MIN : static_cast<std::int32_t>(x);
        reinterpret_cast<std::int32_t*>(d)[i] = whole;
      }
      return;
    case Step::f_to_u:
      for (Word i = 0; i < n; ++i) {
        const float x = a[i];
        reinterpret_cast<std::uint32_t*>(d)[i] = !(x > 0) ? 0u : x >= 4294967296.0f ? UINT32_MAX
            : static_cast<std::uint32_t>(x);
      }
      return;
    case Step::f_to_b:
      for (Word i = 0; i < n; i += LANES) store_i(d + i, truth(load(a + i) != 0));
      return;
    UNARY_I(b_to_b, truth(x != 0))
    case Step::f_mul_add:
      for (Word i = 0; i < n; i += LANES) store(d + i, load(a + i) * load(b + i) + load(c + i));
      return;
  }
}

#undef UNARY
#undef BINARY
#undef COMPARE
#undef UNARY_I
#undef BINARY_I
#undef BINARY_U
#undef EACH_I

INLINE float* slot(const Frame& frame, Word number) {
  return reinterpret_cast<float*>(frame.slots[number]);
}

static void fused(const Frame& frame, const Word* w) {
  const Word total = *w++, loads = *w++;
  float* place[most_registers];
  for (Word r = 0; r < most_registers; ++r) place[r] = frame.registers + r * register_numbers;
  const Word* load_words = w;
  const Word first = total < chunk ? total : chunk;
  for (Word i = 0; i < loads; ++i, w += 5 + 2 * w[4]) {
    if (w[3] == 1) fill(place[w[0]], slot(frame, w[1]) + w[2], first);
    if (w[3] == 3) collect(place[w[0]], slot(frame, w[1]) + w[2], 0, first, w[4], w + 5, w + 5 + w[4]);
  }
  const Word steps = *w++;
  const Word* step_words = w;
  w += 5 * steps;
  const Word stores = *w++;
  const Word* store_words = w;
  for (Word begin = 0; begin < total; begin += chunk) {
    const Word n = total - begin < chunk ? total - begin : chunk;
    const Word* l = load_words;
    for (Word i = 0; i < loads; ++i, l += 5 + 2 * l[4]) {
      if (l[3] == 0)
        place[l[0]] = slot(frame, l[1]) + l[2] + begin;
      else if (l[3] == 2)
        collect(place[l[0]], slot(frame, l[1]) + l[2], begin, n, l[4], l + 5, l + 5 + l[4]);
    }
    for (Word i = 0; i < stores; ++i)
      place[store_words[2 * i]] = slot(frame, store_words[2 * i + 1]) + begin;
    const Word* s = step_words;
    for (Word i = 0; i < steps; ++i, s += 5)
      apply(static_cast<Step>(s[0]), n, place[s[1]], place[s[2]], place[s[3]], place[s[4]]);
  }
}

}  // namespace unstuck::UNSTUCK_TARGET
