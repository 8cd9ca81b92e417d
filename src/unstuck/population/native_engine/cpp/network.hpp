// A few rows through the network and back: every node's outputs, then every gradient.
//
// Nodes stand in order of computation; the last is the output. Gradients of a node that several
// others read are summed in the order in which backward meets them.
#pragma once

#include "losses.hpp"
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

static void softmax(Matrix x, Matrix y, int rows, int units) {
  for (int b = 0; b < rows; ++b) {
    V* to = y.at + b * y.stride;
    V sum = exponentials(x.at + b * x.stride, units, to);
    for (int k = 0; k < units; ++k) to[k] = to[k] / sum;
  }
}

static void log_softmax(Matrix x, Matrix y, int rows, int units) {
  for (int b = 0; b < rows; ++b) {
    const V* z = x.at + b * x.stride;
    V* to = y.at + b * y.stride;
    V sum = log(exponentials(z, units, to)), highest = z[0];
    for (int k = 1; k < units; ++k) highest = maximum(highest, z[k]);
    for (int k = 0; k < units; ++k) to[k] = z[k] - highest - sum;
  }
}

// Keeps each value with probability 1 - rate, the same ones at each step; the mask of factors stays
// in the node's scratch.
static void dropout(const Network& net, const Node& n, int number, Matrix x, Matrix y, int rows) {
  if (!net.training || n.p[0] <= 0) {
    over(y, rows, n.units, [&](int b, int k) { return x.at[b * x.stride + k]; });
    return;
  }
  W key = mixed(net.seeds + 0x9E3779B97F4A7C15ull * (net.step + 1));
  key = mixed(key + 0xD1B54A32D192ED03ull * static_cast<std::uint64_t>(number + 1));
  const U first = __builtin_convertvector(key, U), second = __builtin_convertvector(key >> 32, U);
  const float keep = 1.0f - n.p[0];
  const std::uint32_t limit = keep >= 1.0f ? ~0u : static_cast<std::uint32_t>(keep * 4294967296.0);
  Matrix mask = {net.memory + n.scratch, n.stride};
  const int width = n.units / n.steps;
  for (int b = 0; b < rows; ++b)
    for (int k = 0; k < width; ++k) {
      const U counter = U{} + static_cast<std::uint32_t>((net.row + b) * width + k);
      const U hash = mixed(mixed(counter + first) ^ second);
      I kept = hash < limit;
      for (int at = k; at < n.units; at += width) {
        V in = x.at[b * x.stride + at];
        mask.at[b * mask.stride + at] = kept ? splat(1.0f / keep) : V{};
        y.at[b * y.stride + at] = kept ? in / keep : V{};
      }
    }
}

// Scratch: [0, units) the mean, [units, 2 units) 1 / sqrt(variance + epsilon).
static void normalize(const Network& net, const Node& n, Matrix x, Matrix y, int rows) {
  V* means = net.memory + n.scratch;
  V* inverses = means + n.units;
  V* moving_mean = net.weight(n.c);
  V* moving_variance = net.weight(n.d);
  const V* gamma = net.weight(n.a);
  const V* beta = net.weight(n.b);
  const float momentum = n.p[0];
  for (int k = 0; k < n.units; ++k) {
    V mean = moving_mean[k], variance = moving_variance[k];
    if (net.training && n.training) {
      mean = V{}, variance = V{};
      for (int b = 0; b < rows; ++b) mean += x.at[b * x.stride + k];
      mean = mean / static_cast<float>(rows);
      for (int b = 0; b < rows; ++b) {
        V apart = x.at[b * x.stride + k] - mean;
        variance += apart * apart;
      }
      variance = variance / static_cast<float>(rows);
      moving_mean[k] = moving_mean[k] * momentum + mean * (1.0f - momentum);
      moving_variance[k] = moving_variance[k] * momentum + variance * (1.0f - momentum);
    }
    means[k] = mean;
    inverses[k] = 1.0f / root(variance + n.p[1]);
    V scale = gamma ? inverses[k] * gamma[k] : inverses[k];
    V shift = beta ? beta[k] - mean * scale : -mean * scale;
    for (int b = 0; b < rows; ++b) y.at[b * y.stride + k] = x.at[b * x.stride + k] * scale + shift;
  }
}

