// Pooling: numbers of a window brought together, and gradients handed to the largest of each.
//
// window: merge, from, to, run, axes, {size, result, window, stride, before, spread, reach}…
// select_and_add: largest, operand, source, to, numbers of to, run, axes, {…}…
// `run` numbers that lie in a row are worked on alike: the axes are those before them.
#pragma once

#include "convolution.hpp"

namespace unstuck::UNSTUCK_TARGET {

// Calls `inside(result, place)` for each place in each window, and `start` and `end` around them. The
// places of all axes but the last are put together only when one of those axes moves on.
template <class Start, class Inside, class End>
INLINE void over_windows(Word count, const Axis* axes, Start start, Inside inside, End end) {
  const Word last = count - 1;
  Word at[most_axes] = {}, step[most_axes], bases[most_taps];
  step[last] = 1;
  for (Word axis = last; axis > 0; --axis) step[axis - 1] = step[axis] * axes[axis].size;
  for (Word result = 0;;) {
    Word found = 1;
    bases[0] = 0;
    for (Word axis = 0; axis < last; ++axis) {
      const Word before = found;
      found = 0;
      Word next[most_taps];
      for (Word i = 0; i < before; ++i)
        for (Word k = 0; k < axes[axis].window; ++k) {
          const Word s = axes[axis].source(at[axis] * axes[axis].stride + k * axes[axis].reach);
          if (s >= 0) next[found++] = bases[i] + s * step[axis];
        }
      for (Word i = 0; i < found; ++i) bases[i] = next[i];
    }
    const Axis& line = axes[last];
    for (Word place = 0; place < line.result; ++place, ++result) {
      start(result);
      for (Word i = 0; i < found; ++i)
        for (Word k = 0; k < line.window; ++k) {
          const Word s = line.spread == 1 ? place * line.stride + k * line.reach - line.before
                                          : line.source(place * line.stride + k * line.reach);
          if (s >= 0 && s < line.size) inside(result, bases[i] + s);
        }
      end(result);
    }
    Word axis = last - 1;
    for (; axis >= 0; --axis) {
      if (++at[axis] < axes[axis].result) break;
      at[axis] = 0;
    }
    if (axis < 0) return;
  }
}

template <Merge merge>
static void window_of(const Frame& frame, const Word* w) {
  const float* from = slot(frame, w[0]);
  float* to = slot(frame, w[1]);
  const Word run = w[2];
  const std::int32_t identity = Merged<merge>::identity();
  over_windows(
      w[3], reinterpret_cast<const Axis*>(w + 4),
      [&](Word result) {
        std::int32_t* p = reinterpret_cast<std::int32_t*>(to + result * run);
        for (Word i = 0; i < run; ++i) p[i] = identity;
      },
      [&](Word result, Word place) {
        float* p = to + result * run;
        const float* q = from + place * run;
        Word i = 0;
        for (; i + LANES <= run; i += LANES)
          store_i(p + i, Merged<merge>::of(load_i(p + i), load_i(q + i)));
        for (; i < run; ++i) Merged<merge>::one(p + i, q + i);
      },
      [](Word) {});
}

static void window(const Frame& frame, const Word* w) {
  switch (static_cast<Merge>(w[0])) {
#define X(name)     \
  case Merge::name: \
    return window_of<Merge::name>(frame, w + 1);
    X(f_sum) X(f_max) X(f_min) X(f_prod) X(i_sum) X(i_max) X(i_min)
#undef X
    default:
      return;
  }
}

// Each number of the source is added where the largest (smallest) of its window stands, the first of
// equals.
static void select_and_add(const Frame& frame, const Word* w) {
  const bool largest = w[0];
  const float *operand = slot(frame, w[1]), *source = slot(frame, w[2]);
  float* to = slot(frame, w[3]);
  const Word run = w[5];
  for (Word i = 0; i < w[4]; ++i) to[i] = 0;
  Word places[most_taps], count = 0;  // of the window at hand
  over_windows(
      w[6], reinterpret_cast<const Axis*>(w + 7), [&](Word) { count = 0; },
      [&](Word, Word place) { places[count++] = place * run; },
      [&](Word result) {
        if (count == 0) return;
        const float* from = source + result * run;
        for (Word i = 0; i < run; i += LANES) {
          V best = load(operand + places[0] + i);
          I chosen = I{};
          for (Word k = 1; k < count; ++k) {
            const V x = load(operand + places[k] + i);
            const I take = (largest ? x > best : x < best) | ((x != x) & (best == best));
            best = take ? x : best;
            chosen = take ? I{} + static_cast<std::int32_t>(k) : chosen;
          }
          if (i + LANES <= run) {
            const V given = load(from + i);
            for (Word k = 0; k < count; ++k) {
              float* at = to + places[k] + i;
              store(at, load(at) + (chosen == static_cast<std::int32_t>(k) ? given : V{}));
            }
          } else {
            for (Word lane = 0; lane < run - i; ++lane)
              to[places[chosen[lane]] + i + lane] += from[i + lane];
          }
        }
      });
}

}  // namespace unstuck::UNSTUCK_TARGET
