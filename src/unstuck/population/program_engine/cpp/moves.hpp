// Copies through strides: transposition, broadcasting, slices, padding, concatenation.
//
// move: from, offset, to, offset, axes, sizes…, strides from…, strides to…
// fill: to, count, bits
// iota: to, kind (0 integers, 1 floats), outer, count, inner
#pragma once

#include "elementwise.hpp"

namespace unstuck::UNSTUCK_TARGET {

INLINE void copy_run(float* to, const float* from, Word count, Word from_stride, Word to_stride) {
  if (to_stride == 1 && from_stride == 1) {
    __builtin_memcpy(to, from, static_cast<std::size_t>(count) * sizeof(float));
  } else if (to_stride == 1 && from_stride == 0) {
    const float value = *from;
    for (Word i = 0; i < count; ++i) to[i] = value;
  } else {
    for (Word i = 0; i < count; ++i) to[i * to_stride] = from[i * from_stride];
  }
}

// A transposition: rows of `from` are columns of `to`; squares that stay in the first cache.
INLINE void copy_plane(float* to, const float* from, Word rows, Word columns, Word from_stride,
                       Word to_stride) {
  constexpr Word square = 16;
  for (Word r = 0; r < rows; r += square) {
    const Word r_end = r + square < rows ? r + square : rows;
    for (Word c = 0; c < columns; c += square) {
      const Word c_end = c + square < columns ? c + square : columns;
      for (Word i = r; i < r_end; ++i)
        for (Word j = c; j < c_end; ++j) to[i * to_stride + j] = from[j * from_stride + i];
    }
  }
}

// Goes through all places of some axes, and calls `work(offset from, offset to)`.
template <class Work>
INLINE void over_axes(Word axes, const Word* sizes, const Word* a, const Word* b, Work work) {
  Word at[most_axes] = {}, from = 0, to = 0;
  for (;;) {
    work(from, to);
    Word axis = axes - 1;
    for (; axis >= 0; --axis) {
      from += a[axis];
      to += b[axis];
      if (++at[axis] < sizes[axis]) break;
      from -= sizes[axis] * a[axis];
      to -= sizes[axis] * b[axis];
      at[axis] = 0;
    }
    if (axis < 0) return;
  }
}

static void move(const Frame& frame, const Word* w) {
  const float* from = slot(frame, w[0]) + w[1];
  float* to = slot(frame, w[2]) + w[3];
  const Word axes = w[4];
  const Word *sizes = w + 5, *a = sizes + axes, *b = a + axes;
  const Word last = axes - 1;
  Word across = -1;  // an axis along which `from` lies in a row while the last one does not
  if (a[last] != 1 && a[last] != 0 && b[last] == 1)
    for (Word axis = 0; axis < last; ++axis)
      if (a[axis] == 1 && sizes[axis] > 1) across = axis;
  if (across < 0) {
    over_axes(last, sizes, a, b, [&](Word i, Word j) {
      copy_run(to + j, from + i, sizes[last], a[last], b[last]);
    });
    return;
  }
  Word rest = 0, rest_sizes[most_axes], rest_a[most_axes], rest_b[most_axes];
  for (Word axis = 0; axis < last; ++axis) {
    if (axis == across) continue;
    rest_sizes[rest] = sizes[axis];
    rest_a[rest] = a[axis];
    rest_b[rest++] = b[axis];
  }
  over_axes(rest, rest_sizes, rest_a, rest_b, [&](Word i, Word j) {
    copy_plane(to + j, from + i, sizes[across], sizes[last], a[last], b[across]);
  });
}

static void filled(const Frame& frame, const Word* w) {
  const std::int32_t bits = static_cast<std::int32_t>(w[2]);
  float* to = slot(frame, w[0]);
  for (Word i = 0; i < w[1]; i += LANES) store_i(to + i, I{} + bits);
}

static void iota(const Frame& frame, const Word* w) {
  float* to = slot(frame, w[0]);
  std::int32_t* whole = reinterpret_cast<std::int32_t*>(to);
  const Word outer = w[2], count = w[3], inner = w[4];
  for (Word o = 0, at = 0; o < outer; ++o)
    for (Word i = 0; i < count; ++i)
      for (Word k = 0; k < inner; ++k, ++at) {
        if (w[1])
          to[at] = static_cast<float>(i);
        else
          whole[at] = static_cast<std::int32_t>(i);
      }
}

}  // namespace unstuck::UNSTUCK_TARGET
