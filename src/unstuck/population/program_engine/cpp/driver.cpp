// Programs on the widest instruction set that this machine runs, one thread each.
#include <cstring>
#include <stdexcept>

#include "kernel.hpp"
#include "program.hpp"

namespace unstuck {

namespace {

struct Kernel {
  const char* name;
  void (*run)(const Frame&, const Word*, Word);
};

const std::vector<Kernel>& available() {
  static const std::vector<Kernel> found = [] {
    std::vector<Kernel> list;
#ifdef UNSTUCK_X86
    if (has_avx512()) list.push_back({"avx512", avx512::run});
    if (has_avx2()) list.push_back({"avx2", avx2::run});
#endif
    list.push_back({"baseline", baseline::run});
    return list;
  }();
  return found;
}

// Intermediate results of whatever a thread runs; kept for its next program.
struct Memory {
  std::unique_ptr<char, Free> data;
  std::size_t bytes = 0;

  char* room(std::size_t wanted) {
    if (wanted > bytes) {
      data.reset();
      data = aligned<char>(wanted);
      std::memset(data.get(), 0, wanted);
      bytes = wanted;
    }
    return data.get();
  }
};

thread_local Memory memory;

constexpr std::size_t work = (most_registers * register_numbers + panel_numbers) * sizeof(float) + margin;

}  // namespace

Buffer::Buffer(std::size_t bytes) : data_(aligned<char>(bytes + 2 * margin)), bytes_(bytes) {
  std::memset(data_.get(), 0, bytes + 2 * margin);
}

Buffer::Buffer(const void* data, std::size_t bytes) : Buffer(bytes) {
  std::memcpy(data_.get(), data, bytes);
}

Program::Program(std::vector<Word> words, std::vector<Slot> slots, std::size_t arena,
                 std::vector<Buffer> constants, std::vector<std::size_t> inputs,
                 std::vector<std::size_t> outputs)
    : words_(std::move(words)),
      slots_(std::move(slots)),
      arena_(arena),
      constants_(std::move(constants)),
      inputs_(std::move(inputs)),
      outputs_(std::move(outputs)) {
  for (const Slot& slot : slots_) {
    const Word counts[] = {static_cast<Word>(arena_), static_cast<Word>(constants_.size()),
                           static_cast<Word>(inputs_.size()), static_cast<Word>(outputs_.size()), 1};
    const Word place = static_cast<Word>(slot.place);
    if (place < 0 || place > 4 || slot.at < 0 || slot.at >= counts[place])
      throw std::invalid_argument("a slot lies outside of its program");
  }
}

Session::Session(const Program& program, const std::vector<char*>& inputs,
                 const std::vector<char*>& outputs, const std::string& kernel)
    : program_(program), slots_(program.slots_.size()), run_(nullptr) {
  for (const Kernel& one : available())
    if (!run_ && (kernel.empty() || kernel == one.name)) run_ = one.run;
  if (!run_) throw std::invalid_argument("this machine runs no kernel named " + kernel);
  if (inputs.size() != program.inputs_.size() || outputs.size() != program.outputs_.size())
    throw std::invalid_argument("a program was given another number of arrays than it takes");
  char* arena = memory.room(program.arena_ + margin + work) + work / margin * margin;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const Slot& slot = program.slots_[i];
    const auto at = static_cast<std::size_t>(slot.at);
    switch (slot.place) {
      case Place::arena: slots_[i] = arena + slot.at; break;
      case Place::constant: slots_[i] = program.constants_[at].data(); break;
      case Place::input: slots_[i] = inputs[at]; break;
      case Place::output: slots_[i] = outputs[at]; break;
      case Place::moving: slots_[i] = nullptr;
    }
  }
}

void Session::run() const {
  FlushDenormals flush;
  float* room = reinterpret_cast<float*>(memory.room(program_.arena_ + margin + work));
  const Frame frame = {const_cast<char**>(slots_.data()), room, room + most_registers * register_numbers};
  run_(frame, program_.words_.data(), static_cast<Word>(program_.words_.size()));
}

void train(const Program* full, const Program* rest, const std::vector<char*>& state,
           const std::vector<char*>& data, const std::int32_t* order, std::size_t rows,
           std::size_t batch, const std::vector<char*>& outputs, const std::string& kernel) {
  if (batch == 0 || (rows >= batch && !full) || (rows % batch && !rest))
    throw std::invalid_argument("there is no program for a batch of that size");
  const Buffer picked(batch * sizeof(std::int32_t));
  std::vector<char*> inputs = state;
  inputs.insert(inputs.end(), data.begin(), data.end());
  inputs.push_back(picked.data());
  std::size_t most = 0;  // so that a second session moves nothing under the first
  for (const Program* program : {full, rest})
    if (program) most = std::max(most, program->arena());
  memory.room(most + margin + work);
  std::unique_ptr<Session> whole, part;
  if (rows >= batch) whole = std::make_unique<Session>(*full, inputs, outputs, kernel);
  if (rows % batch) part = std::make_unique<Session>(*rest, inputs, outputs, kernel);
  for (std::size_t at = 0; at < rows; at += batch) {
    const std::size_t some = std::min(batch, rows - at);
    std::memcpy(picked.data(), order + at, some * sizeof(std::int32_t));
    (some == batch ? whole : part)->run();
  }
}

std::vector<std::string> kernels() {
  std::vector<std::string> names;
  for (const Kernel& kernel : available()) names.emplace_back(kernel.name);
  return names;
}

}  // namespace unstuck
