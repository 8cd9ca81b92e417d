// The entry point of the machine, one for each instruction set that it is compiled for.
#pragma once

#include "code.hpp"

namespace unstuck {

#define UNSTUCK_MACHINE(target) \
  namespace target {            \
  void run(const Frame& frame, const Word* words, Word count); \
  }

UNSTUCK_MACHINE(baseline)
#ifdef UNSTUCK_X86
UNSTUCK_MACHINE(avx2)
UNSTUCK_MACHINE(avx512)
#endif

}  // namespace unstuck
