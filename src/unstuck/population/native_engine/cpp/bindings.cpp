// What Python sees: plain structs to describe a network, and a Program that trains it.
//
// Every array is checked here against the sizes that the program knows; what does not fit raises
// ValueError. The GIL is released while the threads work; Ctrl-C and the progress function are
// looked after from the thread that called.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <optional>
#include <stdexcept>

#include "program.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace unstuck {
namespace {

template <class T, std::size_t Dimensions>
using In = nb::ndarray<const T, nb::ndim<Dimensions>, nb::c_contig, nb::device::cpu>;
using Out = nb::ndarray<nb::numpy, float>;

void require(bool holds, const char* otherwise) {
  if (!holds) throw std::invalid_argument(otherwise);
}

Out array(std::vector<std::size_t> shape) {
  std::size_t size = 1;
  for (std::size_t extent : shape) {
    require(extent == 0 || size <= (std::size_t{1} << 40) / extent, "a result would be too large");
    size *= extent;
  }
  auto data = std::make_unique<float[]>(std::max<std::size_t>(size, 1));
  nb::capsule owner(data.get(), [](void* p) noexcept { delete[] static_cast<float*>(p); });
  float* raw = data.release();
  return Out(raw, shape.size(), shape.data(), owner);
}

struct PyRows {  // keeps the arrays alive
  In<float, 2> x;
  std::optional<In<float, 2>> y;
  std::optional<In<float, 1>> weight;

  Rows checked(const Program& program) const {
    const std::size_t rows = x.shape(0);
    require(rows > 0 && rows < (std::size_t{1} << 31), "there must be between 1 and 2^31 rows");
    require(x.shape(1) == static_cast<std::size_t>(program.features()),
            "inputs have another number of features than the network");
    if (y) {
      require(y->shape(0) == rows, "inputs and targets have unequal numbers of rows");
      require(y->shape(1) == static_cast<std::size_t>(program.target_units()),
              "targets have another size than the network's outputs");
    }
    if (weight) require(weight->shape(0) == rows, "inputs and sample weights differ in length");
    return {x.data(), y ? y->data() : nullptr, weight ? weight->data() : nullptr,
            static_cast<std::int64_t>(rows)};
  }
};

// Python's side of the waiting: signals, then the progress function; keeps what they raised.
class Watch {
 public:
  explicit Watch(std::optional<nb::callable> progress) : progress_(std::move(progress)) {}

  bool operator()(long long done) {
    nb::gil_scoped_acquire held;
    try {
      if (PyErr_CheckSignals() != 0) throw nb::python_error();
      if (progress_) (*progress_)(done);
    } catch (...) {
      raised_ = std::current_exception();
    }
    return raised_ == nullptr;
  }

  void raise() const {
    if (raised_) std::rethrow_exception(raised_);
  }

