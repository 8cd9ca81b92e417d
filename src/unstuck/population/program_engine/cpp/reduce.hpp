// Bringing numbers together along axes, and the place of the largest or smallest.
//
// reduce: merge, from, offset, to, count of results, axes, sizes…, strides from…, strides to… (0: merged)
// choose: from, offset, to, largest, kind (0 float, 1 signed, 2 unsigned), outer, stride, inner,
//         stride, count, stride: the place along `count` for each (outer, inner)
#pragma once

#include "moves.hpp"

namespace unstuck::UNSTUCK_TARGET {

template <Merge merge>
struct Merged {
  static constexpr bool floats = merge == Merge::f_sum || merge == Merge::f_max ||
                                 merge == Merge::f_min || merge == Merge::f_prod;

  static std::int32_t identity() {
    switch (merge) {
      case Merge::f_max: return static_cast<std::int32_t>(0xff800000u);
      case Merge::f_min: return 0x7f800000;
      case Merge::f_prod: return 0x3f800000;
      case Merge::i_max: return INT32_MIN;
      case Merge::i_min: return INT32_MAX;
      case Merge::i_prod: return 1;
      case Merge::u_min: case Merge::b_and: return -1;
      default: return 0;
    }
  }

  INLINE I of(I x, I y) {
    V a = as_floats(x), b = as_floats(y);
    if constexpr (merge == Merge::f_sum) return as_bits(a + b);
    if constexpr (merge == Merge::f_max) return as_bits(maximum(a, b));
    if constexpr (merge == Merge::f_min) return as_bits(-maximum(-a, -b));
    if constexpr (merge == Merge::f_prod) return as_bits(a * b);
    if constexpr (merge == Merge::i_sum) return (I)((U)x + (U)y);
    if constexpr (merge == Merge::i_max) return x > y ? x : y;
    if constexpr (merge == Merge::i_min) return x < y ? x : y;
    if constexpr (merge == Merge::i_prod) return (I)((U)x * (U)y);
    if constexpr (merge == Merge::u_max) return (U)x > (U)y ? x : y;
    if constexpr (merge == Merge::u_min) return (U)x < (U)y ? x : y;
    if constexpr (merge == Merge::b_and) return x & y;
    if constexpr (merge == Merge::b_or) return x | y;
    if constexpr (merge == Merge::b_xor) return x ^ y;
    return y;
  }

  INLINE void one(float* to, const float* from) {
    *reinterpret_cast<std::int32_t*>(to) = of(bits_at(to), bits_at(from))[0];
  }

  // All lanes of x and one number; halves are brought together, so that sums keep their precision.
  INLINE void all(float* to, I x) {
#ifdef UNSTUCK_SHUFFLES
#if LANES == 16
    x = of(x, UNSTUCK_SHIFTED(x, 8));
#endif
#if LANES >= 8
    x = of(x, UNSTUCK_SHIFTED(x, 4));
#endif
    x = of(x, UNSTUCK_SHIFTED(x, 2));
    x = of(x, UNSTUCK_SHIFTED(x, 1));
    *reinterpret_cast<std::int32_t*>(to) = of(x, bits_at(to))[0];
#else
    alignas(64) std::int32_t lane[LANES];
    *reinterpret_cast<LooseI*>(lane) = x;
    for (int half = LANES / 2; half >= 1; half /= 2)
      for (int i = 0; i < half; ++i)
        lane[i] = scalar(reinterpret_cast<const float*>(lane + i),
                         reinterpret_cast<const float*>(lane + i + half));
    *reinterpret_cast<std::int32_t*>(to) = scalar(to, reinterpret_cast<const float*>(lane));
#endif
  }

  INLINE std::int32_t scalar(const float* a, const float* b) {
    if constexpr (merge == Merge::f_sum) {
      const float sum = *a + *b;
      std::int32_t bits;
      __builtin_memcpy(&bits, &sum, 4);
      return bits;
    }
    return of(bits_at(a), bits_at(b))[0];
  }

  // A run that all comes to one number.
  INLINE void run(float* to, const float* from, Word count, Word stride) {
    Word i = 0;
    if (stride == 1 && count >= LANES) {
      I a = I{} + identity(), b = a, c = a, d = a;
      for (; i + 4 * LANES <= count; i += 4 * LANES) {
        a = of(a, load_i(from + i));
        b = of(b, load_i(from + i + LANES));
        c = of(c, load_i(from + i + 2 * LANES));
        d = of(d, load_i(from + i + 3 * LANES));
      }
      for (; i + LANES <= count; i += LANES) a = of(a, load_i(from + i));
      all(to, of(of(a, b), of(c, d)));
    }
    for (; i < count; ++i) *reinterpret_cast<std::int32_t*>(to) = scalar(to, from + i * stride);
  }

  // `many` short runs, `step` apart, each of which comes to a number of its own: a vector of them at once.
  INLINE void runs(float* to, const float* from, Word many, Word step, Word count) {
    I lanes;
    for (int lane = 0; lane < LANES; ++lane) lanes[lane] = lane;
    const I counts = lanes < static_cast<std::int32_t>(count % LANES), none = I{} + identity();
    Word j = 0;
    for (; j + LANES <= many; j += LANES) {
      I rows[LANES];
      for (int r = 0; r < LANES; ++r) {
        const float* p = from + (j + r) * step;
        I x = none;
        Word i = 0;
        for (; i + LANES <= count; i += LANES) x = of(x, load_i(p + i));
        rows[r] = i < count ? of(x, counts ? load_i(p + i) : none) : x;
      }
      store_i(to + j, of(load_i(to + j), together(rows, [](I x, I y) { return of(x, y); })));
    }
    for (; j < many; ++j) run(to + j, from + j * step, count, 1);
  }

