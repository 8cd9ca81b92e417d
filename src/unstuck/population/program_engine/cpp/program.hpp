// A program as it is kept: its words, its constants, and where each slot lies.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "../../native_engine/cpp/processor.hpp"
#include "code.hpp"

namespace unstuck {

// Bytes behind every array that may be read, and up to whose next multiple may be written.
constexpr std::size_t margin = 64;

// An array of four-byte numbers, aligned and with room behind it.
class Buffer {
 public:
  explicit Buffer(std::size_t bytes);
  Buffer(const void* data, std::size_t bytes);
  char* data() const { return data_.get(); }
  std::size_t bytes() const { return bytes_; }

 private:
  std::unique_ptr<char, Free> data_;
  std::size_t bytes_;
};

enum class Place : Word { arena, constant, input, output, moving };

struct Slot {
  Place place;
  Word at;  // offset in bytes, or number
};

class Program {
 public:
  Program(std::vector<Word> words, std::vector<Slot> slots, std::size_t arena,
          std::vector<Buffer> constants, std::vector<std::size_t> inputs,
          std::vector<std::size_t> outputs);

  Program(const Program&) = delete;

  const std::vector<std::size_t>& inputs() const { return inputs_; }    // bytes of each
  const std::vector<std::size_t>& outputs() const { return outputs_; }  // bytes of each
  std::size_t arena() const { return arena_; }

 private:
  friend class Session;
  std::vector<Word> words_;
  std::vector<Slot> slots_;
  std::size_t arena_;
  std::vector<Buffer> constants_;
  std::vector<std::size_t> inputs_, outputs_;
};

// A program on one thread, with its inputs and outputs in place; it may run many times.
class Session {
 public:
  Session(const Program& program, const std::vector<char*>& inputs,
          const std::vector<char*>& outputs, const std::string& kernel);
  void run() const;

 private:
  const Program& program_;
  std::vector<char*> slots_;
  void (*run_)(const Frame&, const Word*, Word);
};

// Updates of one replica, batch after batch. `full` and `rest` (may be null where there is no shorter
// batch) take the state, the data and the numbers of the rows; they change the state in place.
void train(const Program* full, const Program* rest, const std::vector<char*>& state,
           const std::vector<char*>& data, const std::int32_t* order, std::size_t rows,
           std::size_t batch, const std::vector<char*>& outputs, const std::string& kernel);

std::vector<std::string> kernels();

}  // namespace unstuck