 private:
  std::optional<nb::callable> progress_;
  std::exception_ptr raised_;
};

nb::tuple train(const Program& program, const PyRows& rows, const std::optional<PyRows>& validation,
                const PyRows& judged, const In<float, 2>& steps, const In<std::uint64_t, 1>& seeds,
                const In<float, 2>& start, std::int32_t epochs, bool shuffle, std::uint64_t salt,
                const std::optional<In<float, 1>>& rates,
                const std::optional<In<std::int32_t, 3>>& order, int threads,
                const std::string& kernel, std::optional<nb::callable> progress,
                const std::optional<In<float, 2>>& stopping,
                std::optional<nb::ndarray<std::int32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>>
                    ended) {
  Training t = {};
  const std::size_t replicas = seeds.shape(0);
  require(replicas > 0, "there must be at least one replica");
  require(epochs > 0, "there must be at least one epoch");
  require(threads > 0 && threads <= 1024, "threads must lie between 1 and 1024");
  t.replicas = static_cast<std::int64_t>(replicas);
  t.epochs = epochs;
  t.shuffle = shuffle;
  t.salt = salt;
  t.train = rows.checked(program);
  require(t.train.y, "training needs targets");
  if (validation) {
    t.validation = validation->checked(program);
    require(t.validation.y, "validation needs targets");
  }
  t.judged = judged.checked(program);
  require(t.judged.y, "the final loss needs targets");
  const std::int64_t updates = ((t.train.rows - 1) / program.batch_size() + 1) * epochs;
  require(steps.shape(0) == static_cast<std::size_t>(updates) && steps.shape(1) == step_numbers,
          "the numbers of the steps do not fit the number of updates");
  const auto parameters = static_cast<std::size_t>(program.parameters());
  require(start.shape(0) == replicas && start.shape(1) == parameters,
          "initial weights have another shape than [replicas, parameters]");
  require(!rates || rates->shape(0) == replicas, "there must be one rate for each replica");
  if (order) {
    const auto n = static_cast<std::size_t>(t.train.rows);
    require(order->shape(0) == replicas && order->shape(2) == n &&
                order->shape(1) == static_cast<std::size_t>(epochs),
            "the order must have the shape [replicas, epochs, rows]");
    for (std::size_t k = 0; k < order->size(); ++k)
      require(order->data()[k] >= 0 && order->data()[k] < t.train.rows,
              "the order names a row that does not exist");
  }
  std::vector<Stopping> stoppings;
  if (stopping) {
    require(stopping->shape(0) <= most_stoppings && stopping->shape(1) == stopping_numbers,
            "the rules that stop a replica have another shape than [at most 4 rules, 8 numbers]");
    require(ended && ended->shape(0) == replicas, "there must be one end for each replica");
    for (std::size_t k = 0; k < stopping->shape(0); ++k) {
      const float* n = stopping->data() + k * stopping_numbers;
      stoppings.push_back({n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7]});
      require(validation || stoppings.back().validation == 0,
              "a rule watches the validation loss, but there are no rows to validate on");
    }
    t.ended = ended->data();
  }
  t.stoppings = stoppings.data();
  t.stopping_count = static_cast<std::int32_t>(stoppings.size());
  const auto length = static_cast<std::size_t>(epochs);
  const Out end = array({replicas, parameters}), loss = array({replicas, length}),
            final_loss = array({replicas}),
            validation_loss = array({validation ? replicas : 0, length});
  t.steps = steps.data();
  t.seeds = seeds.data();
  t.start = start.data();
  t.rates = rates ? rates->data() : nullptr;
  t.order = order ? order->data() : nullptr;
  t.end = end.data();
  t.loss = loss.data();
  t.final_loss = final_loss.data();
  t.validation_loss = validation ? validation_loss.data() : nullptr;
  Watch watch(std::move(progress));
  {
    nb::gil_scoped_release released;
    program.train(t, threads, kernel, [&](long long done) { return watch(done); });
  }
  watch.raise();
  return nb::make_tuple(loss, validation_loss, final_loss, end);
}

nb::tuple look(const Program& program, const In<float, 2>& weights, const PyRows& rows,
               const std::vector<std::int32_t>& wanted, bool gradients, int threads) {
  const std::size_t replicas = weights.shape(0);
  require(replicas > 0, "there must be at least one replica");
  require(threads > 0 && threads <= 1024, "threads must lie between 1 and 1024");
  require(weights.shape(1) == static_cast<std::size_t>(program.parameters()),
          "weights have another shape than [replicas, parameters]");
  Look at = {};
  at.weights = weights.data();
  at.rows = rows.checked(program);
  require(at.rows.y || !gradients, "gradients need targets");
  std::vector<Out> outputs;
  std::vector<float*> places;
  for (std::int32_t node : wanted) {
    outputs.push_back(array({replicas, static_cast<std::size_t>(at.rows.rows),
                             static_cast<std::size_t>(program.units(node))}));
    places.push_back(outputs.back().data());
  }
  const Out squares =
      array({gradients ? replicas : 0, static_cast<std::size_t>(program.variable_count())});
  at.wanted = wanted.data();
  at.wanted_count = static_cast<std::int32_t>(wanted.size());
  at.outputs = places.data();
  at.squared_gradients = gradients ? squares.data() : nullptr;
  Watch watch({});
  {
    nb::gil_scoped_release released;
    program.look(static_cast<std::int64_t>(replicas), at, threads,
                 [&](long long done) { return watch(done); });
  }
  watch.raise();
  return nb::make_tuple(outputs, squares);
}

