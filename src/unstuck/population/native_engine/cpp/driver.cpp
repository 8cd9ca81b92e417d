// Blocks of replicas over threads, on the widest kernel that this machine runs.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <limits>
#include <memory>
#include <mutex>
#include <new>
#include <stdexcept>
#include <thread>

#include "kernel.hpp"
#include "processor.hpp"
#include "program.hpp"

namespace unstuck {

namespace {

struct Kernel {
  const char* name;
  int lanes;
  double block_cost;  // time of a block on it, roughly, against the widest
  void (*train)(const Plan&, const Block&);
  void (*look)(const Plan&, const Block&, const Look&);
  double (*peak)(double);
};

const std::vector<Kernel>& available() {
  static const std::vector<Kernel> found = [] {
    std::vector<Kernel> list;
#ifdef UNSTUCK_X86
    if (has_avx512())
      list.push_back({"avx512", avx512::lanes, 1.0, avx512::train, avx512::look,
                      avx512::multiply_add_peak});
    if (has_avx2())
      list.push_back(
          {"avx2", avx2::lanes, 0.8, avx2::train, avx2::look, avx2::multiply_add_peak});
#endif
    list.push_back({"baseline", baseline::lanes, 1.0, baseline::train, baseline::look,
                    baseline::multiply_add_peak});
    return list;
  }();
  return found;
}

// Few replicas are spread over the threads in narrower blocks, where that ends sooner.
const Kernel& choose(std::int64_t replicas, int threads, const std::string& name) {
  const auto& list = available();
  if (!name.empty()) {
    for (const Kernel& kernel : list)
      if (name == kernel.name) return kernel;
    throw std::invalid_argument("this machine runs no kernel named " + name);
  }
  const auto cost = [&](const Kernel& kernel) {
    const std::int64_t blocks = (replicas - 1) / kernel.lanes + 1;
    return kernel.block_cost * static_cast<double>((blocks - 1) / threads + 1);
  };
  return *std::min_element(list.begin(), list.end(),
                           [&](const Kernel& a, const Kernel& b) { return cost(a) < cost(b); });
}

// Runs `work(block number, worker)` for every block; the caller waits, and beats now and then.
bool over_blocks(std::int64_t blocks, int threads, std::atomic<int>& stop,
                 const std::function<void(std::int64_t, int)>& work, const long long& done,
                 const Heartbeat& heartbeat) {
  std::atomic<std::int64_t> next{0};
  std::mutex mutex;
  std::condition_variable finished;
  int running = threads;
  std::vector<std::thread> workers;
  const auto run = [&](int worker) {
    {
      FlushDenormals flush;
      for (std::int64_t block; !stop && (block = next++) < blocks;) work(block, worker);
    }
    const std::lock_guard lock(mutex);
    if (--running == 0) finished.notify_one();
  };
  for (int worker = 0; worker < threads; ++worker) workers.emplace_back(run, worker);
  {
    std::unique_lock lock(mutex);
    while (!finished.wait_for(lock, std::chrono::milliseconds(50), [&] { return running == 0; })) {
      lock.unlock();
      if (!stop && !heartbeat(__atomic_load_n(&done, __ATOMIC_RELAXED))) stop = 1;
      lock.lock();
    }
  }
  for (std::thread& worker : workers) worker.join();
  return !stop;
}

struct Crew {
  const Kernel& kernel;
  std::int64_t blocks;
  int threads;

  Crew(const Kernel& k, std::int64_t replicas, int most)
      : kernel(k),
        blocks((replicas - 1) / k.lanes + 1),
        threads(static_cast<int>(std::min<std::int64_t>(most, blocks))) {}

