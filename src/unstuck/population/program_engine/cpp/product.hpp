// Products of matrices, many at once: tiles of registers over packed panels.
//
// product: a, offset, b, offset, c, m, n, k, strides: a along m, a along k, b along k, b along n,
//          batch axes, {size, stride a, stride b, stride c}…
// c lies in rows of n. Where b's rows do not lie in a row, or are long, a panel of it is packed first.
#pragma once

#include "reduce.hpp"

namespace unstuck::UNSTUCK_TARGET {

#if LANES == 16
constexpr int most_rows = 12;
#elif LANES == 8
constexpr int most_rows = 6;
#else
constexpr int most_rows = 4;
#endif
constexpr Word panel_depth = 256;  // of a packed panel, which stays in the first cache

// A tile of c: `Rows` rows by `Wide` vectors; added to where `more`.
template <int Rows, int Wide>
static void tile(const float* a, Word a_m, Word a_k, const float* b, Word b_k, Word k, float* c,
                 Word c_m, bool more) {
  V sum[Rows][Wide];
#pragma GCC unroll 16
  for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < Wide; ++j) sum[i][j] = V{};
  for (Word step = 0; step < k; ++step) {
    V right[Wide];
#pragma GCC unroll 4
    for (int j = 0; j < Wide; ++j) right[j] = load(b + j * LANES);
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i) {
      const V left = splat(a[i * a_m]);
#pragma GCC unroll 4
      for (int j = 0; j < Wide; ++j) sum[i][j] += left * right[j];
    }
    a += a_k;
    b += b_k;
  }
  if (more) {
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 4
      for (int j = 0; j < Wide; ++j) sum[i][j] += load(c + i * c_m + j * LANES);
  }
#pragma GCC unroll 16
  for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < Wide; ++j) store(c + i * c_m + j * LANES, sum[i][j]);
}

// All rows of c for one panel of b. Of the last vector only some numbers may count: what is written
// behind them is the beginning of the next row, or lies behind the array, and is computed later.
template <int Wide>
static void rows_of(const float* a, Word a_m, Word a_k, const float* b, Word b_k, Word m, Word k,
                    float* c, Word c_m, bool more) {
  for (Word row = 0; row < m;) {
    const Word left = m - row;
    const int rows = left >= most_rows ? most_rows : left >= 8 ? 8 : left >= 6 ? 6 : left >= 4 ? 4
        : left >= 2 ? 2 : 1;
    const float* from = a + row * a_m;
    float* to = c + row * c_m;
    if (rows == most_rows)
      tile<most_rows, Wide>(from, a_m, a_k, b, b_k, k, to, c_m, more);
    else if (most_rows > 8 && rows == 8)
      tile<8, Wide>(from, a_m, a_k, b, b_k, k, to, c_m, more);
    else if (most_rows > 6 && rows == 6)
      tile<6, Wide>(from, a_m, a_k, b, b_k, k, to, c_m, more);
    else if (rows == 4)
      tile<4, Wide>(from, a_m, a_k, b, b_k, k, to, c_m, more);
    else if (rows == 2)
      tile<2, Wide>(from, a_m, a_k, b, b_k, k, to, c_m, more);
    else
      tile<1, Wide>(from, a_m, a_k, b, b_k, k, to, c_m, more);
    row += rows;
  }
}

struct Matrices {
  Word m, n, k, a_m, a_k, b_k, b_n;
};

// A panel of b, `k` by `width`, row by row, from a matrix that lies otherwise.
static void pack(const float* b, Word b_k, Word b_n, Word k, Word columns, Word width, float* panel) {
  if (b_n == 1) {
    for (Word i = 0; i < k; ++i)
      for (Word j = 0; j < columns; ++j) panel[i * width + j] = b[i * b_k + j];
    return;
  }
  constexpr Word square = 16;
  for (Word i = 0; i < k; i += square) {
    const Word end = i + square < k ? i + square : k;
    for (Word j = 0; j < columns; ++j)
      for (Word l = i; l < end; ++l) panel[l * width + j] = b[l * b_k + j * b_n];
  }
}

static void multiply(const float* a, const float* b, float* c, const Matrices& s, float* panel) {
  constexpr Word wide = 2 * LANES;
  // From the last columns to the first: what the last, short vector writes too much comes later. Where
  // sums are added to that would be lost, so that such a vector has a place of its own.
  const Word first = s.n <= 0 ? 0 : (s.n - 1) / wide * wide;
  alignas(64) float edge[256];
  for (Word column = first; column >= 0; column -= wide) {
    const Word columns = s.n - column < wide ? s.n - column : wide;
    const Word width = columns > LANES ? wide : LANES;
    for (Word deep = 0; deep < s.k || deep == 0; deep += panel_depth) {
      const Word k = s.k - deep < panel_depth ? s.k - deep : panel_depth;
      const float* right = b + deep * s.b_k + column * s.b_n;
      Word b_k = s.b_k;
      // Reading where it lies touches a page for each step where rows are long and m is large.
      if (s.b_n != 1 || (s.m >= 64 && s.b_k > 512)) {
        pack(right, s.b_k, s.b_n, k, columns, width, panel);
        right = panel;
        b_k = width;
      }
      const float* left = a + deep * s.a_k;
      const auto rows = width == wide ? rows_of<2> : rows_of<1>;
      if (columns == width || s.k <= panel_depth) {
        rows(left, s.a_m, s.a_k, right, b_k, s.m, k, c + column, s.n, deep > 0);
        continue;
      }
      for (Word row = 0; row < s.m; ++row) {
        float* to = c + row * s.n + column;
        if (deep > 0)
          for (Word j = 0; j < columns; ++j) edge[j] = to[j];
        rows(left + row * s.a_m, s.a_m, s.a_k, right, b_k, 1, k, edge, wide, deep > 0);
        for (Word j = 0; j < columns; ++j) to[j] = edge[j];
      }
    }
  }
}

static void product(const Frame& frame, const Word* w) {
  const float *a = slot(frame, w[0]) + w[1], *b = slot(frame, w[2]) + w[3];
  float* c = slot(frame, w[4]);
  const Matrices s = {w[5], w[6], w[7], w[8], w[9], w[10], w[11]};
  const Word axes = w[12];
  Word sizes[most_axes], a_strides[most_axes], b_strides[most_axes], c_strides[most_axes];
  for (Word i = 0; i < axes; ++i) {
    sizes[i] = w[13 + 4 * i];
    a_strides[i] = w[14 + 4 * i];
    b_strides[i] = w[15 + 4 * i];
    c_strides[i] = w[16 + 4 * i];
  }
  Word at[most_axes] = {};
  for (;;) {
    multiply(a, b, c, s, frame.panel);
    Word axis = axes - 1;
    for (; axis >= 0; --axis) {
      a += a_strides[axis];
      b += b_strides[axis];
      c += c_strides[axis];
      if (++at[axis] < sizes[axis]) break;
      a -= sizes[axis] * a_strides[axis];
      b -= sizes[axis] * b_strides[axis];
      c -= sizes[axis] * c_strides[axis];
      at[axis] = 0;
    }
    if (axis < 0) return;
  }
}

}  // namespace unstuck::UNSTUCK_TARGET
