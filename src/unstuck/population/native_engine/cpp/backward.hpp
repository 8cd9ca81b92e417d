// A few rows back through the network: every gradient, from those of the last node's outputs.
//
// Gradients of a node that several others read are summed in the order in which backward meets them.
#pragma once

#include "network.hpp"

namespace unstuck::UNSTUCK_TARGET {

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
