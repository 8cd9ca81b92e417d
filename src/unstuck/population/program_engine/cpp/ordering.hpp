// Along one axis: running sums and their kin, and sorting.
//
// cumulate: merge, from, to, reverse, outer, count, inner
// sort: outer, count, inner, keys, arrays, {from, to, kind (0 float, 1 signed, 2 unsigned)}…, places
//       arrays are sorted alike, by the first `keys` of them, equal ones in their order; `places` is
//       room for `count` numbers
#pragma once

#include "indexing.hpp"

namespace unstuck::UNSTUCK_TARGET {

INLINE float log_sum(float a, float b) {
  const float high = a > b || a != a ? a : b, low = a > b || a != a ? b : a;
  if (high == -__builtin_inff()) return high;
  if (high == __builtin_inff()) return high;
  return high + ::log1pf(::expf(low - high));
}

template <class Both>
static void cumulated(const Frame& frame, const Word* w, Both both) {
  const float* from = slot(frame, w[0]);
  float* to = slot(frame, w[1]);
  const Word outer = w[3], count = w[4], inner = w[5];
  for (Word o = 0; o < outer; ++o)
    for (Word k = 0; k < count; ++k) {
      const Word at = w[2] ? count - 1 - k : k, before = w[2] ? at + 1 : at - 1;
      for (Word i = 0; i < inner; ++i) {
        const Word here = (o * count + at) * inner + i, there = (o * count + before) * inner + i;
        if (k == 0)
          to[here] = from[here];
        else
          both(to + here, to + there, from + here);
      }
    }
}

static void cumulate(const Frame& frame, const Word* w) {
  switch (static_cast<Merge>(w[0])) {
#define X(name)                                                                        \
  case Merge::name:                                                                    \
    return cumulated(frame, w + 1, [](float* to, const float* sum, const float* one) { \
      *reinterpret_cast<std::int32_t*>(to) = Merged<Merge::name>::scalar(sum, one);    \
    });
    X(f_sum) X(f_max) X(f_min) X(f_prod) X(i_sum) X(i_max) X(i_min) X(i_prod)
#undef X
    case Merge::f_log_sum:
      return cumulated(frame, w + 1, [](float* to, const float* sum, const float* one) {
        *to = log_sum(*sum, *one);
      });
    default:
      return;
  }
}

// Negative: a before b. Floats as XLA orders them: -0 and 0 are equal, NaN comes last.
INLINE int order_of(const float* a, const float* b, Word kind) {
  if (kind == 0) {
    const bool a_none = *a != *a, b_none = *b != *b;
    if (a_none || b_none) return static_cast<int>(a_none) - static_cast<int>(b_none);
    return *a < *b ? -1 : *a > *b;
  }
  if (kind == 1) {
    const auto x = *reinterpret_cast<const std::int32_t*>(a), y = *reinterpret_cast<const std::int32_t*>(b);
    return x < y ? -1 : x > y;
  }
  const auto x = *reinterpret_cast<const std::uint32_t*>(a), y = *reinterpret_cast<const std::uint32_t*>(b);
  return x < y ? -1 : x > y;
}

static void sort(const Frame& frame, const Word* w) {
  const Word outer = w[0], count = w[1], inner = w[2], keys = w[3], arrays = w[4];
  const Word* array = w + 5;
  std::int32_t* place = reinterpret_cast<std::int32_t*>(slot(frame, w[5 + 3 * arrays]));
  std::int32_t* other = place + count;
  for (Word o = 0; o < outer; ++o)
    for (Word i = 0; i < inner; ++i) {
      const Word base = o * count * inner + i;
      const auto before = [&](std::int32_t p, std::int32_t q) {
        for (Word key = 0; key < keys; ++key) {
          const float* from = slot(frame, array[3 * key]) + base;
          const int order = order_of(from + p * inner, from + q * inner, array[3 * key + 2]);
          if (order != 0) return order < 0;
        }
        return false;
      };
      for (Word k = 0; k < count; ++k) place[k] = static_cast<std::int32_t>(k);
      std::int32_t *from = place, *to = other;
      for (Word width = 1; width < count; width *= 2) {  // merged from pairs up, which keeps the order
        for (Word begin = 0; begin < count; begin += 2 * width) {
          const Word middle = begin + width < count ? begin + width : count;
          const Word end = begin + 2 * width < count ? begin + 2 * width : count;
          Word left = begin, right = middle;
          for (Word k = begin; k < end; ++k) {
            const bool take_right = left == middle || (right < end && before(from[right], from[left]));
            to[k] = take_right ? from[right++] : from[left++];
          }
        }
        std::int32_t* swapped = from;
        from = to;
        to = swapped;
      }
      for (Word a = 0; a < arrays; ++a) {
        const float* source = slot(frame, array[3 * a]) + base;
        float* target = slot(frame, array[3 * a + 1]) + base;
        for (Word k = 0; k < count; ++k) target[k * inner] = source[from[k] * inner];
      }
    }
}

}  // namespace unstuck::UNSTUCK_TARGET
