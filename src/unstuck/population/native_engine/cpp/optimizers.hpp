// Keras's optimizers: one update of a variable's weights from its gradient.
//
// Formulas and the order of operations are those of keras/src/optimizers; what depends only on the
// step (powers of the betas, schedules) comes as numbers from Python, computed in float32 as there.
#pragma once

#include "vector.hpp"

namespace unstuck::UNSTUCK_TARGET {

struct Update {
  const Optimizer& o;
  V rate;
  const float* step;  // step[0] = rate, the rest by kind
  V* w;
  const V* g;
  V* slots[3];
  std::ptrdiff_t size;
};

// c = momentum.
static void sgd(const Update& u) {
  const float momentum = u.o.c[0];
  for (std::ptrdiff_t k = 0; k < u.size; ++k) {
    V step = u.g[k] * u.rate;
    if (momentum == 0) {
      u.w[k] -= step;
      continue;
    }
    V m = u.slots[0][k] = u.slots[0][k] * momentum - step;
    u.w[k] += u.o.nesterov ? m * momentum - step : m;
  }
}

// c = 1 - beta_1, 1 - beta_2, epsilon; step = sqrt(1 - beta_2^t), 1 - beta_1^t, and what epsilon is scaled
// by: 1 for Keras, sqrt(1 - beta_2^t) for torch, which adds it to the corrected root.
static void adam(const Update& u) {
  const V alpha = u.rate * u.step[1] / u.step[2];
  const float epsilon = u.o.c[2] * u.step[3];
  for (std::ptrdiff_t k = 0; k < u.size; ++k) {
    V g = u.g[k];
    V m = u.slots[0][k], v = u.slots[1][k];
    m = u.slots[0][k] = m + (g - m) * u.o.c[0];
    v = u.slots[1][k] = v + (g * g - v) * u.o.c[1];
    if (u.o.amsgrad) v = u.slots[2][k] = maximum(u.slots[2][k], v);
    u.w[k] -= m * alpha / (root(v) + epsilon);
  }
}

// c as adam's; step = u_t, u_t+1, 1 - product to t, 1 - product to t+1, 1 - beta_2^t.
static void nadam(const Update& u) {
  for (std::ptrdiff_t k = 0; k < u.size; ++k) {
    V g = u.g[k];
    V m = u.slots[0][k], v = u.slots[1][k];
    m = u.slots[0][k] = m + (g - m) * u.o.c[0];
    v = u.slots[1][k] = v + (g * g - v) * u.o.c[1];
    V m_hat = u.step[2] * m / u.step[4] + (1.0f - u.step[1]) * g / u.step[3];
    V v_hat = v / u.step[5];
    u.w[k] -= m_hat * u.rate / (root(v_hat) + u.o.c[2]);
  }
}

// c = 1 - beta_1, beta_2, epsilon; step = 1 - beta_1^t.
static void adamax(const Update& u) {
  for (std::ptrdiff_t k = 0; k < u.size; ++k) {
    V g = u.g[k], m = u.slots[0][k];
    m = u.slots[0][k] = m + (g - m) * u.o.c[0];
    V norm = u.slots[1][k] = maximum(u.o.c[1] * u.slots[1][k], magnitude(g));
    u.w[k] -= u.rate * m / (u.step[1] * (norm + u.o.c[2]));
  }
}

// c = rho, 1 - rho, epsilon, momentum; slots: velocity, then momentum, then average gradient.
static void rmsprop(const Update& u) {
  const float rho = u.o.c[0], rest = u.o.c[1], epsilon = u.o.c[2], momentum = u.o.c[3];
  for (std::ptrdiff_t k = 0; k < u.size; ++k) {
    V g = u.g[k];
    V v = u.slots[0][k] = rho * u.slots[0][k] + rest * (g * g);
    if (u.o.centered) {
      V mean = u.slots[2][k] = rho * u.slots[2][k] + rest * g;
      v = v - mean * mean;
    }
    V step = u.rate * g / root(v + epsilon);
    if (momentum > 0) step = u.slots[1][k] = momentum * u.slots[1][k] + step;
    u.w[k] -= step;
  }
}

// c = epsilon.
static void adagrad(const Update& u) {
  for (std::ptrdiff_t k = 0; k < u.size; ++k) {
    V g = u.g[k];
    V a = u.slots[0][k] = u.slots[0][k] + g * g;
    u.w[k] -= u.rate * g / root(a + u.o.c[0]);
  }
}

// c = rho, 1 - rho, epsilon.
static void adadelta(const Update& u) {
  const float rho = u.o.c[0], rest = u.o.c[1], epsilon = u.o.c[2];
  for (std::ptrdiff_t k = 0; k < u.size; ++k) {
    V g = u.g[k];
    V a = u.slots[0][k] = rho * u.slots[0][k] + rest * (g * g);
    V change = -(root(u.slots[1][k] + epsilon) * g / root(a + epsilon));
    u.slots[1][k] = rho * u.slots[1][k] + rest * (change * change);
    u.w[k] += u.rate * change;
  }
}

static void update(const Update& u) {
  switch (u.o.kind) {
    case OptimizerKind::sgd: return sgd(u);
    case OptimizerKind::adam: return adam(u);
    case OptimizerKind::nadam: return nadam(u);
    case OptimizerKind::adamax: return adamax(u);
    case OptimizerKind::rmsprop: return rmsprop(u);
    case OptimizerKind::adagrad: return adagrad(u);
    case OptimizerKind::adadelta: return adadelta(u);
    case OptimizerKind::count: return;
  }
}

INLINE V sum_of_squares(const V* g, std::ptrdiff_t size) {
  V sum = {};
  for (std::ptrdiff_t k = 0; k < size; ++k) sum += g[k] * g[k];
  return sum;
}

INLINE void scale_all(V* g, std::ptrdiff_t size, V by) {
  for (std::ptrdiff_t k = 0; k < size; ++k) g[k] *= by;
}

}  // namespace unstuck::UNSTUCK_TARGET
