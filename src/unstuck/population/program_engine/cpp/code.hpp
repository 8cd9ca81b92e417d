// The language of the machine: operations on arrays of four-byte numbers, as words of 64 bits.
//
// A program is a list of instructions over slots; a slot is an array whose place is fixed before it
// runs (static memory plan), and every number in it takes four bytes: float32, int32, uint32, and
// bool as 0 or 1. Each instruction is `operation, words, …`; the files that run them say what the
// words are. Only plain structs here: kernels are compiled for several instruction sets.
#pragma once

#include <cstddef>
#include <cstdint>

namespace unstuck {

using Word = std::int64_t;

// Operations of the machine, in the order of their numbers.
#define UNSTUCK_OPERATIONS(X)                                                             \
  X(fused) X(move) X(fill) X(reduce) X(choose) X(product) X(convolve) X(correlate)        \
  X(window) X(select_and_add) X(gather) X(scatter) X(dynamic_slice) X(dynamic_update)     \
  X(cumulate) X(sort) X(iota) X(bits) X(hash) X(scan) X(loop) X(branch)

// Elementwise steps within `fused`. f: floats, i: signed, u: unsigned, b: any 32 bits.
#define UNSTUCK_STEPS(X)                                                                  \
  X(copy) X(f_neg) X(f_abs) X(f_sign) X(f_floor) X(f_ceil) X(f_round_away) X(f_round_even) \
  X(f_exp) X(f_exp2) X(f_log) X(f_log1p) X(f_expm1) X(f_tanh) X(f_logistic) X(f_sqrt)     \
  X(f_rsqrt) X(f_square) X(f_erf) X(f_erfc) X(f_erf_inv) X(f_is_finite)                   \
  X(f_sin) X(f_cos) X(f_tan) X(f_asin) X(f_acos) X(f_atan) X(f_sinh) X(f_cosh) X(f_asinh) \
  X(f_acosh) X(f_atanh) X(f_cbrt) X(f_lgamma) X(f_digamma)                                \
  X(f_add) X(f_sub) X(f_mul) X(f_div) X(f_max) X(f_min) X(f_rem) X(f_pow) X(f_atan2)      \
  X(f_nextafter) X(f_eq) X(f_ne) X(f_lt) X(f_le) X(f_gt) X(f_ge)                          \
  X(i_neg) X(i_abs) X(i_sign) X(i_add) X(i_sub) X(i_mul) X(i_div) X(i_rem) X(i_max)       \
  X(i_min) X(i_eq) X(i_ne) X(i_lt) X(i_le) X(i_gt) X(i_ge)                                \
  X(u_div) X(u_rem) X(u_max) X(u_min) X(u_lt) X(u_le) X(u_gt) X(u_ge)                     \
  X(b_and) X(b_or) X(b_xor) X(b_not) X(b_flip) X(b_shl) X(u_shr) X(i_shr) X(b_count) X(b_clz) \
  X(select) X(i_to_f) X(u_to_f) X(f_to_i) X(f_to_u) X(f_to_b) X(b_to_b) X(f_mul_add)

enum class Operation : Word {
#define X(name) name,
  UNSTUCK_OPERATIONS(X)
#undef X
};

enum class Step : Word {
#define X(name) name,
  UNSTUCK_STEPS(X)
#undef X
};

// How numbers are brought together, by `reduce`, `cumulate`, `window` and `scatter`.
#define UNSTUCK_MERGES(X)                                                                 \
  X(f_sum) X(f_max) X(f_min) X(f_prod) X(i_sum) X(i_max) X(i_min) X(i_prod) X(u_max)      \
  X(u_min) X(b_and) X(b_or) X(b_xor) X(set) X(f_log_sum)

enum class Merge : Word {
#define X(name) name,
  UNSTUCK_MERGES(X)
#undef X
};

// Numbers that a fused chain works through at a time: its intermediate results stay in the first
// cache.
constexpr Word chunk = 512;
constexpr Word most_registers = 64;
constexpr Word register_numbers = chunk + 16;  // room for a vector that is written past the end
constexpr Word most_axes = 12;
constexpr Word panel_numbers = 1 << 14;

// What runs on one thread: the places of all slots, and room for intermediate results.
struct Frame {
  char** slots;
  float* registers;  // most_registers * register_numbers
  float* panel;      // panel_numbers of them, for packed parts of a matrix
};

}  // namespace unstuck
