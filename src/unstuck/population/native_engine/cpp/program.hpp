// A network with its loss and optimizer, checked once and laid out in memory, ready to be trained.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "plan.hpp"

namespace unstuck {

struct Training {
  std::int64_t replicas;
  std::int32_t epochs;
  std::int32_t shuffle;
  std::uint64_t salt;
  Rows train, validation, judged;
  const float* steps;
  const std::uint64_t* seeds;  // [replicas]
  const float* rates;          // [replicas] or null
  const std::int32_t* order;   // [replicas, epochs, rows] or null
  const float* start;          // [replicas, parameters]
  const Stopping* stoppings;
  std::int32_t stopping_count;
  std::int32_t* ended;         // [replicas] or null
  float *end, *loss, *validation_loss, *final_loss;
};

// Called from the waiting thread now and then with the work done; false stops everything.
using Heartbeat = std::function<bool(long long)>;

// Throws std::invalid_argument, whose text names what does not fit, from its constructor.
class Program {
 public:
  Program(std::vector<Node> nodes, std::vector<Variable> variables, Loss loss, Optimizer optimizer,
          std::int32_t batch_size);

  // Both return false when the heartbeat stopped them; what they wrote is then to be thrown away.
  bool train(const Training& training, int threads, const std::string& kernel,
             const Heartbeat& heartbeat) const;
  bool look(std::int64_t replicas, const Look& look, int threads,
            const Heartbeat& heartbeat) const;

  std::ptrdiff_t parameters() const { return plan_.parameters; }
  std::int32_t features() const { return nodes_.front().units; }
  std::int32_t target_units() const { return plan_.loss.target_units; }
  std::int32_t batch_size() const { return plan_.batch_size; }
  std::int32_t units(std::int32_t node) const;
  std::int32_t variable_count() const { return plan_.variable_count; }

 private:
  void check() const;
  void connect();
  void lay_out();

  std::vector<Node> nodes_;
  std::vector<Variable> variables_;
  Plan plan_;
};

// Names of the kernels that this machine runs, widest first.
std::vector<std::string> kernels();

// Floating-point operations a second that one core reaches with multiply-adds alone.
double multiply_add_peak(double seconds);

}  // namespace unstuck
