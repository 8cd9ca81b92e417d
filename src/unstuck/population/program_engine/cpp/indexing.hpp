// Places that are only known when the program runs: lookups, scattered sums, moving slices.
//
// gather:  from, offset, indices, to, mode, bits, indexed axes, {size, slice, stride}…,
//          batch axes, {size, stride from, stride to}…, slice axes, {size, stride from, stride to}…
// scatter: merge, to, indices, updates, offset, mode, indexed axes, {size, slice, stride}…,
//          batch axes, {size, stride to, stride of updates}…, slice axes, {…}…
// mode: 0 places beyond an end are moved to it; 1 such slices are all `bits`, or dropped
// dynamic_slice:  from, offset, to, axes, {slot of the place or -1, size, slice, stride}…
// dynamic_update: to, updates, axes, {slot of the place or -1, size, slice, stride to, of updates}…
#pragma once

#include "windows.hpp"

namespace unstuck::UNSTUCK_TARGET {

struct Indexed {
  const Word* axes;  // {size, slice, stride}
  Word count;
  bool clamped;

  // Where a slice begins; -1 if a part of it is not there.
  Word place(const std::int32_t* indices) const {
    Word at = 0;
    for (Word i = 0; i < count; ++i) {
      const Word most = axes[3 * i] - axes[3 * i + 1];
      Word index = indices[i];
      if (index < 0 || index > most) {
        if (!clamped) return -1;
        index = index < 0 ? 0 : most;
      }
      at += index * axes[3 * i + 2];
    }
    return at;
  }
};

// {size, stride, stride}… as three lists; without axes one place.
struct Axes {
  Word count, sizes[most_axes], a[most_axes], b[most_axes];

  explicit Axes(const Word*& w) : count(*w++) {
    for (Word i = 0; i < count; ++i, w += 3) {
      sizes[i] = w[0];
      a[i] = w[1];
      b[i] = w[2];
    }
    if (count == 0) {
      count = 1;
      sizes[0] = 1;
      a[0] = b[0] = 0;
    }
  }
};

static void gather(const Frame& frame, const Word* w) {
  const float* from = slot(frame, w[0]) + w[1];
  const std::int32_t* indices = reinterpret_cast<const std::int32_t*>(slot(frame, w[2]));
  float* to = slot(frame, w[3]);
  const std::int32_t bits = static_cast<std::int32_t>(w[5]);
  const Indexed indexed = {w + 7, w[6], w[4] == 0};
  w += 7 + 3 * indexed.count;
  const Axes batch(w), slice(w);
  const Word last = slice.count - 1, size = slice.sizes[last], a = slice.a[last], b = slice.b[last];
  over_axes(batch.count, batch.sizes, batch.a, batch.b, [&](Word i, Word j) {
    const Word place = indexed.place(indices);
    indices += indexed.count;
    over_axes(last, slice.sizes, slice.a, slice.b, [&](Word k, Word l) {
      float* q = to + j + l;
      if (place >= 0)
        copy_run(q, from + place + i + k, size, a, b);
      else
        for (Word n = 0; n < size; ++n) reinterpret_cast<std::int32_t*>(q)[n * b] = bits;
    });
  });
}

template <Merge merge>
static void scatter_of(const Frame& frame, const Word* w) {
  float* to = slot(frame, w[0]);
  const std::int32_t* indices = reinterpret_cast<const std::int32_t*>(slot(frame, w[1]));
  const float* from = slot(frame, w[2]) + w[3];
  const Indexed indexed = {w + 6, w[5], w[4] == 0};
  w += 6 + 3 * indexed.count;
  const Axes batch(w), slice(w);
  const Word last = slice.count - 1, size = slice.sizes[last], a = slice.a[last], b = slice.b[last];
  over_axes(batch.count, batch.sizes, batch.a, batch.b, [&](Word i, Word j) {
    const Word place = indexed.place(indices);
    indices += indexed.count;
    if (place < 0) return;
    over_axes(last, slice.sizes, slice.a, slice.b, [&](Word k, Word l) {
      float* p = to + place + i + k;
      const float* q = from + j + l;
      Word n = 0;
      if (a == 1 && b == 1)
        for (; n + LANES <= size; n += LANES)
          store_i(p + n, Merged<merge>::of(load_i(p + n), load_i(q + n)));
      for (; n < size; ++n) Merged<merge>::one(p + n * a, q + n * b);
    });
  });
}

static void scatter(const Frame& frame, const Word* w) {
  switch (static_cast<Merge>(w[0])) {
#define X(name)     \
  case Merge::name: \
    return scatter_of<Merge::name>(frame, w + 1);
    X(f_sum) X(f_max) X(f_min) X(f_prod) X(i_sum) X(i_max) X(i_min) X(i_prod) X(set)
#undef X
    default:
      return;
  }
}

INLINE Word moving(const Frame& frame, Word index, Word size, Word slice) {
  if (index < 0) return 0;
  const Word at = *reinterpret_cast<const std::int32_t*>(slot(frame, index));
  return at < 0 ? 0 : at > size - slice ? size - slice : at;
}

static void dynamic_slice(const Frame& frame, const Word* w) {
  const float* from = slot(frame, w[0]) + w[1];
  float* to = slot(frame, w[2]);
  const Word axes = w[3];
  Word sizes[most_axes], a[most_axes], b[most_axes], step = 1;
  for (Word i = axes - 1; i >= 0; --i) {
    const Word* one = w + 4 + 4 * i;
    sizes[i] = one[2];
    a[i] = one[3];
    b[i] = step;
    step *= one[2];
    from += moving(frame, one[0], one[1], one[2]) * one[3];
  }
  const Word last = axes - 1;
  over_axes(last, sizes, a, b, [&](Word i, Word j) {
    copy_run(to + j, from + i, sizes[last], a[last], b[last]);
  });
}

static void dynamic_update(const Frame& frame, const Word* w) {
  float* to = slot(frame, w[0]);
  const float* from = slot(frame, w[1]);
  const Word axes = w[2];
  Word sizes[most_axes], a[most_axes], b[most_axes];
  for (Word i = 0; i < axes; ++i) {
    const Word* one = w + 3 + 5 * i;
    sizes[i] = one[2];
    a[i] = one[4];
    b[i] = one[3];
    to += moving(frame, one[0], one[1], one[2]) * one[3];
  }
  const Word last = axes - 1;
  over_axes(last, sizes, a, b, [&](Word i, Word j) {
    copy_run(to + j, from + i, sizes[last], a[last], b[last]);
  });
}

}  // namespace unstuck::UNSTUCK_TARGET
