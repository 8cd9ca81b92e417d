// The training of one block of replicas, compiled once for each instruction set.
#include "kernel.hpp"

#include <time.h>

#include "forward.hpp"
#include "backward.hpp"
#include "losses.hpp"
#include "optimizers.hpp"
#include "rows.hpp"

namespace unstuck::UNSTUCK_TARGET {

namespace {

// Rows in a batch of the last evaluation; matters only to losses that are summed over a batch.
int at_least_256(int batch_size) { return batch_size < 256 ? 256 : batch_size; }

// How far each lane's early stopping has come.
struct Watching {
  float best[most_stoppings][LANES];
  int wait[most_stoppings][LANES];
  bool seen[most_stoppings];
  bool active[LANES], has_best[LANES];
};

struct Trainer {
  const Plan& plan;
  const Block& block;
  Layout at;
  V* memory;
  W seeds;

  Trainer(const Plan& p, const Block& b)
      : plan(p), block(b), at(layout_of(p)), memory(reinterpret_cast<V*>(b.memory)) {
    for (int lane = 0; lane < LANES; ++lane)
      seeds[lane] = b.seeds[lane < b.used ? lane : b.used - 1];
  }

  Network network(bool training, std::uint64_t step = 0) const {
    return {plan,     memory + at.weights, memory + at.gradients, memory + at.nodes, seeds,
            training, step,                0,                     false,             1.0f};
  }

  Matrix outputs() const { return network(false).out(plan.node_count - 1); }

  // Where the targets of the rows in hand lie: with the inputs, where these are the same rows.
  Matrix targets(const Rows& rows) const {
    if (rows.y == rows.x) return network(false).out(0);
    return {memory + at.targets, plan.loss.target_units | 1};
  }

  void read_weights(const float* from) const {
    each_weight([&](std::ptrdiff_t flat, V& weight) {
      for (int lane = 0; lane < LANES; ++lane) {
        const int replica = lane < block.used ? lane : block.used - 1;
        weight[lane] = from[replica * plan.parameters + flat];
      }
    });
  }

  void write_weights(float* to) const {
    each_weight([&](std::ptrdiff_t flat, V& weight) {
      for (int lane = 0; lane < block.used; ++lane) to[lane * plan.parameters + flat] = weight[lane];
    });
  }

  void write_lanes(float* to, const bool* lanes) const {
    each_weight([&](std::ptrdiff_t flat, V& weight) {
      for (int lane = 0; lane < block.used; ++lane)
        if (lanes[lane]) to[lane * plan.parameters + flat] = weight[lane];
    });
  }

  template <class Use>
  void each_weight(Use use) const {
    for (int v = 0; v < plan.variable_count; ++v) {
      const Variable& var = plan.variables[v];
      for (int i = 0; i < var.rows; ++i)
        for (int o = 0; o < var.columns; ++o)
          use(var.offset + static_cast<std::ptrdiff_t>(i) * var.columns + o,
              memory[at.weights + var.offset + place(var.rows, var.columns, i, o)]);
    }
  }

  V divided(V weight, V sum, int rows) const {
    if (plan.loss.sum) return weight;
    if (!plan.loss.weighted_mean) return weight / static_cast<float>(rows);
    return sum == 0 ? V{} : weight / sum;
  }

  // Loss of the rows in hand (inputs, targets, row scales in place), with its gradients if asked.
  V pass(const Network& net, const Rows& data, int rows, bool gradients) const {
    const V penalties = forward(net, rows);
    const int last = plan.node_count - 1;
    const Matrix none = {nullptr, 0};
    const Scored scored = {plan.loss, targets(data),
                           net.out(last), gradients && net.wants(last) ? net.gradient(last) : none,
                           memory + at.row_scale, rows, plan.nodes[last].units};
    const V loss = loss_of(scored, memory + at.spare);
    if (gradients) backward(net, rows);
    return loss + penalties / net.batch_rows;
  }

  V weight_penalties() const {
    V sum = {};
    for (int v = 0; v < plan.variable_count; ++v) {
      const Variable& var = plan.variables[v];
      if (!var.trainable || (var.l1 == 0 && var.l2 == 0)) continue;
      const V* w = memory + at.weights + var.offset;
      V all = {}, squares = {};
      for (std::ptrdiff_t k = 0; k < var.size(); ++k) {
        all += magnitude(w[k]);
        squares += w[k] * w[k];
      }
      sum += var.l1 * all + var.l2 * squares;
    }
    return sum;
  }

