// Checks a network, decides where its numbers lie, and how many rows go through at a time.
#include "program.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace unstuck {

namespace {

constexpr std::int32_t most_units = 1 << 20;
constexpr std::ptrdiff_t most_parameters = std::ptrdiff_t{1} << 28;

// Rows in flight are so many that outputs and gradients of a 16-lane block fill about this much, or
// as much as the weights if that is more (every piece of a batch walks through all weights), and at
// least four tiles of the kernels. They do not depend on the kernel, so that no result does.
constexpr std::ptrdiff_t cache_vectors = (384 << 10) / 64;
constexpr std::int32_t row_tile = 6;

void require(bool holds, const std::string& otherwise) {
  if (!holds) throw std::invalid_argument(otherwise);
}

bool elementwise(Op op) {
  return op == Op::activation || op == Op::softmax || op == Op::log_softmax ||
         op == Op::dropout || op == Op::affine || op == Op::batch_norm || op == Op::penalty;
}

bool binary(Op op) {
  return op == Op::add || op == Op::subtract || op == Op::multiply || op == Op::concatenate;
}

std::int32_t stride_of(std::int32_t units) {
  // An even stride of many lines would put every row's unit into the same few sets of the cache.
  return units < 8 ? units : units | 1;
}

}  // namespace

Program::Program(std::vector<Node> nodes, std::vector<Variable> variables, Loss loss,
                 Optimizer optimizer, std::int32_t batch_size)
    : nodes_(std::move(nodes)), variables_(std::move(variables)), plan_{} {
  plan_.loss = loss;
  plan_.optimizer = optimizer;
  plan_.batch_size = batch_size;
  plan_.node_count = static_cast<std::int32_t>(nodes_.size());
  plan_.variable_count = static_cast<std::int32_t>(variables_.size());
  for (Variable& variable : variables_) {
    require(variable.rows > 0 && variable.columns > 0 && variable.rows <= most_units &&
                variable.columns <= most_units,
            "a variable's sizes must lie between 1 and 1048576");
    variable.offset = plan_.parameters;
    plan_.parameters += variable.size();
    require(plan_.parameters <= most_parameters, "the network has too many weights");
  }
  check();
  connect();
  lay_out();
  plan_.nodes = nodes_.data();
  plan_.variables = variables_.data();
}

std::int32_t Program::units(std::int32_t node) const {
  require(node >= 0 && node < plan_.node_count, "there is no node " + std::to_string(node));
  return nodes_[static_cast<std::size_t>(node)].units;
}

void Program::check() const {
  require(!nodes_.empty() && nodes_.front().op == Op::input, "the first node must be the input");
  require(plan_.batch_size > 0, "the batch size must be positive");
  require(plan_.loss.kind < LossKind::count, "unknown loss");
  require(plan_.optimizer.kind < OptimizerKind::count, "unknown optimizer");
  require(plan_.optimizer.slots >= 0 && plan_.optimizer.slots <= 3, "unknown optimizer state");
  const auto fits = [&](std::int32_t variable, std::int32_t rows, std::int32_t columns,
                        const std::string& where) {
    if (variable == -1) return;
    require(variable >= 0 && variable < plan_.variable_count, where + " names no variable");
    const Variable& v = variables_[static_cast<std::size_t>(variable)];
    require(v.rows == rows && v.columns == columns, where + " has a variable of another shape");
  };
  for (std::int32_t number = 0; number < plan_.node_count; ++number) {
    const Node& n = nodes_[static_cast<std::size_t>(number)];
    const std::string where = "node " + std::to_string(number);
    require(n.units > 0 && n.units <= most_units, where + " must have between 1 and 1048576 units");
    require((n.op == Op::input) == (number == 0), where + ": only the first node is an input");
    if (number == 0) continue;
    require(n.first >= 0 && n.first < number, where + " must read a node before it");
    require(binary(n.op) ? n.second >= 0 && n.second < number : n.second == -1,
            where + " reads a wrong number of nodes");
    const std::int32_t read = units(n.first);
    const bool last = n.op == Op::mean || (gates_of(n.op) && !n.sequences);
    require(n.steps > 0 && (last ? read : n.units) % n.steps == 0,
            where + " has units that its steps do not divide");
    if (n.op == Op::dense) {
      require(n.a >= 0 && read % n.steps == 0, where + " has no kernel");
      fits(n.a, read / n.steps, n.units / n.steps, where);
      fits(n.b, 1, n.units / n.steps, where);
    } else if (n.op == Op::concatenate) {
      require(n.units == read + units(n.second), where + " has a wrong number of units");
      require(read % n.steps == 0, where + " has units that its steps do not divide");
    } else if (n.op == Op::lookup) {
      require(n.a >= 0 && n.a < plan_.variable_count && n.steps == read, where + " has no table");
      fits(n.a, variables_[static_cast<std::size_t>(n.a)].rows, n.units / n.steps, where);
    } else if (n.op == Op::repeat) {
      require(n.units == read * n.steps, where + " has a wrong number of units");
    } else if (n.op == Op::mean) {
      require(n.units * n.steps == read, where + " has a wrong number of units");
    } else if (const int gates = gates_of(n.op)) {
      const std::int32_t own = n.sequences ? n.units / n.steps : n.units;
      require(read % n.steps == 0 && n.units % own == 0, where + " reads no sequence");
      require(n.a >= 0 && n.b >= 0, where + " has no kernels");
      fits(n.a, read / n.steps, gates * own, where);
      fits(n.b, own, gates * own, where);
      fits(n.c, 1, (n.op == Op::gru ? 2 : 1) * gates * own, where);
      require(n.gate < Function::count && n.function < Function::count,
              where + ": unknown activation");
      require(n.backwards >= 0 && n.backwards <= 2, where + " goes in no direction");
    } else {
      require(n.units == read, where + " must have as many units as it reads");
      require(!binary(n.op) || n.units == units(n.second), where + " reads nodes of unequal sizes");
    }
    require(n.op != Op::activation || n.function < Function::count, where + ": unknown activation");
    require(n.op != Op::affine || n.constants, where + " has no constants");
    if (n.op == Op::batch_norm) {
      require(n.c >= 0 && n.d >= 0, where + " has no moving statistics");
      for (std::int32_t variable : {n.a, n.b, n.c, n.d}) fits(variable, 1, n.units, where);
    }
  }
  const std::int32_t outputs = nodes_.back().units, targets = plan_.loss.target_units;
  const bool sparse = plan_.loss.kind == LossKind::sparse_crossentropy ||
                      plan_.loss.kind == LossKind::sparse_crossentropy_logits;
  require(targets == (sparse ? 1 : outputs), "targets and outputs differ in size");
}

