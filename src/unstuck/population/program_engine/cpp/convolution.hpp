// Convolutions over up to three axes, with the batch beside the last of them.
//
// Rows of an array are all places of its innermost axis for all of the batch, [place][batch], so that
// vectors of a row are full whatever the channels and the batch, and a shift along the row is a shift
// of the address. Padding, dilation of the input and strides are settled by a padded copy, in which
// the places of a row are sorted by their remainder by the stride (`phases`).
//
// convolve:  x, offset, w, y, scratch, batch, groups, channels in and out of a group, axes (3 of them)
//            x [a][b][channel][c][batch], w [a][b][c][channel in][channel out of all groups]
//            y [a][b][channel][c][batch]
// correlate: x, offset, dy, offset, y, scratch, batch, groups, channels of x and of dy in a group, axes
//            x [a][b][channel][c][batch], dy [a][b][channel][c][batch], y [a][b][c][x's][dy's channel]
//            the same sums by weight: each is over whole rows
// axes: {size, size of the result, size of the window, stride, padding before, dilation of x, of the
//       window}
#pragma once

#include "product.hpp"

namespace unstuck::UNSTUCK_TARGET {

struct Axis {
  Word size, result, window, stride, before, spread, reach;

  // Places of the padded copy.
  Word padded() const { return (result - 1) * stride + (window - 1) * reach + 1; }
  bool plain() const { return before == 0 && spread == 1 && padded() <= size; }
  // The place of x that lies at a padded place; -1 where there is none.
  Word source(Word place) const {
    const Word at = place - before;
    return at >= 0 && at % spread == 0 && at / spread < size ? at / spread : -1;
  }
};

struct Padded {
  const float* data;
  Word row, plane, volume, phase;  // from one channel, place of axis b, place of axis a, phase to the next
};

static Padded padded(const float* x, float* scratch, const Axis* axes, Word channels, Word batch,
                     Word phases) {
  const Axis &a = axes[0], &b = axes[1], &c = axes[2];
  if (a.plain() && b.plain() && c.plain() && phases == 1) {
    const Word row = c.size * batch, plane = channels * row;
    return {x, row, plane, b.size * plane, 0};
  }
  const Word places = (c.padded() + phases - 1) / phases, phase = places * batch, row = phases * phase;
  const Word plane = channels * row, volume = b.padded() * plane;
  for (Word i = 0; i < a.padded(); ++i)
    for (Word j = 0; j < b.padded(); ++j) {
      float* to = scratch + i * volume + j * plane;
      const Word si = a.source(i), sj = b.source(j);
      if (si < 0 || sj < 0) {
        __builtin_memset(to, 0, static_cast<std::size_t>(plane) * sizeof(float));
        continue;
      }
      const float* from = x + (si * b.size + sj) * channels * c.size * batch;
      for (Word channel = 0; channel < channels; ++channel, from += c.size * batch, to += row) {
        if (phases == 1 && c.spread == 1) {
          // Zeros, what of the row is in it, zeros.
          const Word begin = c.before > 0 ? c.before : 0, skip = c.before < 0 ? -c.before : 0;
          Word count = c.size - skip < places - begin ? c.size - skip : places - begin;
          if (count < 0) count = 0;
          const Word first = begin < places ? begin : places;
          for (Word k = 0; k < first * batch; ++k) to[k] = 0;
          __builtin_memcpy(to + begin * batch, from + skip * batch,
                           static_cast<std::size_t>(count * batch) * sizeof(float));
          for (Word k = (begin + count) * batch; k < places * batch; ++k) to[k] = 0;
          continue;
        }
        for (Word place = 0; place < phases * places; ++place) {
          float* at = to + place % phases * phase + place / phases * batch;
          const Word s = place < c.padded() ? c.source(place) : -1;
          for (Word n = 0; n < batch; ++n) at[n] = s < 0 ? 0 : from[s * batch + n];
        }
      }
    }
  return {scratch, row, plane, volume, phase};
}

// Sums of one tile: `Wide` vectors of a row for `Outs` channels.
template <int Wide, int Outs>
static void spot(const float* x, const Word* taps, Word count, Word channels, Word x_channel,
                 const float* w, Word w_channel, float* y, Word y_channel) {
  V sum[Outs][Wide];
#pragma GCC unroll 8
  for (int o = 0; o < Outs; ++o)
#pragma GCC unroll 4
    for (int v = 0; v < Wide; ++v) sum[o][v] = V{};
  for (Word tap = 0; tap < count; ++tap) {
    const float* from = x + taps[tap];
    for (Word channel = 0; channel < channels; ++channel) {
      V in[Wide];
#pragma GCC unroll 4
      for (int v = 0; v < Wide; ++v) in[v] = load(from + v * LANES);
#pragma GCC unroll 8
      for (int o = 0; o < Outs; ++o) {
        const V weight = splat(w[o]);
#pragma GCC unroll 4
        for (int v = 0; v < Wide; ++v) sum[o][v] += weight * in[v];
      }
      from += x_channel;
      w += w_channel;
    }
  }
#pragma GCC unroll 8
  for (int o = 0; o < Outs; ++o)
#pragma GCC unroll 4
    for (int v = 0; v < Wide; ++v) store(y + o * y_channel + v * LANES, sum[o][v]);
}

// The same for however many channels there are; y has `left` numbers of the last tile.
template <int Wide>
static void spots(const float* x, const Word* taps, Word count, Word channels, Word x_channel,
                  const float* w, Word w_channel, float* y, Word y_channel, Word outs, Word left) {
  alignas(64) float edge[6 * Wide * LANES];
  for (Word o = 0; o < outs;) {
    const Word rest = outs - o;
    const int some = rest >= 9 || rest == 6 ? 6 : rest >= 7 ? 4 : rest == 5 ? 3 : static_cast<int>(rest);
    float* to = left < Wide * LANES ? edge : y + o * y_channel;
    const Word step = left < Wide * LANES ? Wide * LANES : y_channel;
    switch (some) {
      case 6: spot<Wide, 6>(x, taps, count, channels, x_channel, w + o, w_channel, to, step); break;
      case 4: spot<Wide, 4>(x, taps, count, channels, x_channel, w + o, w_channel, to, step); break;
      case 3: spot<Wide, 3>(x, taps, count, channels, x_channel, w + o, w_channel, to, step); break;
      case 2: spot<Wide, 2>(x, taps, count, channels, x_channel, w + o, w_channel, to, step); break;
      default: spot<Wide, 1>(x, taps, count, channels, x_channel, w + o, w_channel, to, step);
    }
    if (to == edge)
      for (int i = 0; i < some; ++i)
        __builtin_memcpy(y + (o + i) * y_channel, edge + i * step,
                         static_cast<std::size_t>(left) * sizeof(float));
    o += some;
  }
}

constexpr Word most_taps = 1024;
#if LANES == 16
constexpr Word widest = 4;
#else
constexpr Word widest = 2;
#endif

static void convolve(const Frame& frame, const Word* words) {
  const Word batch = words[5], groups = words[6], ins = words[7], outs = words[8];
  const Axis* axes = reinterpret_cast<const Axis*>(words + 9);
  const Axis &a = axes[0], &b = axes[1], &c = axes[2];
  const float* w = slot(frame, words[2]);
  float* y = slot(frame, words[3]);
  const Padded x = padded(slot(frame, words[0]) + words[1], slot(frame, words[4]), axes, groups * ins,
                          batch, c.stride);
  Word taps[most_taps], count = 0;
  for (Word i = 0; i < a.window; ++i)
    for (Word j = 0; j < b.window; ++j)
      for (Word k = 0; k < c.window; ++k) {
        const Word at = k * c.reach;
        taps[count++] = i * a.reach * x.volume + j * b.reach * x.plane + at % c.stride * x.phase +
                        at / c.stride * batch;
      }
  const Word row = c.result * batch;
  for (Word i = 0; i < a.result; ++i)
    for (Word j = 0; j < b.result; ++j)
      for (Word group = 0; group < groups; ++group) {
        const float* from = x.data + i * a.stride * x.volume + j * b.stride * x.plane +
                            group * ins * x.row;
        float* to = y + ((i * b.result + j) * groups + group) * outs * row;
        const float* kernel = w + group * outs;
        for (Word at = 0; at < row;) {
          const Word left = row - at;
          const Word wide = left > 2 * LANES && widest == 4 ? (left > 3 * LANES ? 4 : 3)
                                                            : left > LANES ? 2 : 1;
          const auto sums = wide == 4 ? spots<widest> : wide == 3 ? spots<widest == 4 ? 3 : 1>
                                      : wide == 2 ? spots<2> : spots<1>;
          sums(from + at, taps, count, ins, x.row, kernel, groups * outs, to + at, row, outs, left);
          at += wide * LANES;
        }
      }
}

// Sums over rows for `Xs` rows of x by `Ys` of dy.
template <int Xs, int Ys>
static void rows_by_rows(const float* x, Word x_step, const Word* x_rows, const float* y, Word y_step,
                         const Word* y_rows, Word rows, Word length, float* to, Word to_step) {
  V sum[Xs][Ys];
#pragma GCC unroll 4
  for (int i = 0; i < Xs; ++i)
#pragma GCC unroll 6
    for (int j = 0; j < Ys; ++j) sum[i][j] = V{};
  for (Word row = 0; row < rows; ++row) {
    const float *p = x + x_rows[row], *q = y + y_rows[row];
    for (Word at = 0; at < length; at += LANES) {
      V left[Xs];
#pragma GCC unroll 4
      for (int i = 0; i < Xs; ++i) left[i] = load(p + i * x_step + at);
#pragma GCC unroll 6
      for (int j = 0; j < Ys; ++j) {
        const V right = load(q + j * y_step + at);
#pragma GCC unroll 4
        for (int i = 0; i < Xs; ++i) sum[i][j] += left[i] * right;
      }
    }
  }
  constexpr int groups = (Xs * Ys + LANES - 1) / LANES;
  alignas(64) float all[groups * LANES];
#pragma GCC unroll 6
  for (int group = 0; group < groups; ++group) {
    V some[LANES];
#pragma GCC unroll 16
    for (int i = 0; i < LANES; ++i) {
      const int one = group * LANES + i;
      some[i] = one < Xs * Ys ? sum[one / Ys][one % Ys] : V{};
    }
    store(all + group * LANES, together(some, [](V x, V y) { return x + y; }));
  }
  for (int i = 0; i < Xs; ++i)
    for (int j = 0; j < Ys; ++j) to[i * to_step + j] = all[i * Ys + j];
}

#if LANES == 16
constexpr int some_xs = 4, some_ys = 6;
#else
constexpr int some_xs = 2, some_ys = 4;
#endif

static void correlate(const Frame& frame, const Word* words) {
  const Word batch = words[6], groups = words[7], xs = words[8], ys = words[9];
  const Axis* axes = reinterpret_cast<const Axis*>(words + 10);
  const Axis &a = axes[0], &b = axes[1], &c = axes[2];
  const float* dy = slot(frame, words[2]) + words[3];
  float* y = slot(frame, words[4]);
  float* scratch = slot(frame, words[5]);
  const Word length = c.window * batch, whole = (length + LANES - 1) / LANES * LANES;
  if (whole != length) {  // zeros behind each row, so that what lies beyond it adds nothing
    const Word count = a.window * b.window * groups * ys;
    for (Word row = 0; row < count; ++row, scratch += whole) {
      __builtin_memcpy(scratch, dy + row * length, static_cast<std::size_t>(length) * sizeof(float));
      for (Word k = length; k < whole; ++k) scratch[k] = 0;
    }
    dy = scratch - count * whole;
  }
  const Padded x = padded(slot(frame, words[0]) + words[1], scratch, axes, groups * xs, batch, c.reach);
  // What lies behind the last row must be a number, else zero times it is none.
  float* end = const_cast<float*>(x.data) + (x.data == scratch ? a.padded() : a.size) * x.volume;
  for (int lane = 0; lane < LANES; ++lane) end[lane] = 0;
  Word x_rows[most_taps], y_rows[most_taps], rows = 0;
  for (Word i = 0; i < a.window; ++i)
    for (Word j = 0; j < b.window; ++j) {
      x_rows[rows] = i * a.reach * x.volume + j * b.reach * x.plane;
      y_rows[rows++] = (i * b.window + j) * groups * ys * whole;
    }
  for (Word i = 0; i < a.result; ++i)
    for (Word j = 0; j < b.result; ++j)
      for (Word k = 0; k < c.result; ++k) {
        const Word place = k * c.stride;
        const float* base = x.data + i * a.stride * x.volume + j * b.stride * x.plane +
                            place % c.reach * x.phase + place / c.reach * batch;
        float* to = y + ((i * b.result + j) * c.result + k) * xs * groups * ys;
        for (Word group = 0; group < groups; ++group)
          for (Word p = 0; p < xs;) {
            const bool many = xs - p >= some_xs;
            for (Word q = 0; q < ys;) {
              const bool full = ys - q >= some_ys, half = ys - q >= 2;
              const float* left = base + (group * xs + p) * x.row;
              const float* right = dy + (group * ys + q) * whole;
              float* at = to + p * groups * ys + group * ys + q;
              const auto sums = many ? full ? rows_by_rows<some_xs, some_ys> : half
                  ? rows_by_rows<some_xs, 2> : rows_by_rows<some_xs, 1>
                  : full ? rows_by_rows<1, some_ys> : half ? rows_by_rows<1, 2> : rows_by_rows<1, 1>;
              sums(left, x.row, x_rows, right, whole, y_rows, rows, whole, at, groups * ys);
              q += full ? some_ys : half ? 2 : 1;
            }
            p += many ? some_xs : 1;
          }
      }
}

}  // namespace unstuck::UNSTUCK_TARGET
