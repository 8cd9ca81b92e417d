// JAX's random numbers, bit for bit: Threefry-2x32 with 20 rounds (Salmon and others, "Parallel random
// numbers: as easy as 1, 2, 3", 2011) over a counter of 64 bits.
//
// bits: key, offset, to, count, pairs (0: the exclusive or of both words of each count; 1: both)
// hash: first words of keys, second words, first words, second words, to, to, count
#pragma once

#include "ordering.hpp"

namespace unstuck::UNSTUCK_TARGET {

struct Pair {
  U a, b;
};

INLINE U turned(U x, int by) { return (x << by) | (x >> (32 - by)); }

INLINE void rounds(Pair& x, int first, int second, int third, int fourth) {
  x.a += x.b;
  x.b = turned(x.b, first) ^ x.a;
  x.a += x.b;
  x.b = turned(x.b, second) ^ x.a;
  x.a += x.b;
  x.b = turned(x.b, third) ^ x.a;
  x.a += x.b;
  x.b = turned(x.b, fourth) ^ x.a;
}

INLINE Pair threefry(U key_a, U key_b, Pair x) {
  const U key_c = key_a ^ key_b ^ 0x1BD11BDAu;
  x.a += key_a;
  x.b += key_b;
  rounds(x, 13, 15, 26, 6);
  x.a += key_b;
  x.b += key_c + 1u;
  rounds(x, 17, 29, 16, 24);
  x.a += key_c;
  x.b += key_a + 2u;
  rounds(x, 13, 15, 26, 6);
  x.a += key_a;
  x.b += key_b + 3u;
  rounds(x, 17, 29, 16, 24);
  x.a += key_b;
  x.b += key_c + 4u;
  rounds(x, 13, 15, 26, 6);
  x.a += key_c;
  x.b += key_a + 5u;
  return x;
}

static void bits(const Frame& frame, const Word* w) {
  const std::uint32_t* key = reinterpret_cast<const std::uint32_t*>(slot(frame, w[0]) + w[1]);
  float* to = slot(frame, w[2]);
  const Word count = w[3];
  const U key_a = U{} + key[0], key_b = U{} + key[1];
  U lane;
  for (int i = 0; i < LANES; ++i) lane[i] = static_cast<std::uint32_t>(i);
  for (Word begin = 0; begin < count; begin += LANES) {
    const U low = lane + static_cast<std::uint32_t>(begin);
    const U high = U{} + static_cast<std::uint32_t>(begin >> 32);
    const Pair x = threefry(key_a, key_b, {high, low});
    if (w[4]) {
      std::uint32_t* p = reinterpret_cast<std::uint32_t*>(to) + 2 * begin;
      for (Word i = 0; i < LANES && begin + i < count; ++i) {
        p[2 * i] = x.a[i];
        p[2 * i + 1] = x.b[i];
      }
    } else {
      store_i(to + begin, (I)(x.a ^ x.b));
    }
  }
}

static void hash(const Frame& frame, const Word* w) {
  for (Word i = 0; i < w[6]; i += LANES) {
    const auto at = [&](Word k) { return (U)load_i(slot(frame, w[k]) + i); };
    const Pair x = threefry(at(0), at(1), {at(2), at(3)});
    store_i(slot(frame, w[4]) + i, (I)x.a);
    store_i(slot(frame, w[5]) + i, (I)x.b);
  }
}

}  // namespace unstuck::UNSTUCK_TARGET
