// A few rows through the network: every node's outputs.
//
// Nodes stand in order of computation; the last is the output.
#pragma once

#include "losses.hpp"
#include "network.hpp"

namespace unstuck::UNSTUCK_TARGET {

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

}  // namespace unstuck::UNSTUCK_TARGET