  void add_penalty_gradients() const {
    for (int v = 0; v < plan.variable_count; ++v) {
      const Variable& var = plan.variables[v];
      if (!var.trainable || (var.l1 == 0 && var.l2 == 0)) continue;
      const V* w = memory + at.weights + var.offset;
      V* g = memory + at.gradients + var.offset;
      for (std::ptrdiff_t k = 0; k < var.size(); ++k)
        g[k] += var.l1 * sign(w[k]) + 2.0f * var.l2 * w[k];
    }
  }

  void clip() const {
    const Optimizer& o = plan.optimizer;
    V all = {};
    for (int v = 0; v < plan.variable_count; ++v) {
      const Variable& var = plan.variables[v];
      if (!var.trainable) continue;
      V* g = memory + at.gradients + var.offset;
      if (o.clipnorm > 0) {
        const V norm = root(sum_of_squares(g, var.size()));
        scale_all(g, var.size(), o.clipnorm / at_least(norm, o.clipnorm));
      } else if (o.global_clipnorm > 0) {
        all += sum_of_squares(g, var.size());
      } else if (o.clipvalue > 0) {
        for (std::ptrdiff_t k = 0; k < var.size(); ++k)
          g[k] = at_most(at_least(g[k], -o.clipvalue), o.clipvalue);
      }
    }
    if (o.clipnorm > 0 || o.global_clipnorm <= 0) return;
    const V norm = root(all);
    const V scale = o.global_clipnorm * at_most(1.0f / norm, 1.0f / o.global_clipnorm);
    for (int v = 0; v < plan.variable_count; ++v)
      if (plan.variables[v].trainable)
        scale_all(memory + at.gradients + plan.variables[v].offset, plan.variables[v].size(),
                  scale + (norm - norm));
  }

  void apply(const float* step) const {
    const Optimizer& o = plan.optimizer;
    add_penalty_gradients();
    clip();
    const V rate = block.rates ? lane_rates() : splat(step[0]);
    for (int v = 0; v < plan.variable_count; ++v) {
      const Variable& var = plan.variables[v];
      if (!var.trainable) continue;
      V* w = memory + at.weights + var.offset;
      if (o.weight_decay != 0)
        for (std::ptrdiff_t k = 0; k < var.size(); ++k) w[k] -= w[k] * o.weight_decay * rate;
      V* slot = memory + at.slots + var.offset;
      update({o, rate, step, w, memory + at.gradients + var.offset,
              {slot, slot + plan.parameters, slot + 2 * plan.parameters}, var.size()});
    }
  }

  V lane_rates() const {
    V rate;
    for (int lane = 0; lane < LANES; ++lane)
      rate[lane] = block.rates[lane < block.used ? lane : block.used - 1];
    return rate;
  }

  // One update on `rows` training rows from `first` of the epoch's order; returns the batch's loss.
  V batch(std::int64_t first, int rows, std::uint64_t step) const {
    const std::int32_t* index = block.indices + first * LANES;
    const Rows& data = plan.train;
    V weight_sum = {};
    for (int b = 0; plan.loss.weighted_mean && b < rows; ++b)
      weight_sum += row_weight(data, index + b * LANES);
    Network net = network(true, step);
    net.batch_rows = static_cast<float>(rows);
    V loss = {};
    for (int done = 0; done < rows && !stopped(); done += plan.chunk) {
      const int count = rows - done < plan.chunk ? rows - done : plan.chunk;
      const std::int32_t* from = index + done * LANES;
      gather(data.x, plan.nodes[0].units, from, count, net.out(0));
      if (data.y != data.x) gather(data.y, plan.loss.target_units, from, count, targets(data));
      for (int b = 0; b < count; ++b)
        memory[at.row_scale + b] = divided(row_weight(data, from + b * LANES), weight_sum, rows);
      net.row = done;
      net.add = done > 0;
      loss += pass(net, data, count, true);
    }
    loss += weight_penalties();
    apply(plan.steps + step * step_numbers);
    return loss;
  }

