// The processor that this runs on: what it can do, how it rounds, and memory as its vectors like it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <limits>
#include <memory>
#include <new>

#ifdef UNSTUCK_X86
#include <xmmintrin.h>
#endif

namespace unstuck {

#ifdef UNSTUCK_X86
inline bool has_avx2() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

inline bool has_avx512() {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
}
#endif

// XLA flushes denormals to zero; so do we, and dying gradients cost no assists.
class FlushDenormals {
#ifdef UNSTUCK_X86
 public:
  FlushDenormals() : before_(_mm_getcsr()) { _mm_setcsr(before_ | 0x8040); }
  ~FlushDenormals() { _mm_setcsr(before_); }

 private:
  unsigned before_;
#endif
};

struct Free {
  void operator()(void* p) const { std::free(p); }
};

template <class T>
std::unique_ptr<T, Free> aligned(std::size_t count) {
  if (count > std::numeric_limits<std::size_t>::max() / (2 * sizeof(T))) throw std::bad_alloc();
  const std::size_t bytes = (count * sizeof(T) + 63) / 64 * 64;
  void* p = std::aligned_alloc(64, std::max<std::size_t>(bytes, 64));
  if (!p) throw std::bad_alloc();
  return std::unique_ptr<T, Free>(static_cast<T*>(p));
}

}  // namespace unstuck
