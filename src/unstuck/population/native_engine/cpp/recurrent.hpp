// Recurrent layers over a sequence of steps: forward, and backward through time.
//
// A step's columns in the scratch of a row: the sums that go into the gates, then a cell (the LSTM's
// state; the GRU's recurrent part of its candidate), then the output. Behind the last step lies what
// is needed for one step only. Gates stand in Keras's order: i f c o, z r h.
#pragma once

#include "activations.hpp"
#include "dense.hpp"

namespace unstuck::UNSTUCK_TARGET {

struct Recurrent {
  Op cell;
  Function function, gate;
  const float* p;              // of the function; a gate's has none
  int steps, features, units, gates;
  bool backwards;              // steps through the sequence from its end
  bool aligned;                // puts out by the place in the sequence, not by the step
  bool sequences;              // puts out every step, not the last only
  V *kernel, *recurrent, *bias;
  V *kernel_slope, *recurrent_slope, *bias_slope;  // null: not trained
  Matrix scratch;

  int width() const { return (gates + 2) * units; }
  int columns() const { return gates * units; }
  int place(int step) const { return backwards ? steps - 1 - step : step; }
  int slot(int step) const { return sequences ? (aligned ? place(step) : step) * units : 0; }
  Matrix part(int step, int column) const {
    return {scratch.at + step * width() + column, scratch.stride};
  }
  Matrix spare(int column) const { return part(steps, column); }
  Matrix cells(int step) const { return part(step, columns()); }
  Matrix outputs(int step) const { return part(step, columns() + units); }
  V* recurrent_bias() const { return bias && cell == Op::gru ? bias + columns() : nullptr; }
};

static void apply(Function function, const float* p, Matrix from, Matrix to, int rows, int units) {
  with_function(function, p, [&](auto f) __attribute__((always_inline)) {
    for (int b = 0; b < rows; ++b)
      for (int k = 0; k < units; ++k) at(to, b, k) = f.value(at(from, b, k));
  });
}

// to = by * the slope of the function at `from`, whose values are `value`.
static void through(Function function, const float* p, Matrix from, Matrix value, Matrix by,
                    Matrix to, int rows, int units) {
  with_function(function, p, [&](auto f) __attribute__((always_inline)) {
    for (int b = 0; b < rows; ++b)
      for (int k = 0; k < units; ++k)
        at(to, b, k) = at(by, b, k) * f.slope(at(from, b, k), at(value, b, k));
  });
}

// The values of a step's gates, and of what goes through the function, in spare columns [0, gates).
static void open_gates(const Recurrent& r, int step, int rows) {
  const int u = r.units;
  const Matrix z = r.part(step, 0), a = r.spare(0);
  if (r.cell == Op::lstm) {
    apply(r.gate, nullptr, z, a, rows, 2 * u);
    apply(r.function, r.p, shifted(z, 2 * u), shifted(a, 2 * u), rows, u);
    apply(r.gate, nullptr, shifted(z, 3 * u), shifted(a, 3 * u), rows, u);
  } else if (r.cell == Op::gru) {
    const Matrix pre = r.spare(3 * r.columns()), inner = r.cells(step);
    apply(r.gate, nullptr, z, a, rows, 2 * u);
    for (int b = 0; b < rows; ++b)
      for (int k = 0; k < u; ++k)
        at(pre, b, k) = at(z, b, 2 * u + k) + at(a, b, u + k) * at(inner, b, k);
    apply(r.function, r.p, pre, shifted(a, 2 * u), rows, u);
  }
}

static void recurrent_forward(const Recurrent& r, Matrix x, Matrix y, int rows) {
  const int u = r.units, columns = r.columns();
  const Dense in = {r.features, columns, r.kernel, r.bias};
  const Dense across = {u, columns, r.recurrent, r.recurrent_bias()};
  const Matrix a = r.spare(0), sums = r.spare(columns);
  for (int step = 0; step < r.steps; ++step) {
    const Matrix z = r.part(step, 0), cell = r.cells(step), h = r.outputs(step);
    const Matrix before = step ? r.outputs(step - 1) : h, kept = step ? r.cells(step - 1) : cell;
    forward_rows<tile>(in, shifted(x, r.place(step) * r.features), z, rows);
    if (step) {
      forward_rows<tile>(across, before, sums, rows);
    } else {
      for (int b = 0; b < rows; ++b)
        for (int k = 0; k < columns; ++k) at(sums, b, k) = across.bias ? across.bias[k] : V{};
    }
    const int summed = r.cell == Op::gru ? 2 * u : columns;
    for (int b = 0; b < rows; ++b)
      for (int k = 0; k < summed; ++k) at(z, b, k) += at(sums, b, k);
    if (r.cell == Op::gru)
      for (int b = 0; b < rows; ++b)
        for (int k = 0; k < u; ++k) at(cell, b, k) = at(sums, b, 2 * u + k);
    open_gates(r, step, rows);
    if (r.cell == Op::simple_rnn) {
      apply(r.function, r.p, z, h, rows, u);
    } else if (r.cell == Op::lstm) {
      for (int b = 0; b < rows; ++b)
        for (int k = 0; k < u; ++k) {
          const V fresh = at(a, b, k) * at(a, b, 2 * u + k);
          at(cell, b, k) = step ? at(a, b, u + k) * at(kept, b, k) + fresh : fresh;
        }
      apply(r.function, r.p, cell, h, rows, u);
      for (int b = 0; b < rows; ++b)
        for (int k = 0; k < u; ++k) at(h, b, k) *= at(a, b, 3 * u + k);
    } else {
      for (int b = 0; b < rows; ++b)
        for (int k = 0; k < u; ++k) {
          const V fresh = (1.0f - at(a, b, k)) * at(a, b, 2 * u + k);
          at(h, b, k) = step ? at(a, b, k) * at(before, b, k) + fresh : fresh;
        }
    }
    if (r.sequences || step == r.steps - 1)
      for (int b = 0; b < rows; ++b)
        for (int k = 0; k < u; ++k) at(y, b, r.slot(step) + k) = at(h, b, k);
  }
}

// From a step's gradient `dh` to those of its sums, in `dz`; what the recurrent product sees of them
// is in `inner` (for a GRU another, for the others the same). `dh` and `dc` become what the step
// before gets past the recurrent product.
static void step_back(const Recurrent& r, int step, Matrix dh, Matrix dc, Matrix dz, Matrix inner,
                      int rows) {
  const int u = r.units, columns = r.columns();
  const Matrix z = r.part(step, 0), a = r.spare(0), cell = r.cells(step), h = r.outputs(step);
  open_gates(r, step, rows);
  if (r.cell == Op::simple_rnn) {
    through(r.function, r.p, z, h, dh, dz, rows, u);
    for (int b = 0; b < rows; ++b)
      for (int k = 0; k < u; ++k) at(dh, b, k) = V{};
  } else if (r.cell == Op::lstm) {
    const Matrix shown = r.spare(3 * columns), slope = shifted(shown, u);
    apply(r.function, r.p, cell, shown, rows, u);
    for (int b = 0; b < rows; ++b)
      for (int k = 0; k < u; ++k) {
        at(dz, b, 3 * u + k) = at(dh, b, k) * at(shown, b, k);
        at(dh, b, k) *= at(a, b, 3 * u + k);
      }
    through(r.function, r.p, cell, shown, dh, slope, rows, u);
    for (int b = 0; b < rows; ++b)
      for (int k = 0; k < u; ++k) {
        const V d = at(dc, b, k) + at(slope, b, k);
        at(dz, b, k) = d * at(a, b, 2 * u + k);
        at(dz, b, u + k) = step ? d * at(r.cells(step - 1), b, k) : V{};
        at(dz, b, 2 * u + k) = d * at(a, b, k);
        at(dc, b, k) = d * at(a, b, u + k);
        at(dh, b, k) = V{};
      }
    through(r.gate, nullptr, z, a, dz, dz, rows, 2 * u);
    through(r.function, r.p, shifted(z, 2 * u), shifted(a, 2 * u), shifted(dz, 2 * u),
            shifted(dz, 2 * u), rows, u);
    through(r.gate, nullptr, shifted(z, 3 * u), shifted(a, 3 * u), shifted(dz, 3 * u),
            shifted(dz, 3 * u), rows, u);
  } else {
    const Matrix pre = r.spare(3 * columns), fresh = shifted(a, 2 * u), last = shifted(dz, 2 * u);
    for (int b = 0; b < rows; ++b)
      for (int k = 0; k < u; ++k) {
        const V before = step ? at(r.outputs(step - 1), b, k) : V{};
        at(dz, b, k) = at(dh, b, k) * (before - at(fresh, b, k));
        at(last, b, k) = at(dh, b, k) * (1.0f - at(a, b, k));
        at(dh, b, k) *= at(a, b, k);
      }
    through(r.function, r.p, pre, fresh, last, last, rows, u);
    for (int b = 0; b < rows; ++b)
      for (int k = 0; k < u; ++k) {
        at(dz, b, u + k) = at(last, b, k) * at(cell, b, k);
        at(inner, b, 2 * u + k) = at(last, b, k) * at(a, b, u + k);
      }
    through(r.gate, nullptr, z, a, dz, dz, rows, 2 * u);
    for (int b = 0; b < rows; ++b)
      for (int k = 0; k < 2 * u; ++k) at(inner, b, k) = at(dz, b, k);
  }
}

// Gradients of the weights are added to what is there; those of the inputs go to `dx` if it is given.
static void recurrent_back(const Recurrent& r, Matrix x, Matrix dy, Matrix dx, bool add, int rows) {
  const int u = r.units, columns = r.columns();
  const Dense in = {r.features, columns, r.kernel, nullptr};
  const Dense across = {u, columns, r.recurrent, nullptr};
  const Matrix dz = r.spare(columns), inner = r.cell == Op::gru ? r.spare(2 * columns) : dz;
  const Matrix dh = r.spare(3 * columns + 2 * u), dc = r.spare(3 * columns + 3 * u);
  for (int b = 0; b < rows; ++b)
    for (int k = 0; k < u; ++k) at(dh, b, k) = at(dc, b, k) = V{};
  for (int step = r.steps - 1; step >= 0; --step) {
    if (r.sequences || step == r.steps - 1)
      for (int b = 0; b < rows; ++b)
        for (int k = 0; k < u; ++k) at(dh, b, k) += at(dy, b, r.slot(step) + k);
    step_back(r, step, dh, dc, dz, inner, rows);
    const Matrix from = shifted(x, r.place(step) * r.features);
    if (dx.at) inputs_rows<tile>(in, dz, shifted(dx, r.place(step) * r.features), rows, add);
    if (r.kernel_slope)
      weights_inputs<tile>(from, dz, rows, 0, r.features, columns, r.kernel_slope, true);
    if (r.bias_slope) {
      column_sums(dz, rows, columns, r.bias_slope, true);
      if (r.cell == Op::gru) column_sums(inner, rows, columns, r.bias_slope + columns, true);
    }
    if (!step) break;
    if (r.recurrent_slope)
      weights_inputs<tile>(r.outputs(step - 1), inner, rows, 0, u, columns, r.recurrent_slope, true);
    inputs_rows<tile>(across, inner, dh, rows, true);
  }
}

}  // namespace unstuck::UNSTUCK_TARGET
