// A network in the memory of one block of replicas: what forward and backward both work on.
//
// Forward leaves in a node's scratch what backward will read there: dropout a mask of factors; batch
// normalisation the means, 1 / sqrt(variance + epsilon), and room for gradients of its own; a
// recurrent layer its steps, as `Recurrent` lays them out.
#pragma once

#include "recurrent.hpp"

namespace unstuck::UNSTUCK_TARGET {

struct Network {
  const Plan& plan;
  V* weights;
  V* gradients;
  V* memory;  // outputs, gradients and scratch of the nodes
  W seeds;
  bool training;
  std::uint64_t step;     // updates done, for dropout's random numbers
  int row;                // of the first row in its batch, likewise
  bool add;               // gradients of weights are added to what is there
  float batch_rows;       // rows of the whole batch, for activity penalties

  Matrix out(int node) const {
    const Node& n = plan.nodes[node];
    return {memory + n.out, n.stride};
  }
  Matrix gradient(int node) const {
    const Node& n = plan.nodes[node];
    return {memory + n.gradient, n.stride};
  }
  bool wants(int node) const { return node >= 0 && plan.nodes[node].wants_gradient; }
  V* weight(int variable) const {
    return variable < 0 ? nullptr : weights + plan.variables[variable].offset;
  }
  V* slope(int variable) const {
    return variable < 0 || !plan.variables[variable].trainable
               ? nullptr
               : gradients + plan.variables[variable].offset;
  }
};

template <class Each>
INLINE void over(Matrix to, int rows, int units, Each each) {
  for (int b = 0; b < rows; ++b)
    for (int k = 0; k < units; ++k) to.at[b * to.stride + k] = each(b, k);
}

static Recurrent recurrent_of(const Network& net, const Node& n) {
  const Variable& kernel = net.plan.variables[n.a];
  const int units = net.plan.variables[n.b].rows;
  return {n.op,          n.function,      n.gate,        n.p,
          n.steps,       kernel.rows,     units,         gates_of(n.op),
          n.backwards != 0, n.backwards == 2, n.sequences != 0,
          net.weight(n.a), net.weight(n.b), net.weight(n.c),
          net.slope(n.a),  net.slope(n.b),  net.slope(n.c),
          {net.memory + n.scratch, n.scratch_stride}};
}

// Where an entry of a looked-up table lies, for the number in each lane.
template <class Use>
INLINE void each_entry(const Variable& table, V numbers, Use use) {
  for (int lane = 0; lane < LANES; ++lane) {
    const float number = numbers[lane];  // the caller has seen that they are entries
    const int row = number > 0 && number < static_cast<float>(table.rows) ? static_cast<int>(number) : 0;
    for (int k = 0; k < table.columns; ++k) use(lane, k, place(table.rows, table.columns, row, k));
  }
}

}  // namespace unstuck::UNSTUCK_TARGET
