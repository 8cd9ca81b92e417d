// The machine itself: one instruction after the other. Compiled once for each instruction set.
//
// Each instruction is `operation, number of words behind these two, words…`.
// scan: times, reverse, carried, {into the body, out of it, bytes}…, taken, {in the body, from, bytes of
//       a step}…, given, {in the body, to, bytes of a step}…, words of the body, body…
// loop: slot of the condition, carried, {into, out of, bytes}…, words, condition…, words, body…
//       the carried numbers are in `into` before and after, for both
// branch: slot of the number, branches, {words, branch…}…
#include "kernel.hpp"

#include "random.hpp"

namespace unstuck::UNSTUCK_TARGET {

namespace {

const Word* carry(const Frame& frame, const Word* w) {
  const Word carried = *w++;
  for (Word i = 0; i < carried; ++i, w += 3)
    __builtin_memcpy(frame.slots[w[0]], frame.slots[w[1]], static_cast<std::size_t>(w[2]));
  return w;
}

void scan(const Frame& frame, const Word* w) {
  const Word times = w[0], carried = w[2];
  const Word* taken = w + 3 + 3 * carried;
  const Word* given = taken + 1 + 3 * taken[0];
  const Word* body = given + 1 + 3 * given[0];
  for (Word time = 0; time < times; ++time) {
    const Word at = w[1] ? times - 1 - time : time;
    for (Word i = 0; i < taken[0]; ++i) {
      const Word* one = taken + 1 + 3 * i;
      frame.slots[one[0]] = frame.slots[one[1]] + at * one[2];
    }
    run(frame, body + 1, body[0]);
    for (Word i = 0; i < given[0]; ++i) {
      const Word* one = given + 1 + 3 * i;
      __builtin_memcpy(frame.slots[one[1]] + at * one[2], frame.slots[one[0]],
                       static_cast<std::size_t>(one[2]));
    }
    carry(frame, w + 2);
  }
}

void loop(const Frame& frame, const Word* w) {
  const Word* condition = w + 2 + 3 * w[1];
  const Word* body = condition + 1 + condition[0];
  for (;;) {
    run(frame, condition + 1, condition[0]);
    if (!*reinterpret_cast<const std::int32_t*>(frame.slots[w[0]])) return;
    run(frame, body + 1, body[0]);
    carry(frame, w + 1);
  }
}

void branch(const Frame& frame, const Word* w) {
  Word number = *reinterpret_cast<const std::int32_t*>(frame.slots[w[0]]);
  number = number < 0 ? 0 : number >= w[1] ? w[1] - 1 : number;
  const Word* at = w + 2;
  for (Word i = 0; i < number; ++i) at += 1 + at[0];
  run(frame, at + 1, at[0]);
}

}  // namespace

void run(const Frame& frame, const Word* words, Word count) {
  const Word* end = words + count;
  while (words < end) {
    const Word* w = words + 2;
    switch (static_cast<Operation>(words[0])) {
      case Operation::fused: fused(frame, w); break;
      case Operation::move: move(frame, w); break;
      case Operation::fill: filled(frame, w); break;
      case Operation::reduce: reduce(frame, w); break;
      case Operation::choose: choose(frame, w); break;
      case Operation::product: product(frame, w); break;
      case Operation::convolve: convolve(frame, w); break;
      case Operation::correlate: correlate(frame, w); break;
      case Operation::window: window(frame, w); break;
      case Operation::select_and_add: select_and_add(frame, w); break;
      case Operation::gather: gather(frame, w); break;
      case Operation::scatter: scatter(frame, w); break;
      case Operation::dynamic_slice: dynamic_slice(frame, w); break;
      case Operation::dynamic_update: dynamic_update(frame, w); break;
      case Operation::cumulate: cumulate(frame, w); break;
      case Operation::sort: sort(frame, w); break;
      case Operation::iota: iota(frame, w); break;
      case Operation::bits: bits(frame, w); break;
      case Operation::hash: hash(frame, w); break;
      case Operation::scan: scan(frame, w); break;
      case Operation::loop: loop(frame, w); break;
      case Operation::branch: branch(frame, w); break;
    }
    words += 2 + words[1];
  }
}

}  // namespace unstuck::UNSTUCK_TARGET
