// Rows of the data to lanes, and the order in which each replica sees them.
#pragma once

#include <utility>

#include "dense.hpp"

namespace unstuck::UNSTUCK_TARGET {

template <int Apart, int... Lane>
INLINE void swap_blocks(V& a, V& b, std::integer_sequence<int, Lane...>) {
  V low = __builtin_shufflevector(a, b, ((Lane & Apart) ? LANES + Lane - Apart : Lane)...);
  b = __builtin_shufflevector(a, b, ((Lane & Apart) ? LANES + Lane : Lane + Apart)...);
  a = low;
}

// A square of LANES vectors, rows to columns, by swapping ever larger blocks.
template <int Apart = 1>
INLINE void transpose(V* square) {
  if constexpr (Apart < LANES) {
#pragma GCC unroll 16
    for (int i = 0; i < LANES; ++i)
      if (!(i & Apart))
        swap_blocks<Apart>(square[i], square[i + Apart], std::make_integer_sequence<int, LANES>{});
    transpose<Apart * 2>(square);
  }
}

// to[k] holds feature k of row index[lane] in each lane.
static void gather(const float* data, int features, const std::int32_t* index, V* to) {
  const float* rows[LANES];
  for (int lane = 0; lane < LANES; ++lane)
    rows[lane] = data + static_cast<std::ptrdiff_t>(index[lane]) * features;
  int k = 0;
  for (; k + LANES <= features; k += LANES) {
    V square[LANES];
#pragma GCC unroll 16
    for (int lane = 0; lane < LANES; ++lane) square[lane] = load(rows[lane] + k);
    transpose(square);
#pragma GCC unroll 16
    for (int lane = 0; lane < LANES; ++lane) to[k + lane] = square[lane];
  }
  for (; k < features; ++k) {
    V column;
#pragma GCC unroll 16
    for (int lane = 0; lane < LANES; ++lane) column[lane] = rows[lane][k];
    to[k] = column;
  }
}

static void gather(const float* data, int features, const std::int32_t* indices, int rows,
                   Matrix to) {
  for (int b = 0; b < rows; ++b)
    gather(data, features, indices + static_cast<std::ptrdiff_t>(b) * LANES, to.from(b).at);
}

// The same rows for every lane.
static void spread(const float* data, int features, int rows, Matrix to) {
  for (int b = 0; b < rows; ++b)
    for (int k = 0; k < features; ++k)
      to.at[b * to.stride + k] = splat(data[static_cast<std::ptrdiff_t>(b) * features + k]);
}

// The Fisher-Yates shuffle of draws.orders: indices[row, lane] for one epoch.
static void shuffle(W seeds, std::uint64_t salt, int epoch, std::int64_t rows,
                    std::int32_t* indices) {
  const std::uint64_t step =
      0x9E3779B97F4A7C15ull * (1 + static_cast<std::uint64_t>(epoch) + (salt << 32));
  const W start = mixed(seeds + step);
  for (std::int64_t i = rows - 1; i > 0; --i) {
    const std::uint64_t next = static_cast<std::uint64_t>(i) + 1;
    const W hash = mixed(start + 0xD1B54A32D192ED03ull * next);
    const W pick = ((hash >> 32) * next) >> 32;
#pragma GCC unroll 16
    for (int lane = 0; lane < LANES; ++lane) {
      std::int32_t* a = indices + static_cast<std::ptrdiff_t>(pick[lane]) * LANES + lane;
      std::int32_t* b = indices + i * LANES + lane;
      const std::int32_t kept = *a;
      *a = *b;
      *b = kept;
    }
  }
}

static void order(const Plan& plan, const Block& block, W seeds, int epoch) {
  const std::int64_t rows = plan.train.rows;
  for (std::int64_t row = 0; row < rows; ++row)
    for (int lane = 0; lane < LANES; ++lane) {
      const int replica = lane < block.used ? lane : block.used - 1;
      const std::int32_t* given =
          block.order + (static_cast<std::int64_t>(replica) * plan.epochs + epoch) * rows;
      block.indices[row * LANES + lane] =
          block.order ? given[row] : static_cast<std::int32_t>(row);
    }
  if (!block.order && plan.shuffle) shuffle(seeds, plan.salt, epoch, rows, block.indices);
}

}  // namespace unstuck::UNSTUCK_TARGET