struct PyNode {  // keeps its constants
  Node node = {};
  std::vector<float> constants;
};

}  // namespace
}  // namespace unstuck

NB_MODULE(kernels, m) {
  using namespace unstuck;
  m.doc() = "Training of dense networks, one replica in each SIMD lane.";

  nb::enum_<Op>(m, "Op")
      .value("input", Op::input).value("dense", Op::dense).value("activation", Op::activation)
      .value("softmax", Op::softmax).value("log_softmax", Op::log_softmax)
      .value("dropout", Op::dropout).value("affine", Op::affine)
      .value("batch_norm", Op::batch_norm).value("add", Op::add).value("subtract", Op::subtract)
      .value("multiply", Op::multiply).value("concatenate", Op::concatenate)
      .value("lookup", Op::lookup).value("repeat", Op::repeat).value("mean", Op::mean)
      .value("simple_rnn", Op::simple_rnn).value("lstm", Op::lstm).value("gru", Op::gru)
      .value("penalty", Op::penalty);

#define VALUE(name) .value(#name, Function::name)
  nb::enum_<Function>(m, "Function")
      VALUE(linear) VALUE(relu) VALUE(relu_general) VALUE(leaky_relu) VALUE(elu) VALUE(selu)
      VALUE(celu) VALUE(sigmoid) VALUE(tanh) VALUE(softplus) VALUE(softsign) VALUE(silu)
      VALUE(gelu) VALUE(gelu_tanh) VALUE(exponential) VALUE(hard_sigmoid) VALUE(hard_silu)
      VALUE(hard_tanh) VALUE(mish) VALUE(log_sigmoid) VALUE(tanh_shrink) VALUE(soft_shrink)
      VALUE(hard_shrink) VALUE(squareplus) VALUE(sparse_plus) VALUE(sparse_sigmoid);
#undef VALUE
#define VALUE(name) .value(#name, LossKind::name)
  nb::enum_<LossKind>(m, "LossKind")
      VALUE(mean_squared_error) VALUE(mean_absolute_error) VALUE(mean_absolute_percentage_error)
      VALUE(mean_squared_logarithmic_error) VALUE(huber) VALUE(log_cosh) VALUE(hinge)
      VALUE(squared_hinge) VALUE(poisson) VALUE(kl_divergence) VALUE(binary_crossentropy)
      VALUE(binary_crossentropy_logs) VALUE(binary_crossentropy_logits) VALUE(categorical_crossentropy)
      VALUE(categorical_crossentropy_logits) VALUE(sparse_crossentropy)
      VALUE(sparse_crossentropy_logits);
#undef VALUE
#define VALUE(name) .value(#name, OptimizerKind::name)
  nb::enum_<OptimizerKind>(m, "OptimizerKind")
      VALUE(sgd) VALUE(adam) VALUE(nadam) VALUE(adamax) VALUE(rmsprop) VALUE(adagrad)
      VALUE(adadelta);
#undef VALUE

  nb::class_<PyNode>(m, "Node")
      .def("__init__",
           [](PyNode* self, Op op, std::int32_t units, std::int32_t first, std::int32_t second,
              Function function, std::vector<std::int32_t> variables, std::vector<float> p,
              bool training, std::vector<float> constants, std::int32_t steps, Function gate,
              std::int32_t backwards, bool sequences) {
             require(variables.size() <= 4 && p.size() <= 4, "a node takes four numbers at most");
             require(op != Op::affine || constants.size() == 3 * static_cast<std::size_t>(units),
                     "an affine node needs three constants for each unit");
             new (self) PyNode;
             Node& n = self->node;
             n.op = op, n.units = units, n.first = first, n.second = second;
             n.function = function, n.training = training;
             n.steps = steps, n.gate = gate, n.backwards = backwards, n.sequences = sequences;
             n.a = n.b = n.c = n.d = -1;
             std::int32_t* slots[] = {&n.a, &n.b, &n.c, &n.d};
             for (std::size_t k = 0; k < variables.size(); ++k) *slots[k] = variables[k];
             for (std::size_t k = 0; k < p.size(); ++k) n.p[k] = p[k];
             self->constants = std::move(constants);
           },
           nb::kw_only(), "op"_a, "units"_a, "first"_a = -1, "second"_a = -1,
           "function"_a = Function::linear, "variables"_a = std::vector<std::int32_t>(),
           "p"_a = std::vector<float>(), "training"_a = false,
           "constants"_a = std::vector<float>(), "steps"_a = 1, "gate"_a = Function::linear,
           "backwards"_a = 0, "sequences"_a = false);

  nb::class_<Variable>(m, "Variable")
      .def("__init__",
           [](Variable* self, std::int32_t rows, std::int32_t columns, bool trainable, float l1,
              float l2) { new (self) Variable{rows, columns, trainable, l1, l2, 0}; },
           nb::kw_only(), "rows"_a, "columns"_a, "trainable"_a, "l1"_a = 0.0f, "l2"_a = 0.0f);

  nb::class_<Loss>(m, "Loss")
      .def("__init__",
           [](Loss* self, LossKind kind, std::int32_t target_units, float factor, float p, bool sum,
              bool weighted_mean, bool binary) {
             new (self) Loss{kind, p, factor, target_units, sum, weighted_mean, binary};
           },
           nb::kw_only(), "kind"_a, "target_units"_a, "factor"_a = 1.0f, "p"_a = 0.0f,
           "sum"_a = false, "weighted_mean"_a = false, "binary"_a = false);

  nb::class_<Optimizer>(m, "Optimizer")
      .def("__init__",
           [](Optimizer* self, OptimizerKind kind, std::int32_t slots, std::vector<float> constants,
              bool nesterov, bool amsgrad, bool centered, float weight_decay, float clipnorm,
              float global_clipnorm, float clipvalue, float slot_start) {
             require(constants.size() <= 8, "an optimizer takes eight constants at most");
             new (self) Optimizer{kind, slots, nesterov, amsgrad, centered, weight_decay, clipnorm,
                                  global_clipnorm, clipvalue, {}, slot_start};
             std::copy(constants.begin(), constants.end(), self->c);
           },
           nb::kw_only(), "kind"_a, "slots"_a, "constants"_a, "nesterov"_a = false,
           "amsgrad"_a = false, "centered"_a = false, "weight_decay"_a = 0.0f,
           "clipnorm"_a = 0.0f, "global_clipnorm"_a = 0.0f, "clipvalue"_a = 0.0f,
           "slot_start"_a = 0.0f);

  nb::class_<PyRows>(m, "Rows")
      .def("__init__",
           [](PyRows* self, In<float, 2> x, std::optional<In<float, 2>> y,
              std::optional<In<float, 1>> weight) { new (self) PyRows{x, y, weight}; },
           "x"_a, "y"_a.none() = nb::none(), "weight"_a.none() = nb::none());

  nb::class_<Program>(m, "Program")
      .def("__init__",
           [](Program* self, const std::vector<PyNode*>& nodes,
              const std::vector<Variable*>& variables, const Loss& loss,
              const Optimizer& optimizer, std::int32_t batch_size) {
             std::vector<Node> plain;
             for (const PyNode* node : nodes) {
               plain.push_back(node->node);
               plain.back().constants = node->constants.data();
             }
             std::vector<Variable> shapes;
             for (const Variable* variable : variables) shapes.push_back(*variable);
             new (self) Program(std::move(plain), std::move(shapes), loss, optimizer, batch_size);
           },
           nb::keep_alive<1, 2>(), "nodes"_a, "variables"_a, "loss"_a, "optimizer"_a,
           "batch_size"_a)
      .def_prop_ro("parameters", &Program::parameters)
      .def("train", &train, nb::kw_only(), "rows"_a, "validation"_a.none(), "judged"_a, "steps"_a, "seeds"_a,
           "start"_a, "epochs"_a, "shuffle"_a, "salt"_a, "rates"_a.none(), "order"_a.none(),
           "threads"_a, "kernel"_a = "", "progress"_a.none() = nb::none(),
           "stopping"_a.none() = nb::none(), "ended"_a.none() = nb::none())
      .def("look", &look, nb::kw_only(), "weights"_a, "rows"_a, "wanted"_a, "gradients"_a,
           "threads"_a);

  m.def("available", &kernels, "Names of the kernels that this machine runs, widest first.");
  m.def("multiply_add_peak", &multiply_add_peak, "seconds"_a);
}