  V row_weight(const Rows& data, const std::int32_t* index) const {
    if (!data.weight) return splat(1);
    V weight;
    for (int lane = 0; lane < LANES; ++lane) weight[lane] = data.weight[index[lane]];
    return weight;
  }

  bool stopped() const { return __atomic_load_n(block.stop, __ATOMIC_RELAXED) != 0; }

  void place_rows(const Network& net, const Rows& data, std::int64_t first, int rows) const {
    spread(data.x + first * plan.nodes[0].units, plan.nodes[0].units, rows, net.out(0));
    if (data.y && data.y != data.x)
      spread(data.y + first * plan.loss.target_units, plan.loss.target_units, rows, targets(data));
  }

  // The loss of one batch as it is without training; gradients on request.
  V judged(const Rows& data, std::int64_t first, int rows, bool gradients) const {
    float weight_sum = 0;
    for (int b = 0; data.weight && b < rows; ++b) weight_sum += data.weight[first + b];
    if (!data.weight) weight_sum = static_cast<float>(rows);
    Network net = network(false);
    net.batch_rows = static_cast<float>(rows);
    V loss = {};
    for (int done = 0; done < rows && !stopped(); done += plan.chunk) {
      const int count = rows - done < plan.chunk ? rows - done : plan.chunk;
      place_rows(net, data, first + done, count);
      for (int b = 0; b < count; ++b)
        memory[at.row_scale + b] =
            divided(splat(data.weight ? data.weight[first + done + b] : 1.0f), splat(weight_sum),
                    rows);
      net.add = done > 0;
      loss += pass(net, data, count, gradients);
    }
    return loss + weight_penalties();
  }

  D evaluated(const Rows& data, int batch_size) const {
    D total = {};
    for (std::int64_t first = 0; first < data.rows && !stopped(); first += batch_size) {
      const std::int64_t left = data.rows - first;
      const int rows = static_cast<int>(left < batch_size ? left : batch_size);
      total += __builtin_convertvector(judged(data, first, rows, false), D) *
               static_cast<double>(rows);
    }
    return total / static_cast<double>(data.rows);
  }

  void keep(float* to, std::ptrdiff_t apart, D value) const {
    for (int lane = 0; lane < block.used; ++lane)
      to[lane * apart] = static_cast<float>(value[lane]);
  }

  // Which replicas an epoch's losses stop; their weights, or their best ones, go to `block.end`.
  // Returns whether any goes on.
  bool watch(Watching& w, int epoch) const {
    bool stop[LANES] = {}, best[LANES] = {}, any_stop = false, any_best = false, going = false;
    for (int k = 0; k < plan.stopping_count; ++k) {
      const Stopping& rule = plan.stoppings[k];
      const int number = epoch + static_cast<int>(rule.first_epoch);
      if (number < rule.start_from) continue;
      for (int lane = 0; lane < block.used; ++lane) {
        if (!w.active[lane]) continue;
        const float* losses = rule.validation != 0 ? block.validation_loss : block.loss;
        const float now = losses[lane * plan.epochs + epoch];
        const auto improves = [&](float than) {
          return rule.rises != 0 ? now - rule.min_delta > than : now + rule.min_delta < than;
        };
        ++w.wait[k][lane];
        if (!w.seen[k] || improves(w.best[k][lane])) {
          w.best[k][lane] = now;
          if (rule.restore != 0) best[lane] = any_best = w.has_best[lane] = true;
          if (!(rule.baseline == rule.baseline) || improves(rule.baseline)) w.wait[k][lane] = 0;
        } else if (static_cast<float>(w.wait[k][lane]) >= rule.patience && number > 0) {
          stop[lane] = any_stop = true;
        }
      }
      w.seen[k] = true;
    }
    if (any_best) write_lanes(block.end, best);
    for (int lane = 0; lane < block.used; ++lane) {
      if (w.active[lane]) block.ended[lane] = epoch + 1;
      w.active[lane] = w.active[lane] && !stop[lane];
      going = going || w.active[lane];
      if (w.has_best[lane]) stop[lane] = false;
    }
    if (any_stop) write_lanes(block.end, stop);
    return going;
  }