void Program::connect() {
  const auto at = [&](std::int32_t number) -> Node& {
    return nodes_[static_cast<std::size_t>(number)];
  };
  const auto trains = [&](std::int32_t variable) {
    return variable >= 0 && variables_[static_cast<std::size_t>(variable)].trainable;
  };
  for (Node& n : nodes_) {
    n.wants_gradient = trains(n.a) || trains(n.b) || trains(n.c) ||
                       (n.first >= 0 && at(n.first).wants_gradient) ||
                       (n.second >= 0 && at(n.second).wants_gradient);
  }
  std::vector<char> met(nodes_.size());
  for (std::int32_t number = plan_.node_count - 1; number > 0; --number) {
    Node& n = at(number);
    if (!n.wants_gradient) continue;
    n.first_adds = std::exchange(met[static_cast<std::size_t>(n.first)], 1);
    if (n.second >= 0) n.second_adds = std::exchange(met[static_cast<std::size_t>(n.second)], 1);
  }
}

void Program::lay_out() {
  bool whole_batches = false;
  std::ptrdiff_t row = 0;
  std::vector<int> readers(nodes_.size());
  for (Node& n : nodes_) {
    n.stride = stride_of(n.units);
    n.scratch_stride = n.op == Op::dropout || n.op == Op::batch_norm ? n.stride : 0;
    if (const int gates = gates_of(n.op))
      n.scratch_stride = recurrent_scratch(n.steps, gates, n.sequences ? n.units / n.steps : n.units) | 1;
    row += 2 * n.stride + n.scratch_stride;
    whole_batches |= n.op == Op::batch_norm && n.training;
    if (n.first >= 0) ++readers[static_cast<std::size_t>(n.first)];
    if (n.second >= 0) ++readers[static_cast<std::size_t>(n.second)];
  }
  const std::int32_t batch = plan_.batch_size;
  const std::ptrdiff_t room = std::max(cache_vectors, plan_.parameters) / row;
  const std::int32_t fitting = static_cast<std::int32_t>(
      std::clamp<std::ptrdiff_t>(room / row_tile * row_tile, 4 * row_tile, 1 << 20));
  plan_.chunk = batch;
  if (!whole_batches && batch > fitting) {
    const std::int32_t parts = (batch - 1) / fitting + 1;
    plan_.chunk = ((batch - 1) / parts + row_tile) / row_tile * row_tile;
  }
  std::ptrdiff_t end = 0;
  const auto take = [&](std::ptrdiff_t vectors) { return std::exchange(end, end + vectors); };
  std::vector<char> shared(nodes_.size());
  for (std::size_t number = nodes_.size(); number-- > 0;) {
    Node& n = nodes_[number];
    const std::ptrdiff_t size = static_cast<std::ptrdiff_t>(n.stride) * plan_.chunk;
    n.out = take(size);
    if (n.op != Op::batch_norm && n.scratch_stride)
      n.scratch = take(static_cast<std::ptrdiff_t>(n.scratch_stride) * plan_.chunk);
    if (n.op == Op::batch_norm) n.scratch = take(size + 2 * n.units);
    if (!shared[number] && n.wants_gradient) n.gradient = take(size);
    // What works unit by unit may put its input's gradient where its own lies.
    if (elementwise(n.op) && readers[static_cast<std::size_t>(n.first)] == 1) {
      nodes_[static_cast<std::size_t>(n.first)].gradient = n.gradient;
      shared[static_cast<std::size_t>(n.first)] = 1;
    }
  }
  plan_.workspace = end;
}

}  // namespace unstuck