  std::int64_t first(std::int64_t block) const { return block * kernel.lanes; }
  int used(std::int64_t block, std::int64_t replicas) const {
    return static_cast<int>(std::min<std::int64_t>(kernel.lanes, replicas - first(block)));
  }
  std::vector<std::unique_ptr<float, Free>> memory(const Plan& plan) const {
    std::vector<std::unique_ptr<float, Free>> each;
    const auto floats = static_cast<std::size_t>(layout_of(plan).end) *
                        static_cast<std::size_t>(kernel.lanes);
    for (int worker = 0; worker < threads; ++worker) each.push_back(aligned<float>(floats));
    return each;
  }
};

}  // namespace

bool Program::train(const Training& t, int threads, const std::string& name,
                    const Heartbeat& heartbeat) const {
  const Crew crew(choose(t.replicas, threads, name), t.replicas, threads);
  Plan plan = plan_;
  plan.steps = t.steps;
  plan.train = t.train;
  plan.validation = t.validation;
  plan.judged = t.judged;
  plan.stoppings = t.stoppings;
  plan.stopping_count = t.stopping_count;
  plan.epochs = t.epochs;
  plan.shuffle = t.shuffle;
  plan.salt = t.salt;
  const auto memory = crew.memory(plan);
  std::vector<std::unique_ptr<std::int32_t, Free>> indices;
  for (int worker = 0; worker < crew.threads; ++worker)
    indices.push_back(aligned<std::int32_t>(static_cast<std::size_t>(t.train.rows) *
                                            static_cast<std::size_t>(crew.kernel.lanes)));
  std::atomic<int> stop{0};
  static_assert(sizeof(stop) == sizeof(int));
  long long done = 0;
  const auto work = [&](std::int64_t number, int worker) {
    const std::int64_t first = crew.first(number);
    Block block = {};
    block.used = crew.used(number, t.replicas);
    block.seeds = t.seeds + first;
    block.rates = t.rates ? t.rates + first : nullptr;
    block.order = t.order ? t.order + first * t.epochs * t.train.rows : nullptr;
    block.start = t.start + first * plan.parameters;
    block.end = t.end + first * plan.parameters;
    block.loss = t.loss + first * t.epochs;
    block.validation_loss = t.validation_loss ? t.validation_loss + first * t.epochs : nullptr;
    block.final_loss = t.final_loss + first;
    block.ended = t.ended ? t.ended + first : nullptr;
    block.memory = memory[static_cast<std::size_t>(worker)].get();
    block.indices = indices[static_cast<std::size_t>(worker)].get();
    block.stop = reinterpret_cast<const int*>(&stop);
    block.progress = &done;
    crew.kernel.train(plan, block);
  };
  return over_blocks(crew.blocks, crew.threads, stop, work, done, heartbeat);
}

bool Program::look(std::int64_t replicas, const Look& look, int threads,
                   const Heartbeat& heartbeat) const {
  const Crew crew(choose(replicas, threads, ""), replicas, threads);
  const auto memory = crew.memory(plan_);
  std::atomic<int> stop{0};
  long long done = 0;
  const std::vector<std::uint64_t> seeds(static_cast<std::size_t>(crew.kernel.lanes));
  const auto work = [&](std::int64_t number, int worker) {
    const std::int64_t first = crew.first(number);
    Block block = {};
    block.used = crew.used(number, replicas);
    block.seeds = seeds.data();
    block.memory = memory[static_cast<std::size_t>(worker)].get();
    block.stop = reinterpret_cast<const int*>(&stop);
    Look part = look;
    part.weights += first * plan_.parameters;
    if (part.squared_gradients) part.squared_gradients += first * plan_.variable_count;
    std::vector<float*> outputs;
    for (int w = 0; w < look.wanted_count; ++w)
      outputs.push_back(look.outputs[w] + first * look.rows.rows * units(look.wanted[w]));
    part.outputs = outputs.data();
    crew.kernel.look(plan_, block, part);
  };
  return over_blocks(crew.blocks, crew.threads, stop, work, done, heartbeat);
}

std::vector<std::string> kernels() {
  std::vector<std::string> names;
  for (const Kernel& kernel : available()) names.emplace_back(kernel.name);
  return names;
}

double multiply_add_peak(double seconds) { return available().front().peak(seconds); }

}  // namespace unstuck