  // Rows of `count` numbers that are brought together place by place.
  INLINE void rows(float* to, const float* from, Word rows, Word stride, Word count) {
    Word i = 0;
    for (; i + 4 * LANES <= count; i += 4 * LANES) {
      I a = load_i(to + i), b = load_i(to + i + LANES), c = load_i(to + i + 2 * LANES),
        d = load_i(to + i + 3 * LANES);
      const float* p = from + i;
      for (Word r = 0; r < rows; ++r, p += stride) {
        a = of(a, load_i(p));
        b = of(b, load_i(p + LANES));
        c = of(c, load_i(p + 2 * LANES));
        d = of(d, load_i(p + 3 * LANES));
      }
      store_i(to + i, a);
      store_i(to + i + LANES, b);
      store_i(to + i + 2 * LANES, c);
      store_i(to + i + 3 * LANES, d);
    }
    for (; i + LANES <= count; i += LANES) {
      I a = load_i(to + i);
      const float* p = from + i;
      for (Word r = 0; r < rows; ++r, p += stride) a = of(a, load_i(p));
      store_i(to + i, a);
    }
    if (i == count) return;
    alignas(64) float rest[LANES];  // reading past a row's end is allowed, writing is not
    const Word left = count - i;
    for (Word k = 0; k < LANES; ++k) rest[k] = k < left ? to[i + k] : 0;
    I a = load_i(rest);
    const float* p = from + i;
    for (Word r = 0; r < rows; ++r, p += stride) a = of(a, load_i(p));
    store_i(rest, a);
    for (Word k = 0; k < left; ++k) to[i + k] = rest[k];
  }

  static void reduce(const Frame& frame, const Word* w) {
    const float* from = slot(frame, w[0]) + w[1];
    float* to = slot(frame, w[2]);
    const I first = I{} + identity();
    for (Word i = 0; i < w[3]; i += LANES) store_i(to + i, first);
    const Word axes = w[4], last = axes - 1;
    const Word *sizes = w + 5, *a = sizes + axes, *b = a + axes;
    if (b[last] == 0 && a[last] == 1 && axes > 1 && b[last - 1] == 1 && sizes[last] <= 16 * LANES) {
      over_axes(last - 1, sizes, a, b, [&](Word i, Word j) {
        runs(to + j, from + i, sizes[last - 1], a[last - 1], sizes[last]);
      });
    } else if (b[last] == 0) {
      over_axes(last, sizes, a, b,
                [&](Word i, Word j) { run(to + j, from + i, sizes[last], a[last]); });
    } else if (b[last] == 1 && a[last] == 1 && axes > 1 && b[last - 1] == 0) {
      over_axes(last - 1, sizes, a, b, [&](Word i, Word j) {
        rows(to + j, from + i, sizes[last - 1], a[last - 1], sizes[last]);
      });
    } else {
      over_axes(last, sizes, a, b, [&](Word i, Word j) {
        for (Word k = 0; k < sizes[last]; ++k) one(to + j + k * b[last], from + i + k * a[last]);
      });
    }
  }
};

static void reduce(const Frame& frame, const Word* w) {
  switch (static_cast<Merge>(w[0])) {
#define X(name)      \
  case Merge::name:  \
    return Merged<Merge::name>::reduce(frame, w + 1);
    X(f_sum) X(f_max) X(f_min) X(f_prod) X(i_sum) X(i_max) X(i_min) X(i_prod) X(u_max) X(u_min)
    X(b_and) X(b_or) X(b_xor)
#undef X
    default:
      return;
  }
}

template <class T>
static void chosen(const T* from, std::int32_t* to, bool largest, const Word* w) {
  const Word outer = w[0], outer_stride = w[1], inner = w[2], inner_stride = w[3], count = w[4],
             stride = w[5];
  for (Word o = 0; o < outer; ++o)
    for (Word i = 0; i < inner; ++i) {
      const T* p = from + o * outer_stride + i * inner_stride;
      Word best = 0;
      for (Word k = 1; k < count; ++k) {
        const T x = p[k * stride], y = p[best * stride];
        // The first of equals, and a NaN before all others, as XLA has it.
        if (y == y && (largest ? x > y || x != x : x < y || x != x)) best = k;
      }
      to[o * inner + i] = static_cast<std::int32_t>(best);
    }
}

static void choose(const Frame& frame, const Word* w) {
  const float* from = slot(frame, w[0]) + w[1];
  std::int32_t* to = reinterpret_cast<std::int32_t*>(slot(frame, w[2]));
  if (w[4] == 0)
    chosen(from, to, w[3], w + 5);
  else if (w[4] == 1)
    chosen(reinterpret_cast<const std::int32_t*>(from), to, w[3], w + 5);
  else
    chosen(reinterpret_cast<const std::uint32_t*>(from), to, w[3], w + 5);
}

}  // namespace unstuck::UNSTUCK_TARGET
