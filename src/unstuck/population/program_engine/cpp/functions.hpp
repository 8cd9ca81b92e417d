// Elementary functions that the native engine's vector.hpp has not: error functions, rounding, and
// those that are so rare that each number goes through the C library.
#pragma once

#include <math.h>

#include "../../native_engine/cpp/vector.hpp"
#include "code.hpp"

namespace unstuck::UNSTUCK_TARGET {

INLINE void store(float* p, V x) { *reinterpret_cast<Loose*>(p) = x; }
INLINE I load_i(const float* p) { return *reinterpret_cast<const LooseI*>(p); }
INLINE void store_i(float* p, I x) { *reinterpret_cast<LooseI*>(p) = x; }
INLINE I bits_at(const float* p) { return I{} + *reinterpret_cast<const std::int32_t*>(p); }
INLINE I truth(I mask) { return mask & 1; }

// The other half of the first `width` lanes, in front.
#if defined(__clang__) || __GNUC__ >= 12
#define UNSTUCK_SHUFFLES
#if LANES == 16
#define UNSTUCK_SHIFTED(x, n) \
  __builtin_shufflevector(x, x, n, n + 1, n + 2, n + 3, n + 4, n + 5, n + 6, n + 7, 8, 9, 10, 11, 12, 13, 14, 15)
#elif LANES == 8
#define UNSTUCK_SHIFTED(x, n) __builtin_shufflevector(x, x, n, n + 1, n + 2, n + 3, 4, 5, 6, 7)
#else
#define UNSTUCK_SHIFTED(x, n) __builtin_shufflevector(x, x, n, n + 1, 2, 3)
#endif
#endif

// As many vectors as a vector has lanes, each brought together to one number: lane i is of v[i]. Halves
// are brought together, so that sums keep their precision.
template <class Vector, class Of>
INLINE Vector together(Vector (&v)[LANES], Of of) {
#ifdef UNSTUCK_SHUFFLES
#define UNSTUCK_HALF(h, lane, upper)                                                        \
  ((lane) / (h) / 2 * 2 * (h) + (lane) % (h) + ((upper) ? (h) : 0) + ((lane) / (h) % 2 ? LANES : 0))
#if LANES == 16
#define UNSTUCK_HALVES(a, b, h, u)                                                                 \
  __builtin_shufflevector(a, b, UNSTUCK_HALF(h, 0, u), UNSTUCK_HALF(h, 1, u), UNSTUCK_HALF(h, 2, u), \
                          UNSTUCK_HALF(h, 3, u), UNSTUCK_HALF(h, 4, u), UNSTUCK_HALF(h, 5, u),     \
                          UNSTUCK_HALF(h, 6, u), UNSTUCK_HALF(h, 7, u), UNSTUCK_HALF(h, 8, u),     \
                          UNSTUCK_HALF(h, 9, u), UNSTUCK_HALF(h, 10, u), UNSTUCK_HALF(h, 11, u),   \
                          UNSTUCK_HALF(h, 12, u), UNSTUCK_HALF(h, 13, u), UNSTUCK_HALF(h, 14, u),  \
                          UNSTUCK_HALF(h, 15, u))
#elif LANES == 8
#define UNSTUCK_HALVES(a, b, h, u)                                                                 \
  __builtin_shufflevector(a, b, UNSTUCK_HALF(h, 0, u), UNSTUCK_HALF(h, 1, u), UNSTUCK_HALF(h, 2, u), \
                          UNSTUCK_HALF(h, 3, u), UNSTUCK_HALF(h, 4, u), UNSTUCK_HALF(h, 5, u),     \
                          UNSTUCK_HALF(h, 6, u), UNSTUCK_HALF(h, 7, u))
#else
#define UNSTUCK_HALVES(a, b, h, u)                                                                 \
  __builtin_shufflevector(a, b, UNSTUCK_HALF(h, 0, u), UNSTUCK_HALF(h, 1, u), UNSTUCK_HALF(h, 2, u), \
                          UNSTUCK_HALF(h, 3, u))
#endif
#define UNSTUCK_ROUND(h)  \
  _Pragma("GCC unroll 8") \
  for (int i = 0; i < h; ++i) \
    v[i] = of(UNSTUCK_HALVES(v[i], v[i + h], h, 0), UNSTUCK_HALVES(v[i], v[i + h], h, 1));
#if LANES == 16
  UNSTUCK_ROUND(8)
#endif
#if LANES >= 8
  UNSTUCK_ROUND(4)
#endif
  UNSTUCK_ROUND(2)
  UNSTUCK_ROUND(1)
#undef UNSTUCK_HALF
#undef UNSTUCK_HALVES
#undef UNSTUCK_ROUND
  return v[0];
#else
  Vector result = v[0];
  for (int i = 0; i < LANES; ++i) {
    Vector x = v[i];
    for (int half = LANES / 2; half >= 1; half /= 2) {
      Vector shifted = x;
      for (int lane = 0; lane < half; ++lane) shifted[lane] = x[lane + half];
      x = of(x, shifted);
    }
    result[i] = x[0];
  }
  return result;
#endif
}

INLINE V each(V x, float (*f)(float)) {
  V r = x;
  for (int lane = 0; lane < LANES; ++lane) r[lane] = f(x[lane]);
  return r;
}

INLINE V each(V x, V y, float (*f)(float, float)) {
  V r = x;
  for (int lane = 0; lane < LANES; ++lane) r[lane] = f(x[lane], y[lane]);
  return r;
}

// Near zero a series, whose relative error stays small: Abramowitz and Stegun 7.1.5.
INLINE V erf_small(V x) {
  V z = x * x;
  V p = splat(-7.5757575758e-04f);
  p = p * z + 4.6296296296e-03f;
  p = p * z - 2.3809523810e-02f;
  p = p * z + 0.1f;
  p = p * z - 0.33333333333f;
  return 1.1283791670955126f * x * (1.0f + z * p);
}

INLINE V erf(V x) {
  V a = magnitude(x);
  V tail = 1.0f - erfc_positive(at_most(a, 10.0f));
  tail = x < 0 ? -tail : tail;
  return x != x ? x : (a < 0.5f ? erf_small(x) : tail);
}

INLINE V erfc(V x) {
  V a = magnitude(x);
  V tail = erfc_positive(at_most(a, 10.5f));
  tail = x < 0 ? 2.0f - tail : tail;
  return x != x ? x : (a < 0.5f ? 1.0f - erf_small(x) : tail);
}

INLINE V log1p_any(V x) {
  V u = x + 1.0f;
  V y = log(u) + (x - (u - 1.0f)) / u;
  // A polynomial near zero, where 1 + x has lost what x is.
  V p = splat(0.11111111f);
  p = p * x - 0.125f;
  p = p * x + 0.14285714f;
  p = p * x - 0.16666667f;
  p = p * x + 0.2f;
  p = p * x - 0.25f;
  p = p * x + 0.33333333f;
  p = p * x - 0.5f;
  V small = x + x * x * p;
  y = magnitude(x) < 0.1f ? small : y;
  return x == __builtin_inff() ? x : (u == 0.0f ? splat(-__builtin_inff()) : y);
}

INLINE V floor(V x) {
  V whole = __builtin_convertvector(__builtin_convertvector(x, I), V);
  whole = whole > x ? whole - 1.0f : whole;
  return magnitude(x) < 8388608.0f ? whole : x;
}

INLINE V round_even(V x) {
  const float magic = 8388608.0f;
  V a = magnitude(x);
  V rounded = (a + magic) - magic;
  rounded = x < 0 ? -rounded : rounded;
  return a < magic ? rounded : x;
}

// Giles, "Approximating the erfinv function" (GPU Computing Gems, 2012): one polynomial in the centre and
// one in the tails, as everybody computes it in single precision.
INLINE V erf_inv(V x) {
  V w = -log1p_any(-x * x);
  V near = w - 2.5f;
  V p = splat(2.81022636e-08f);
  p = p * near + 3.43273939e-07f;
  p = p * near - 3.5233877e-06f;
  p = p * near - 4.39150654e-06f;
  p = p * near + 0.00021858087f;
  p = p * near - 0.00125372503f;
  p = p * near - 0.00417768164f;
  p = p * near + 0.246640727f;
  p = p * near + 1.50140941f;
  V far = root(w) - 3.0f;
  V q = splat(-0.000200214257f);
  q = q * far + 0.000100950558f;
  q = q * far + 0.00134934322f;
  q = q * far - 0.00367342844f;
  q = q * far + 0.00573950773f;
  q = q * far - 0.0076224613f;
  q = q * far + 0.00943887047f;
  q = q * far + 1.00167406f;
  q = q * far + 2.83297682f;
  V y = (w < 5.0f ? p : q) * x;
  return magnitude(x) == 1.0f ? x * __builtin_inff() : y;
}

inline float digamma_of(float value) {
  double x = value, result = 0;
  if (x <= 0 && __builtin_floor(x) == x) return __builtin_nanf("");
  if (x < 0) {
    const double pi = 3.14159265358979323846;
    result = -pi / ::tan(pi * x);
    x = 1 - x;
  }
  for (; x < 10; x += 1) result -= 1 / x;
  const double z = 1 / (x * x);
  return static_cast<float>(result + ::log(x) - 0.5 / x -
                            z * (1.0 / 12 - z * (1.0 / 120 - z * (1.0 / 252 - z / 240))));
}

}  // namespace unstuck::UNSTUCK_TARGET