  void train() const {
    read_weights(block.start);
    Watching watching = {};
    for (int lane = 0; lane < block.used; ++lane) watching.active[lane] = true;
    for (std::ptrdiff_t k = 0; k < plan.parameters * plan.optimizer.slots; ++k)
      memory[at.slots + k] = splat(plan.optimizer.slot_start);
    std::uint64_t step = 0;
    for (int epoch = 0; epoch < plan.epochs && !stopped(); ++epoch) {
      order(plan, block, seeds, epoch);
      D total = {};
      for (std::int64_t first = 0; first < plan.train.rows; first += plan.batch_size) {
        if (stopped()) return;
        const std::int64_t left = plan.train.rows - first;
        const int rows = static_cast<int>(left < plan.batch_size ? left : plan.batch_size);
        total += __builtin_convertvector(batch(first, rows, step++), D) * static_cast<double>(rows);
      }
      keep(block.loss + epoch, plan.epochs, total / static_cast<double>(plan.train.rows));
      if (plan.validation.rows > 0)
        keep(block.validation_loss + epoch, plan.epochs, evaluated(plan.validation, plan.batch_size));
      __atomic_add_fetch(block.progress, block.used, __ATOMIC_RELAXED);
      if (plan.stopping_count && !stopped() && !watch(watching, epoch)) break;
    }
    if (plan.stopping_count) {
      for (int lane = 0; lane < block.used; ++lane)
        watching.active[lane] = watching.active[lane] && !watching.has_best[lane];
      write_lanes(block.end, watching.active);
      read_weights(block.end);
    }
    keep(block.final_loss, 1, evaluated(plan.judged, at_least_256(plan.batch_size)));
    if (!plan.stopping_count) write_weights(block.end);
  }

  void look(const Look& look) const {
    read_weights(look.weights);
    if (look.squared_gradients) {
      judged(look.rows, 0, static_cast<int>(look.rows.rows), true);
      add_penalty_gradients();
      for (int v = 0; v < plan.variable_count; ++v) {
        const Variable& var = plan.variables[v];
        const V sum = var.trainable
                          ? sum_of_squares(memory + at.gradients + var.offset, var.size())
                          : V{};
        for (int lane = 0; lane < block.used; ++lane)
          look.squared_gradients[lane * plan.variable_count + v] = sum[lane];
      }
    }
    const Network net = network(false);
    for (std::int64_t first = 0; look.wanted_count && first < look.rows.rows && !stopped();
         first += plan.chunk) {
      const std::int64_t left = look.rows.rows - first;
      const int rows = static_cast<int>(left < plan.chunk ? left : plan.chunk);
      place_rows(net, look.rows, first, rows);
      forward(net, rows);
      for (int w = 0; w < look.wanted_count; ++w) {
        const int units = plan.nodes[look.wanted[w]].units;
        const Matrix out = net.out(look.wanted[w]);
        for (int lane = 0; lane < block.used; ++lane)
          for (int b = 0; b < rows; ++b)
            for (int k = 0; k < units; ++k)
              look.outputs[w][(lane * look.rows.rows + first + b) * units + k] =
                  out.at[b * out.stride + k][lane];
      }
    }
  }
};

}  // namespace

const int lanes = LANES;

void train(const Plan& plan, const Block& block) { Trainer(plan, block).train(); }

void look(const Plan& plan, const Block& block, const Look& at) { Trainer(plan, block).look(at); }

// Multiply-adds a second (each counted as two operations) that one core does at most.
double multiply_add_peak(double seconds) {
  V sums[12] = {};
  V a = splat(0.999f), b = splat(1e-3f);
  long long rounds = 0;
  timespec from, now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
  double passed;
  do {
    for (int k = 0; k < 10000; ++k)
#pragma GCC unroll 12
      for (int s = 0; s < 12; ++s) sums[s] = sums[s] * a + b;
    __asm__ volatile("" : "+m"(sums));
    rounds += 10000;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    passed = static_cast<double>(now.tv_sec - from.tv_sec) +
             1e-9 * static_cast<double>(now.tv_nsec - from.tv_nsec);
  } while (passed < seconds);
  return 2.0 * 12 * LANES * static_cast<double>(rounds) / passed;
}

}  // namespace unstuck::UNSTUCK_TARGET
