// What Python sees: programs, arrays that stay, and the names of what a program is made of.
//
// Arrays come as four-byte numbers in a row, whatever their type. The GIL is released while a program
// runs, so that each of Python's threads trains a replica of its own.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstring>
#include <stdexcept>

#include "program.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace unstuck {
namespace {

template <class T>
using Row = nb::ndarray<const T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Numbers = Row<std::uint32_t>;
using Changed = nb::ndarray<std::uint32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

Program* program(Row<Word> words, nb::ndarray<const Word, nb::ndim<2>, nb::c_contig, nb::device::cpu> slots,
                 std::size_t arena, const std::vector<Numbers>& constants,
                 std::vector<std::size_t> inputs, std::vector<std::size_t> outputs) {
  if (slots.shape(1) != 2) throw std::invalid_argument("slots are pairs");
  std::vector<Slot> places;
  for (std::size_t i = 0; i < slots.shape(0); ++i)
    places.push_back({static_cast<Place>(slots(i, 0)), slots(i, 1)});
  std::vector<Buffer> kept;
  for (const Numbers& one : constants) kept.emplace_back(one.data(), 4 * one.shape(0));
  return new Program(std::vector<Word>(words.data(), words.data() + words.shape(0)), std::move(places),
                     arena, std::move(kept), std::move(inputs), std::move(outputs));
}

// Buffers with those numbers, in the sizes that a program takes them.
std::vector<Buffer> taken(const std::vector<Numbers>& arrays, const std::vector<std::size_t>& bytes) {
  if (arrays.size() > bytes.size())
    throw std::invalid_argument("a program was given another number of arrays than it takes");
  std::vector<Buffer> held;
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    if (4 * arrays[i].shape(0) != bytes[i])
      throw std::invalid_argument("array " + std::to_string(i) + " has another size than the program's");
    held.emplace_back(arrays[i].data(), bytes[i]);
  }
  return held;
}

std::vector<char*> places(const std::vector<Buffer>& buffers) {
  std::vector<char*> list;
  for (const Buffer& one : buffers) list.push_back(one.data());
  return list;
}

void hand_back(const std::vector<Buffer>& buffers, const std::vector<Changed>& to) {
  if (buffers.size() != to.size()) throw std::invalid_argument("results are another number of arrays");
  for (std::size_t i = 0; i < to.size(); ++i) {
    if (4 * to[i].shape(0) != buffers[i].bytes())
      throw std::invalid_argument("result " + std::to_string(i) + " has another size");
    std::memcpy(to[i].data(), buffers[i].data(), buffers[i].bytes());
  }
}

void run(const Program& program, const std::vector<Numbers>& inputs,
         const std::vector<const Buffer*>& shared, const std::vector<Changed>& outputs,
         const std::string& kernel) {
  const std::vector<Buffer> held = taken(inputs, program.inputs());
  std::vector<char*> all = places(held);
  for (const Buffer* one : shared) all.push_back(one->data());
  std::vector<Buffer> results;
  for (std::size_t bytes : program.outputs()) results.emplace_back(bytes);
  {
    nb::gil_scoped_release released;
    Session(program, all, places(results), kernel).run();
  }
  hand_back(results, outputs);
}

void updates(const Program* full, const Program* rest, const std::vector<Changed>& state,
             const std::vector<const Buffer*>& data, Row<std::int32_t> order, std::size_t batch,
             const std::vector<Changed>& outputs, const std::string& kernel) {
  const Program& any = full ? *full : *rest;
  std::vector<Numbers> begin;
  for (const Changed& one : state) begin.emplace_back(one);
  const std::vector<Buffer> held = taken(begin, any.inputs());
  std::vector<Buffer> results;
  for (std::size_t bytes : any.outputs()) results.emplace_back(bytes);
  std::vector<char*> rows;
  for (const Buffer* one : data) rows.push_back(one->data());
  {
    nb::gil_scoped_release released;
    train(full, rest, places(held), rows, order.data(), order.shape(0), batch, places(results), kernel);
  }
  hand_back(held, state);
  hand_back(results, outputs);
}

template <std::size_t Count>
nb::dict numbered(const char* const (&names)[Count]) {
  nb::dict numbers;
  for (std::size_t i = 0; i < Count; ++i) numbers[names[i]] = i;
  return numbers;
}

}  // namespace
}  // namespace unstuck

NB_MODULE(machine, m) {
  using namespace unstuck;
#define X(name) #name,
  const char* const operations[] = {UNSTUCK_OPERATIONS(X)};
  const char* const steps[] = {UNSTUCK_STEPS(X)};
  const char* const merges[] = {UNSTUCK_MERGES(X)};
#undef X
  m.attr("OPERATIONS") = numbered(operations);
  m.attr("STEPS") = numbered(steps);
  m.attr("MERGES") = numbered(merges);
  m.attr("CHUNK") = chunk;
  m.attr("REGISTERS") = most_registers;
  m.attr("AXES") = most_axes;
  m.attr("MARGIN") = margin;
  m.def("kernels", &kernels);
  nb::class_<Buffer>(m, "Buffer").def(
      "__init__",
      [](Buffer* self, Numbers data) { new (self) Buffer(data.data(), 4 * data.shape(0)); }, "data"_a);
  nb::class_<Program>(m, "Program")
      .def(nb::new_(&program), "words"_a, "slots"_a, "arena"_a, "constants"_a, "inputs"_a, "outputs"_a)
      .def_prop_ro("arena", &Program::arena)
      .def("run", &run, "inputs"_a, "shared"_a, "outputs"_a, "kernel"_a = "");
  m.def("updates", &updates, "full"_a.none(), "rest"_a.none(), "state"_a, "data"_a, "order"_a, "batch"_a,
        "outputs"_a, "kernel"_a = "");
}
