// Products with a dense layer's weights: forward, and both halves of backward.
//
// Lanes are replicas, so each "scalar" of a matrix product is a vector here. Weights lie in panels
// of four outputs: in the panel of output o, input i has its (up to) four weights side by side, so
// that a tile of the product walks through memory in order. Tiles are as large as the registers
// allow; every output is summed over its inputs in order, whatever the tile.
#pragma once

#include "vector.hpp"

namespace unstuck::UNSTUCK_TARGET {

constexpr int panel = 4;
constexpr int tile = LANES == 16 ? 6 : LANES == 8 ? 3 : 2;

// Where weight (i, o) of a variable lies, in vectors from its start.
INLINE std::ptrdiff_t place(std::int32_t rows, std::int32_t columns, std::int32_t i,
                            std::int32_t o) {
  std::int32_t first = o / panel * panel;
  std::int32_t width = columns - first < panel ? columns - first : panel;
  return static_cast<std::ptrdiff_t>(first) * rows + static_cast<std::ptrdiff_t>(i) * width +
         (o - first);
}

struct Matrix {  // rows of a batch: element (b, k) at at[b * stride + k]
  V* at;
  std::ptrdiff_t stride;
  Matrix from(int row) const { return {at + row * stride, stride}; }
};

INLINE V& at(Matrix m, int b, int k) { return m.at[b * m.stride + k]; }
INLINE Matrix shifted(Matrix m, int columns) { return {m.at + columns, m.stride}; }

struct Dense {
  std::int32_t inputs, outputs;
  V* weights;
  V* bias;  // null: none
};

// y[b, o] = sum over i of x[b, i] * w[i, o], plus the bias.
template <int Rows, int Width>
static inline void forward_tile(Matrix x, const V* w, int inputs, const V* bias, Matrix y) {
  V sum[Rows][Width] = {};
  for (int i = 0; i < inputs; ++i) {
    V in[Rows];
#pragma GCC unroll 8
    for (int b = 0; b < Rows; ++b) in[b] = x.at[b * x.stride + i];
#pragma GCC unroll 4
    for (int o = 0; o < Width; ++o) {
      V weight = w[i * Width + o];
#pragma GCC unroll 8
      for (int b = 0; b < Rows; ++b) sum[b][o] += in[b] * weight;
    }
  }
#pragma GCC unroll 8
  for (int b = 0; b < Rows; ++b)
#pragma GCC unroll 4
    for (int o = 0; o < Width; ++o)
      y.at[b * y.stride + o] = bias ? sum[b][o] + bias[o] : sum[b][o];
}

template <int Rows>
static void forward_rows(const Dense& d, Matrix x, Matrix y, int rows) {
  int b = 0;
  for (; b + Rows <= rows; b += Rows) {
    for (int o = 0; o < d.outputs; o += panel) {
      const V* w = d.weights + static_cast<std::ptrdiff_t>(o) * d.inputs;
      const V* bias = d.bias ? d.bias + o : nullptr;
      Matrix out = {y.at + b * y.stride + o, y.stride};
      switch (d.outputs - o) {
        case 1: forward_tile<Rows, 1>(x.from(b), w, d.inputs, bias, out); break;
        case 2: forward_tile<Rows, 2>(x.from(b), w, d.inputs, bias, out); break;
        case 3: forward_tile<Rows, 3>(x.from(b), w, d.inputs, bias, out); break;
        default: forward_tile<Rows, 4>(x.from(b), w, d.inputs, bias, out);
      }
    }
  }
  if constexpr (Rows > 1)
    if (b < rows) forward_rows<Rows - 1>(d, x.from(b), y.from(b), rows - b);
}

// dx[b, i] (+)= sum over o of dy[b, o] * w[i, o], for Width inputs from `first` on.
template <int Rows, int Width>
static inline void inputs_tile(const Dense& d, Matrix dy, Matrix dx, int first, bool add) {
  V sum[Rows][Width] = {};
  for (int o = 0; o < d.outputs; o += panel) {
    const int width = d.outputs - o < panel ? d.outputs - o : panel;
    const V* w = d.weights + static_cast<std::ptrdiff_t>(o) * d.inputs + first * width;
    for (int k = 0; k < width; ++k) {
      V out[Rows];
#pragma GCC unroll 8
      for (int b = 0; b < Rows; ++b) out[b] = dy.at[b * dy.stride + o + k];
#pragma GCC unroll 4
      for (int i = 0; i < Width; ++i) {
        V weight = w[i * width + k];
#pragma GCC unroll 8
        for (int b = 0; b < Rows; ++b) sum[b][i] += out[b] * weight;
      }
    }
  }
#pragma GCC unroll 8
  for (int b = 0; b < Rows; ++b)
#pragma GCC unroll 4
    for (int i = 0; i < Width; ++i) {
      V* to = dx.at + b * dx.stride + first + i;
      *to = add ? *to + sum[b][i] : sum[b][i];
    }
}

template <int Rows>
static void inputs_rows(const Dense& d, Matrix dy, Matrix dx, int rows, bool add) {
  int b = 0;
  for (; b + Rows <= rows; b += Rows)
    for (int i = 0; i < d.inputs; i += panel) switch (d.inputs - i) {
        case 1: inputs_tile<Rows, 1>(d, dy.from(b), dx.from(b), i, add); break;
        case 2: inputs_tile<Rows, 2>(d, dy.from(b), dx.from(b), i, add); break;
        case 3: inputs_tile<Rows, 3>(d, dy.from(b), dx.from(b), i, add); break;
        default: inputs_tile<Rows, 4>(d, dy.from(b), dx.from(b), i, add);
      }
  if constexpr (Rows > 1)
    if (b < rows) inputs_rows<Rows - 1>(d, dy.from(b), dx.from(b), rows - b, add);
}

// dw[i, o] (+)= sum over b of x[b, i] * dy[b, o], for Count inputs from x.at on.
template <int Count, int Width>
static inline void weights_tile(Matrix x, Matrix dy, int rows, V* dw, bool add) {
  V sum[Count][Width] = {};
  for (int b = 0; b < rows; ++b) {
    V in[Count];
#pragma GCC unroll 8
    for (int i = 0; i < Count; ++i) in[i] = x.at[b * x.stride + i];
#pragma GCC unroll 4
    for (int o = 0; o < Width; ++o) {
      V out = dy.at[b * dy.stride + o];
#pragma GCC unroll 8
      for (int i = 0; i < Count; ++i) sum[i][o] += in[i] * out;
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < Count; ++i)
#pragma GCC unroll 4
    for (int o = 0; o < Width; ++o)
      dw[i * Width + o] = add ? dw[i * Width + o] + sum[i][o] : sum[i][o];
}

template <int Count>
static void weights_inputs(Matrix x, Matrix dy, int rows, int from, int inputs, int outputs, V* dw,
                           bool add) {
  int i = from;
  for (; i + Count <= inputs; i += Count)
    for (int o = 0; o < outputs; o += panel) {
      const int width = outputs - o < panel ? outputs - o : panel;
      V* to = dw + static_cast<std::ptrdiff_t>(o) * inputs + i * width;
      Matrix in = {x.at + i, x.stride}, out = {dy.at + o, dy.stride};
      switch (width) {
        case 1: weights_tile<Count, 1>(in, out, rows, to, add); break;
        case 2: weights_tile<Count, 2>(in, out, rows, to, add); break;
        case 3: weights_tile<Count, 3>(in, out, rows, to, add); break;
        default: weights_tile<Count, 4>(in, out, rows, to, add);
      }
    }
  if constexpr (Count > 1)
    if (i < inputs) weights_inputs<Count - 1>(x, dy, rows, i, inputs, outputs, dw, add);
}

static void column_sums(Matrix dy, int rows, int columns, V* to, bool add) {
  for (int k = 0; k < columns; ++k) {
    V sum = {};
    for (int b = 0; b < rows; ++b) sum += dy.at[b * dy.stride + k];
    to[k] = add ? to[k] + sum : sum;
  }
}

}  // namespace unstuck::UNSTUCK_TARGET
