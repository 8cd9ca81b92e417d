// The entry points of a kernel, one set for each instruction set it is compiled for.
#pragma once

#include "plan.hpp"

namespace unstuck {

// Vectors of memory that a block needs, and where in it each part begins.
struct Layout {
  std::ptrdiff_t weights, gradients, slots, nodes, targets, row_scale, spare, end;
};

static inline Layout layout_of(const Plan& plan) {
  Layout at = {};
  at.gradients = plan.parameters;
  at.slots = at.gradients + plan.parameters;
  at.nodes = at.slots + plan.parameters * plan.optimizer.slots;
  at.targets = at.nodes + plan.workspace;
  at.row_scale = at.targets + static_cast<std::ptrdiff_t>(plan.loss.target_units | 1) * plan.chunk;
  at.spare = at.row_scale + plan.chunk;
  at.end = at.spare + plan.nodes[plan.node_count - 1].units;
  return at;
}

#define UNSTUCK_KERNEL(target)                                    \
  namespace target {                                              \
  extern const int lanes;                                         \
  void train(const Plan& plan, const Block& block);               \
  void look(const Plan& plan, const Block& block, const Look& at); \
  double multiply_add_peak(double seconds);                       \
  }

UNSTUCK_KERNEL(baseline)
#ifdef UNSTUCK_X86
UNSTUCK_KERNEL(avx2)
UNSTUCK_KERNEL(avx512)
#endif

}  // namespace unstuck
