// What a training is made of, as plain data that every compiled kernel reads.
//
// Plain structs of numbers and pointers only: the kernels are compiled for several instruction
// sets, and anything of the standard library in them could be picked by the linker for all.
#pragma once

#include <cstddef>
#include <cstdint>

namespace unstuck {

enum class Op : std::int32_t {
  input,       // the rows
  dense,       // units of `first` times variable a, plus variable b, for each step
  activation,  // elementwise, `function` with parameters p
  softmax,
  log_softmax,
  dropout,     // p[0] = rate; what is dropped is the same at each step
  affine,      // (x - offset) * scale + shift, constants of each unit
  batch_norm,  // variables a..d = gamma, beta, moving mean, moving variance; p = momentum, epsilon
  add,
  subtract,
  multiply,
  concatenate, // for each step
  lookup,      // rows of variable a, by the numbers in `first`
  repeat,      // `first` once for each step
  mean,        // over the steps of `first`
  simple_rnn,  // variables a..c = kernel, recurrent kernel, bias, over the steps of `first`
  lstm,
  gru,
  penalty,     // passes through; adds p[0] * sum|x| + p[1] * sum x^2, over the batch's rows
};

enum class Function : std::int32_t {
  linear, relu, relu_general, leaky_relu, elu, selu, celu, sigmoid, tanh, softplus, softsign, silu,
  gelu, gelu_tanh, exponential, hard_sigmoid, hard_silu, hard_tanh, mish, log_sigmoid, tanh_shrink,
  soft_shrink, hard_shrink, squareplus, sparse_plus, sparse_sigmoid, count,
};

enum class LossKind : std::int32_t {
  mean_squared_error, mean_absolute_error, mean_absolute_percentage_error,
  mean_squared_logarithmic_error, huber, log_cosh, hinge, squared_hinge, poisson, kl_divergence,
  binary_crossentropy, binary_crossentropy_logs, binary_crossentropy_logits, categorical_crossentropy,
  categorical_crossentropy_logits, sparse_crossentropy, sparse_crossentropy_logits, count,
};

enum class OptimizerKind : std::int32_t {
  sgd, adam, nadam, adamax, rmsprop, adagrad, adadelta, count,
};

struct Node {
  Op op;
  Function function;
  std::int32_t first, second;  // nodes read; -1: none
  std::int32_t units;
  std::int32_t a, b, c, d;     // variables; -1: none
  std::int32_t training;       // batch_norm: uses the batch's statistics while training
  std::int32_t steps;          // of a sequence, its units one after the other; 1: none
  Function gate;               // recurrent layers: of their gates
  std::int32_t backwards;      // likewise: 1 from the end, 2 also puts out by place in the sequence
  std::int32_t sequences;      // likewise: puts out every step
  std::int32_t wants_gradient; // something trainable lies at or before this node
  float p[4];
  const float* constants;      // affine: offset, scale, shift, each [units]
  // Filled by the planner. A node that several others read gets their gradients one by one: the
  // first to come sets it, later ones add. Places are in vectors, a row after another.
  std::int32_t first_adds, second_adds;
  std::int32_t stride, scratch_stride;
  std::ptrdiff_t out, gradient, scratch;
};

// Gates of a recurrent layer, the candidate among them; 0 for anything else.
inline int gates_of(Op op) {
  return op == Op::lstm ? 4 : op == Op::gru ? 3 : op == Op::simple_rnn ? 1 : 0;
}

// Vectors of scratch that a row of it needs, as `recurrent.hpp` lays them out.
inline int recurrent_scratch(int steps, int gates, int units) {
  return steps * (gates + 2) * units + (3 * gates + 4) * units;
}

struct Variable {
  std::int32_t rows, columns;  // a kernel's inputs and outputs; one row for anything else
  std::int32_t trainable;
  float l1, l2;
  std::ptrdiff_t offset;       // in the parameters of a replica
  std::ptrdiff_t size() const { return static_cast<std::ptrdiff_t>(rows) * columns; }
};

struct Loss {
  LossKind kind;
  float p;                     // huber: delta
  float factor;                // loss weight times 1 / (units averaged over)
  std::int32_t target_units;   // 1 for class numbers
  std::int32_t sum;            // reduction "sum": not divided by the rows
  std::int32_t weighted_mean;  // reduction "mean_with_sample_weight"
  std::int32_t binary;         // all targets are 0 or 1
};

struct Optimizer {
  OptimizerKind kind;
  std::int32_t slots;
  std::int32_t nesterov, amsgrad, centered;
  float weight_decay, clipnorm, global_clipnorm, clipvalue;  // 0: none
  float c[8];                  // the kind's constants, in the order of its update
  float slot_start;            // initial value of the state
};

struct Rows {
  const float* x;              // [rows, features]
  const float* y;              // [rows, target units]
  const float* weight;         // [rows] or null
  std::int64_t rows;
};

// Ends a replica whose watched loss has not improved for `patience` epochs, as Keras's EarlyStopping.
struct Stopping {
  float validation;            // 1: watches the validation loss; 0: the training loss
  float rises;                 // 1: larger is better
  float patience, min_delta;
  float baseline;              // NaN: none
  float restore;               // 1: the weights of the best epoch are put back at the end
  float start_from;            // epochs before it, in fit's counting, are not looked at
  float first_epoch;           // what fit counts from
};

constexpr int stopping_numbers = 8;
constexpr int most_stoppings = 4;

constexpr int step_numbers = 6;  // per step: the rate, then what the optimizer's update needs

struct Plan {
  const Node* nodes;
  std::int32_t node_count;
  const Variable* variables;
  std::int32_t variable_count;
  std::ptrdiff_t parameters;   // of one replica
  Loss loss;
  Optimizer optimizer;
  const float* steps;          // [updates, step_numbers]
  Rows train, validation;      // validation.rows = 0: none
  Rows judged;                 // what the final loss is taken on, as `evaluate` takes it
  const Stopping* stoppings;
  std::int32_t stopping_count;
  std::int32_t epochs, batch_size;
  std::int32_t chunk;          // rows that go through the network at a time
  std::int32_t shuffle;
  std::uint64_t salt;
  std::ptrdiff_t workspace;    // vectors of node outputs and gradients
};

// One block: as many replicas as the kernel has lanes. Lanes beyond `used` repeat the last replica.
struct Block {
  int used;
  const std::uint64_t* seeds;    // [lanes]
  const float* rates;            // [lanes] or null: learning rates instead of the plan's
  const std::int32_t* order;     // [used, epochs, rows] or null
  const float* start;            // [used, parameters], as Keras lays them out
  float* end;                    // likewise
  float* loss;                   // [used, epochs]
  float* validation_loss;        // [used, epochs]
  float* final_loss;             // [used]
  std::int32_t* ended;           // [used] or null: after how many epochs each replica stopped
  float* memory;                 // aligned; see memory_vectors
  std::int32_t* indices;         // [rows of training, lanes]
  const int* stop;               // polled
  long long* progress;           // replicas x epochs done, added to atomically
};

// What `look` computes besides outputs.
struct Look {
  const float* weights;          // [used, parameters]
  Rows rows;
  const std::int32_t* wanted;    // node numbers whose outputs are kept
  std::int32_t wanted_count;
  float* const* outputs;         // for each: [used, rows, units]
  float* squared_gradients;      // [used, variables] or null: summed squares of the loss's gradient
};

}  // namespace unstuck