static void normalize_back(const Network& net, const Node& n, Matrix x, Matrix dy, Matrix dx,
                           int rows) {
  const V* means = net.memory + n.scratch;
  const V* inverses = means + n.units;
  const V* gamma = net.weight(n.a);
  V* dgamma = net.slope(n.a);
  V* dbeta = net.slope(n.b);
  const bool through = net.training && n.training;
  for (int k = 0; k < n.units; ++k) {
    V sum = {}, along = {};
    for (int b = 0; b < rows; ++b) {
      V g = dy.at[b * dy.stride + k];
      sum += g;
      along += g * ((x.at[b * x.stride + k] - means[k]) * inverses[k]);
    }
    if (dgamma) dgamma[k] = net.add ? dgamma[k] + along : along;
    if (dbeta) dbeta[k] = net.add ? dbeta[k] + sum : sum;
    if (!dx.at) continue;
    V scale = gamma ? gamma[k] * inverses[k] : inverses[k];
    V mean_sum = sum / static_cast<float>(rows), mean_along = along / static_cast<float>(rows);
    for (int b = 0; b < rows; ++b) {
      V g = dy.at[b * dy.stride + k];
      if (through)
        g = g - mean_sum - (x.at[b * x.stride + k] - means[k]) * inverses[k] * mean_along;
      dx.at[b * dx.stride + k] = g * scale;
    }
  }
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

// Every node but the inputs; returns the activity penalties of these rows.
static V forward(const Network& net, int rows) {
  V penalties = {};
  for (int number = 0; number < net.plan.node_count; ++number) {
    const Node& n = net.plan.nodes[number];
    if (n.op == Op::input) continue;
    const Matrix x = net.out(n.first), y = net.out(number);
    const Matrix z = n.second >= 0 ? net.out(n.second) : x;
    const auto first = [&](int b, int k) { return x.at[b * x.stride + k]; };
    const auto second = [&](int b, int k) { return z.at[b * z.stride + k]; };
    switch (n.op) {
      case Op::dense: {
        const Variable& kernel = net.plan.variables[n.a];
        Dense d = {kernel.rows, kernel.columns, net.weight(n.a), net.weight(n.b)};
        for (int t = 0; t < n.steps; ++t)
          forward_rows<tile>(d, shifted(x, t * kernel.rows), shifted(y, t * kernel.columns), rows);
        break;
      }
      case Op::activation:
        with_function(n.function, n.p, [&](auto f) __attribute__((always_inline)) {
          over(y, rows, n.units, [&](int b, int k) { return f.value(first(b, k)); });
        });
        break;
      case Op::softmax:
      case Op::log_softmax:
        for (int t = 0, width = n.units / n.steps; t < n.steps; ++t)
          (n.op == Op::softmax ? softmax : log_softmax)(shifted(x, t * width),
                                                        shifted(y, t * width), rows, width);
        break;
      case Op::dropout: dropout(net, n, number, x, y, rows); break;
      case Op::affine: {
        const float *offset = n.constants, *scale = offset + n.units, *shift = scale + n.units;
        over(y, rows, n.units, [&](int b, int k) {
          return (first(b, k) - offset[k]) * scale[k] + shift[k];
        });
        break;
      }
      case Op::batch_norm: normalize(net, n, x, y, rows); break;
      case Op::add:
        over(y, rows, n.units, [&](int b, int k) { return first(b, k) + second(b, k); });
        break;
      case Op::subtract:
        over(y, rows, n.units, [&](int b, int k) { return first(b, k) - second(b, k); });
        break;
      case Op::multiply:
        over(y, rows, n.units, [&](int b, int k) { return first(b, k) * second(b, k); });
        break;
      case Op::concatenate: {
        const int left = net.plan.nodes[n.first].units / n.steps, width = n.units / n.steps;
        const int right = width - left;
        for (int t = 0; t < n.steps; ++t) {
          const Matrix to = shifted(y, t * width);
          over(to, rows, left, [&](int b, int k) { return first(b, t * left + k); });
          over(shifted(to, left), rows, right, [&](int b, int k) { return second(b, t * right + k); });
        }
        break;
      }
      case Op::lookup: {
        const Variable& table = net.plan.variables[n.a];
        const V* entries = net.weight(n.a);
        for (int b = 0; b < rows; ++b)
          for (int t = 0; t < n.steps; ++t)
            each_entry(table, first(b, t), [&](int lane, int k, std::ptrdiff_t at_) {
              at(y, b, t * table.columns + k)[lane] = entries[at_][lane];
            });
        break;
      }
      case Op::repeat:
        for (int t = 0, width = n.units / n.steps; t < n.steps; ++t)
          over(shifted(y, t * width), rows, width, first);
        break;
      case Op::mean:
        over(y, rows, n.units, [&](int b, int k) {
          V sum = {};
          for (int t = 0; t < n.steps; ++t) sum += first(b, t * n.units + k);
          return sum / static_cast<float>(n.steps);
        });
        break;
      case Op::simple_rnn:
      case Op::lstm:
      case Op::gru: recurrent_forward(recurrent_of(net, n), x, y, rows); break;
      case Op::penalty:
        over(y, rows, n.units, [&](int b, int k) {
          V v = first(b, k);
          penalties += n.p[0] * magnitude(v) + n.p[1] * (v * v);
          return v;
        });
        break;
      case Op::input: break;
    }
  }
  return penalties;
}

// Hands a gradient to node `to`, from its unit `from` on: the first to come sets it, later ones add.
template <class Each>
INLINE void hand(const Network& net, int to, bool add, int rows, int units, Each each,
                 int from = 0) {
  if (!net.wants(to)) return;
  const Matrix g = shifted(net.gradient(to), from);
  if (add)
    over(g, rows, units, [&](int b, int k) { return g.at[b * g.stride + k] + each(b, k); });
  else
    over(g, rows, units, each);
}

static void dense_back(const Network& net, const Node& n, Matrix dy, int rows) {
  const Variable& kernel = net.plan.variables[n.a];
  const Dense d = {kernel.rows, kernel.columns, net.weight(n.a), nullptr};
  for (int t = 0; t < n.steps; ++t) {
    const Matrix out = shifted(dy, t * d.outputs);
    if (net.wants(n.first))
      inputs_rows<tile>(d, out, shifted(net.gradient(n.first), t * d.inputs), rows, n.first_adds);
    const Matrix x = shifted(net.out(n.first), t * d.inputs);
    const bool add = net.add || t > 0;
    if (V* dw = net.slope(n.a)) weights_inputs<tile>(x, out, rows, 0, d.inputs, d.outputs, dw, add);
    if (V* db = net.slope(n.b)) column_sums(out, rows, d.outputs, db, add);
  }
}

static void clear(const Network& net, int variable) {
  V* slope = net.slope(variable);
  if (!slope || net.add) return;
  for (std::ptrdiff_t k = 0; k < net.plan.variables[variable].size(); ++k) slope[k] = V{};
}

// From the gradient of the last node to those of all weights.
static void backward(const Network& net, int rows) {
  for (int number = net.plan.node_count - 1; number >= 0; --number) {
    const Node& n = net.plan.nodes[number];
    if (n.op == Op::input || !n.wants_gradient) continue;
    const Matrix dy = net.gradient(number), y = net.out(number), x = net.out(n.first);
    const Matrix z = n.second >= 0 ? net.out(n.second) : x;
    const auto slope = [&](int b, int k) { return dy.at[b * dy.stride + k]; };
    const auto first = [&](int b, int k) { return x.at[b * x.stride + k]; };
    const auto output = [&](int b, int k) { return y.at[b * y.stride + k]; };
    const auto to_first = [&](auto each) { hand(net, n.first, n.first_adds, rows, n.units, each); };
    const auto to_second = [&](auto each) {
      hand(net, n.second, n.second_adds, rows, n.units, each);
    };
    switch (n.op) {
      case Op::dense: dense_back(net, n, dy, rows); break;
      case Op::activation:
        with_function(n.function, n.p, [&](auto f) __attribute__((always_inline)) {
          to_first([&](int b, int k) { return slope(b, k) * f.slope(first(b, k), output(b, k)); });
        });
        break;
      case Op::softmax:
      case Op::log_softmax:
        for (int b = 0; net.wants(n.first) && b < rows; ++b)
          for (int t = 0, width = n.units / n.steps; t < n.steps; ++t) {
            V sum = {};
            const bool logs = n.op == Op::log_softmax;
            for (int k = t * width; k < (t + 1) * width; ++k)
              sum += logs ? slope(b, k) : slope(b, k) * output(b, k);
            const Matrix g = net.gradient(n.first);
            for (int k = t * width; k < (t + 1) * width; ++k) {
              V v = logs ? slope(b, k) - exp(output(b, k)) * sum
                         : output(b, k) * (slope(b, k) - sum);
              V& to = g.at[b * g.stride + k];
              to = n.first_adds ? to + v : v;
            }
          }
        break;
      case Op::dropout: {
        const Matrix mask = {net.memory + n.scratch, n.stride};
        const bool dropped = net.training && n.p[0] > 0;
        to_first([&](int b, int k) {
          return dropped ? slope(b, k) * mask.at[b * mask.stride + k] : slope(b, k);
        });
        break;
      }
      case Op::affine:
        to_first([&](int b, int k) { return slope(b, k) * n.constants[n.units + k]; });
        break;
      case Op::batch_norm: {
        // Its own buffer, because the statistics tie the rows together.
        const Matrix own = {net.memory + n.scratch + 2 * n.units, n.stride};
        const bool handed = net.wants(n.first);
        normalize_back(net, n, x, dy, {handed ? own.at : nullptr, own.stride}, rows);
        to_first([&](int b, int k) { return own.at[b * own.stride + k]; });
        break;
      }
      case Op::add:
        to_first(slope);
        to_second(slope);
        break;
      case Op::subtract:
        to_first(slope);
        to_second([&](int b, int k) { return -slope(b, k); });
        break;
      case Op::multiply:
        to_first([&](int b, int k) { return slope(b, k) * z.at[b * z.stride + k]; });
        to_second([&](int b, int k) { return slope(b, k) * first(b, k); });
        break;
      case Op::concatenate: {
        const int left = net.plan.nodes[n.first].units / n.steps, width = n.units / n.steps;
        const int right = width - left;
        for (int t = 0; t < n.steps; ++t) {
          hand(net, n.first, n.first_adds, rows, left,
               [&](int b, int k) { return slope(b, t * width + k); }, t * left);
          hand(net, n.second, n.second_adds, rows, right,
               [&](int b, int k) { return slope(b, t * width + left + k); }, t * right);
        }
        break;
      }
      case Op::lookup: {
        clear(net, n.a);
        const Variable& table = net.plan.variables[n.a];
        V* entries = net.slope(n.a);
        for (int b = 0; entries && b < rows; ++b)
          for (int t = 0; t < n.steps; ++t)
            each_entry(table, first(b, t), [&](int lane, int k, std::ptrdiff_t at_) {
              entries[at_][lane] += slope(b, t * table.columns + k)[lane];
            });
        break;
      }
      case Op::repeat:
        hand(net, n.first, n.first_adds, rows, n.units / n.steps, [&](int b, int k) {
          V sum = {};
          for (int t = 0; t < n.steps; ++t) sum += slope(b, t * (n.units / n.steps) + k);
          return sum;
        });
        break;
      case Op::mean:
        for (int t = 0; t < n.steps; ++t)
          hand(net, n.first, n.first_adds, rows, n.units,
               [&](int b, int k) { return slope(b, k) / static_cast<float>(n.steps); }, t * n.units);
        break;
      case Op::simple_rnn:
      case Op::lstm:
      case Op::gru: {
        clear(net, n.a);
        clear(net, n.b);
        clear(net, n.c);
        const Matrix none = {nullptr, 0};
        recurrent_back(recurrent_of(net, n), x, dy, net.wants(n.first) ? net.gradient(n.first) : none,
                       n.first_adds, rows);
        break;
      }
      case Op::penalty:
        to_first([&](int b, int k) {
          V v = first(b, k);
          return slope(b, k) + (n.p[0] * sign(v) + 2.0f * n.p[1] * v) / net.batch_rows;
        });
        break;
      case Op::input: break;
    }
  }
}

}  // namespace unstuck::UNSTUCK_TARGET
