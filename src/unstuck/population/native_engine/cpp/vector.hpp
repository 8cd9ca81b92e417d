// Vectors of one float per replica, and the elementary functions on them.
//
// Included by a kernel compiled for one instruction set; UNSTUCK_TARGET names its namespace and
// LANES the replicas in a vector. Functions are accurate to a few units in the last place, carry
// NaN and infinity through, and treat denormals as zero, as XLA on CPU does. Polynomials are
// minimax fits of our own over the ranges named.
#pragma once

#include "plan.hpp"

namespace unstuck::UNSTUCK_TARGET {

typedef float V __attribute__((vector_size(LANES * 4)));
typedef float Loose __attribute__((vector_size(LANES * 4), aligned(4), may_alias));
typedef std::int32_t I __attribute__((vector_size(LANES * 4)));
typedef std::int32_t LooseI __attribute__((vector_size(LANES * 4), aligned(4), may_alias));
typedef std::uint32_t U __attribute__((vector_size(LANES * 4)));
typedef double D __attribute__((vector_size(LANES * 8)));
typedef std::uint64_t W __attribute__((vector_size(LANES * 8)));

#define INLINE static inline __attribute__((always_inline))

INLINE V splat(float x) { return x - V{}; }
INLINE V load(const float* p) { return *reinterpret_cast<const Loose*>(p); }
INLINE V as_floats(I x) { return (V)x; }
INLINE I as_bits(V x) { return (I)x; }

// Comparisons are written so that a NaN in x comes out as NaN.
INLINE V at_least(V x, V low) { return x < low ? low : x; }
INLINE V at_most(V x, V high) { return x > high ? high : x; }
INLINE V at_least(V x, float low) { return at_least(x, splat(low)); }
INLINE V at_most(V x, float high) { return at_most(x, splat(high)); }
INLINE V maximum(V a, V b) { return a != a ? a : at_least(b, a); }
INLINE V magnitude(V x) { return as_floats(as_bits(x) & 0x7fffffff); }
INLINE V sign(V x) { return x > 0 ? splat(1) : (x < 0 ? splat(-1) : x); }

INLINE V root(V x) {
  V r;
#pragma GCC unroll 16
  for (int lane = 0; lane < LANES; ++lane) r[lane] = __builtin_sqrtf(x[lane]);
  return r;
}

// (exp(r) - 1 - r) / r^2 times r^2, for |r| <= ln 2 / 2.
INLINE V exp_tail(V r) {
  V p = splat(1.9845885225e-04f);
  p = p * r + 1.3940720064e-03f;
  p = p * r + 8.3333895720e-03f;
  p = p * r + 4.1666359819e-02f;
  p = p * r + 1.6666666369e-01f;
  p = p * r + 5.0000000444e-01f;
  return p * (r * r);
}

struct Reduced {
  V rest;
  I power;
};

// x = power * ln 2 + rest; ln 2 in two parts, the first short enough to be multiplied exactly.
INLINE Reduced reduce(V x) {
  const float magic = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer
  V shifted = x * 1.44269504088896341f + magic;
  V n = shifted - magic;
  V rest = x - n * 0.693145751953125f;
  rest = rest - n * 1.428606765330187e-06f;
  return {rest, as_bits(shifted) - as_bits(splat(magic))};
}

INLINE V two_to(I n) { return as_floats((n + 127) << 23); }

INLINE V exp(V x) {
  V bounded = at_least(at_most(x, 89.0f), -104.0f);
  Reduced r = reduce(bounded);
  V y = exp_tail(r.rest) + r.rest + 1.0f;
  I half = r.power >> 1;
  y = y * two_to(half) * two_to(r.power - half);
  return x > 88.722839f ? splat(__builtin_inff()) : y;
}

INLINE V expm1(V x) {
  V bounded = at_least(at_most(x, 88.0f), -80.0f);
  Reduced r = reduce(bounded);
  V scale = two_to(r.power);
  V y = scale * (exp_tail(r.rest) + r.rest) + (scale - 1.0f);
  return x > 88.0f ? exp(x) : y;
}

// ln(x) = e ln 2 + ln(1 + m), m in [sqrt(1/2) - 1, sqrt(2) - 1).
INLINE V log(V x) {
  I raw = as_bits(x);
  I e = ((raw >> 23) & 255) - 126;
  V m = as_floats((raw & 0x007fffff) | 0x3f000000);
  I low = m < 0.707106781186547524f;
  e = e + low;
  m = (low ? m + m : m) - 1.0f;
  V p = splat(6.7467029783e-02f);
  p = p * m - 1.1675772023e-01f;
  p = p * m + 1.1888200263e-01f;
  p = p * m - 1.2405573360e-01f;
  p = p * m + 1.4219545618e-01f;
  p = p * m - 1.6667996405e-01f;
  p = p * m + 2.0002118979e-01f;
  p = p * m - 2.5000009595e-01f;
  p = p * m + 3.3333312600e-01f;
  V z = m * m;
  V n = __builtin_convertvector(e, V);
  V y = p * m * z + n * 1.428606765330187e-06f - 0.5f * z;
  y = m + y + n * 0.693145751953125f;
  const float infinity = __builtin_inff();
  y = x < 1.17549435e-38f ? splat(-infinity) : y;
  y = x < 0 ? splat(__builtin_nanf("")) : y;
  y = x == infinity ? x : y;
  return x != x ? x : y;
}

// ln(1 + x) for x >= 0; the second term gives back what rounding 1 + x took.
INLINE V log1p(V x) {
  V u = x + 1.0f;
  return log(u) + (x - (u - 1.0f)) / u;
}

INLINE V sigmoid(V x) { return 1.0f / (1.0f + exp(-x)); }

INLINE V softplus(V x) { return at_least(x, 0.0f) + log1p(exp(-magnitude(x))); }

INLINE V tanh(V x) {
  V a = magnitude(x);
  V z = x * x;
  V p = splat(-5.6669002024e-03f);
  p = p * z + 2.0606109919e-02f;
  p = p * z - 5.3729987424e-02f;
  p = p * z + 1.3331330776e-01f;
  p = p * z - 3.3333278051e-01f;
  V small = p * z * x + x;
  V large = 1.0f - 2.0f / (exp(a + a) + 1.0f);
  large = x < 0 ? -large : large;
  return a < 0.63f ? small : large;
}

// erfc(a) for a >= 0 is exp(-a^2) times a polynomial in t = 1 / (1 + a/2), here on 0 <= a <= 12.
INLINE V erfc_positive(V a) {
  V t = 1.0f / (1.0f + 0.5f * a);
  V p = splat(4.438982531e-02f);
  p = p * t - 2.392834872e-01f;
  p = p * t + 4.993233383e-01f;
  p = p * t - 4.548689127e-01f;
  p = p * t + 1.248488426e-01f;
  p = p * t - 5.071117356e-02f;
  p = p * t + 8.857603371e-02f;
  p = p * t + 1.769295931e-01f;
  p = p * t + 2.465778142e-01f;
  p = p * t + 2.821246088e-01f;
  p = p * t + 2.820935249e-01f;
  return p * t * exp(-(a * a));
}

// Probability that a standard normal is below x.
INLINE V normal_below(V x) {
  V tail = 0.5f * erfc_positive(magnitude(x) * 0.70710678118654752f);
  return x > 0 ? 1.0f - tail : tail;
}

// Two rounds of multiply and xor-shift: 32 well-mixed bits of a counter (Wellons 2018, "lowbias32").
INLINE U mixed(U x) {
  x = (x ^ (x >> 16)) * 0x7feb352du;
  x = (x ^ (x >> 15)) * 0x846ca68bu;
  return x ^ (x >> 16);
}

// The finaliser of SplitMix64 (Steele, Lea, Flood 2014), as in draws.py.
INLINE W mixed(W x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}

}  // namespace unstuck::UNSTUCK_TARGET
