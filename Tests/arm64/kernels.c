// A line a kernel: its name and a digest of all the bits that it makes of numbers that are the same on every machine. Two instruction sets that print the
// same lines compute the same bytes.
#include "CKernelsTesting.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// FNV-1a, 64 bits.
static uint64_t digest;
static void begin(void) { digest = 0xcbf29ce484222325u; }
static void take(const void *bytes, size_t count) {
  for (size_t i = 0; i < count; i++) digest = (digest ^ ((const unsigned char *)bytes)[i]) * 0x100000001b3u;
}
static void end(const char *name) { printf("%s %016llx\n", name, (unsigned long long)digest); }

// xorshift64*, so that no kernel is needed to make the numbers.
static uint64_t state;
static uint64_t next(void) {
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return state * 0x2545f4914f6cdd1du;
}
static float unit(void) { return (float)(next() >> 40) * 0x1p-24f; }

enum { CAPACITY = 1 << 17 };
static float a[CAPACITY], b[CAPACITY], c[CAPACITY], d[CAPACITY], y[CAPACITY], z[CAPACITY];
static double u[CAPACITY], v[CAPACITY], w[CAPACITY], t[CAPACITY];
static uint32_t p[CAPACITY], q[CAPACITY], r[CAPACITY], s[CAPACITY];

static void fill(float *x, size_t n, float low, float high) {
  for (size_t i = 0; i < n; i++) x[i] = low + (high - low) * unit();
}
// Every exponent, both signs, zeros, infinities, and what is not a number.
static void extremes(float *x, size_t n) {
  for (size_t i = 0; i < n; i++) {
    uint32_t bits = (uint32_t)next();
    memcpy(x + i, &bits, 4);
    if (isnan(x[i])) x[i] = 0.5f;
  }
  const float special[] = {0.0f, -0.0f, INFINITY, -INFINITY, 1e-40f, -1e-40f, 88.5f, -88.5f, 1, -1};
  for (size_t i = 0; i < sizeof special / 4 && i < n; i++) x[i] = special[i];
}
static void doubles(double *x, size_t n, double low, double high) {
  for (size_t i = 0; i < n; i++) x[i] = low + (high - low) * (double)(next() >> 11) * 0x1p-53;
}

static const size_t lengths[] = {0, 1, 3, 15, 16, 17, 31, 33, 100, 4099};
#define EACH_LENGTH(n) for (size_t which = 0, n; which < sizeof lengths / sizeof *lengths && (n = lengths[which], 1); which++)
static const size_t shapes[][2] = {{1, 1}, {3, 7}, {5, 16}, {8, 33}, {33, 129}, {100, 784}};
#define EACH_SHAPE(rows, columns) \
  for (size_t which = 0, rows, columns; which < sizeof shapes / sizeof *shapes && (rows = shapes[which][0], columns = shapes[which][1], 1); which++)

#define MAP(name, low, high, call)                                                 \
  begin();                                                                         \
  EACH_LENGTH(n) {                                                                 \
    for (int wild = 0; wild < 2; wild++) {                                         \
      fill(a, n, low, high), fill(b, n, low, high), fill(c, n, low, high);         \
      if (wild && low < 0) extremes(a, n), extremes(b, n);                         \
      memset(y, 0, n * 4);                                                         \
      k->call;                                                                     \
      for (size_t i = 0; i < n; i++) if (isnan(y[i])) y[i] = -7; /* of any bits */ \
      take(y, n * 4);                                                              \
    }                                                                              \
  }                                                                                \
  end(name)

static void elementwise(const kernel_table *k) {
  MAP("exp", -20, 20, exp(a, y, n)); MAP("log", 1e-3f, 20, log(a, y, n)); MAP("sqrt", 0, 20, sqrt(a, y, n));
  MAP("tanh", -9, 9, tanh(a, y, n)); MAP("sigmoid", -20, 20, sigmoid(a, y, n)); MAP("softplus", -20, 20, softplus(a, y, n));
  MAP("relu", -2, 2, relu(a, y, n)); MAP("leaky_relu", -2, 2, leaky_relu(a, 0.01f, y, n)); MAP("elu", -5, 2, elu(a, 1.3f, y, n));
  MAP("silu", -9, 9, silu(a, y, n)); MAP("gelu", -6, 6, gelu(a, y, n)); MAP("abs", -2, 2, abs(a, y, n));
  MAP("square", -2, 2, square(a, y, n)); MAP("reciprocal", -2, 2, reciprocal(a, y, n)); MAP("clamp", -2, 2, clamp(a, -0.5f, 0.7f, y, n));
  MAP("affine", -2, 2, affine(a, 1.7f, -0.3f, y, n)); MAP("lgamma", 1e-3f, 90, lgamma(a, y, n)); MAP("digamma", 1e-3f, 90, digamma(a, y, n));
  MAP("tanh_backward", -1, 1, tanh_backward(a, b, y, n)); MAP("sigmoid_backward", 0, 1, sigmoid_backward(a, b, y, n));
  MAP("softplus_backward", -9, 9, softplus_backward(a, b, y, n)); MAP("relu_backward", -1, 1, relu_backward(a, b, y, n));
  MAP("leaky_relu_backward", -1, 1, leaky_relu_backward(a, b, 0.01f, y, n)); MAP("elu_backward", -1, 1, elu_backward(a, b, c, 1.3f, y, n));
  MAP("silu_backward", -9, 9, silu_backward(a, b, y, n)); MAP("gelu_backward", -6, 6, gelu_backward(a, b, y, n));
  MAP("clamp_backward", -2, 2, clamp_backward(a, b, -0.5f, 0.7f, y, n));
  MAP("add", -2, 2, add(a, b, y, n)); MAP("subtract", -2, 2, subtract(a, b, y, n)); MAP("multiply", -2, 2, multiply(a, b, y, n));
  MAP("divide", -2, 2, divide(a, b, y, n)); MAP("maximum", -2, 2, maximum(a, b, y, n)); MAP("minimum", -2, 2, minimum(a, b, y, n));
  MAP("multiply_add", -2, 2, multiply_add(a, b, c, y, n)); MAP("accumulate", -2, 2, accumulate(a, 0.37f, y, n));
  MAP("negative_binomial", 0.1f, 9, negative_binomial(a, b, c, y, n));
  MAP("negative_binomial_backward", 0.1f, 9, negative_binomial_backward(a, b, c, c, y, z, n));
}

#define OVER(name, size, call)                                                                      \
  begin();                                                                                          \
  EACH_SHAPE(rows, columns) {                                                                       \
    fill(a, rows * columns, -3, 3), fill(b, rows * columns, -3, 3), fill(c, rows + columns, -3, 3); \
    k->call;                                                                                        \
    take(y, (size) * 4);                                                                            \
  }                                                                                                 \
  end(name)

static void rows_of_numbers(const kernel_table *k) {
  OVER("add_row", rows * columns, add_row(a, c, y, rows, columns)); OVER("multiply_row", rows * columns, multiply_row(a, c, y, rows, columns));
  OVER("add_column", rows * columns, add_column(a, c, y, rows, columns));
  OVER("multiply_column", rows * columns, multiply_column(a, c, y, rows, columns));
  OVER("row_sums", rows, row_sums(a, y, rows, columns)); OVER("column_sums", columns, column_sums(a, y, rows, columns, columns));
  OVER("row_maxima", rows, row_maxima(a, y, rows, columns)); OVER("softmax_rows", rows * columns, softmax_rows(a, y, rows, columns));
  OVER("log_sum_exp_rows", rows, log_sum_exp_rows(a, y, rows, columns)); OVER("row_dots", rows, row_dots(a, b, y, rows, columns));
  OVER("bernoulli_rows", rows, bernoulli_rows(b, a, y, rows, columns));
  OVER("bernoulli_backward", rows * columns, bernoulli_backward(b, a, c, y, rows, columns));
  OVER("transpose", rows * columns, transpose(a, rows, columns, y, rows));
  begin();
  EACH_LENGTH(n) {
    fill(a, n, -3, 3);
    const float sum = k->sum(a, n);
    take(&sum, 4);
  }
  end("sum");
  begin();
  EACH_LENGTH(n) {
    fill(a, n, -3, 3);
    const double sum = k->sum_of_squares(a, n);
    take(&sum, 8);
  }
  end("sum_of_squares");
  begin();
  EACH_SHAPE(rows, columns) {
    for (size_t i = 0; i < rows * columns; i++) a[i] = (float)(next() % 256);
    fill(b, rows * columns, 0.05f, 40), fill(c, rows * columns, 0.05f, 40);
    k->beta_binomial_rows(a, b, c, 255, y, rows, columns);
    take(y, rows * 4);
  }
  end("beta_binomial_rows");
  begin();
  EACH_SHAPE(rows, columns) {
    for (size_t i = 0; i < rows * columns; i++) a[i] = (float)(next() % 256);
    fill(b, rows * columns, 0.05f, 40), fill(c, rows * columns, 0.05f, 40), fill(d, rows, -1, 1);
    k->beta_binomial_backward(a, b, c, 255, d, y, z, rows, columns);
    take(y, rows * columns * 4), take(z, rows * columns * 4);
  }
  end("beta_binomial_backward");
}

static void products(const kernel_table *k) {
  static const size_t sizes[][3] = {{1, 3, 2}, {5, 17, 33}, {33, 129, 70}, {64, 200, 20}, {7, 600, 3}, {40, 64, 96}};
  begin();
  for (size_t i = 0; i < 6; i++) {
    const size_t m = sizes[i][0], depth = sizes[i][1], n = sizes[i][2];
    for (int transposed = 0; transposed < 2; transposed++) {
      fill(a, m * depth, -1, 1), fill(b, depth * n, -1, 1), fill(c, n, -1, 1);
      k->pack(b, depth, n, transposed, d);
      take(d, k->packed_size(depth, n) * 4);
      k->unpack(d, depth, n, transposed, z);
      take(z, depth * n * 4);
      const int narrow = k->is_narrow(depth, n);
      take(&narrow, sizeof narrow);
      for (int activation = 0; activation <= kernel_activation_leaky_relu; activation++) {
        k->gemm(a, m, depth, d, n, transposed ? c : NULL, (kernel_activation)activation, y);
        take(y, m * n * 4);
      }
      if (n > 32) {
        k->gemm_columns(a, m, depth, d, n, 32, n, c, kernel_identity, y);
        take(y, m * n * 4);
      }
      k->pack_panels(b, depth, n, transposed, 0, n, z);
      k->panel_product(a, m, depth, z, n, c, kernel_activation_tanh, y, n);
      take(y, m * n * 4);
    }
  }
  end("pack, packed_size, unpack, is_narrow, gemm, gemm_columns, pack_panels, panel_product");
  begin();
  fill(a, 20 * 48, -1, 1), fill(z, 3 * 5, -1, 1), fill(b, 53 * 48, -1, 1), fill(c, 48, -1, 1);
  k->pack(b, 53, 48, 0, d);
  k->gemm_residual(a, 20, 48, z, 5, 3, 1, d, c, kernel_activation_relu, y);
  take(y, 20 * 48 * 4);
  end("gemm_residual");
  begin();
  fill(a, 3 * 9 * 7, -1, 1);
  k->patches(a, 3, 9, 7, 3, 3, 2, 1, 1, 1, 7, 0, 35, y);
  take(y, 35 * 27 * 4);
  end("patches");
  begin();
  fill(a, 35 * 27, -1, 1), memset(y, 0, sizeof y);
  k->add_patches(a, 3, 9, 7, 3, 3, 2, 1, 1, 1, 7, 0, 35, y);
  take(y, 3 * 9 * 7 * 4);
  end("add_patches");
}

static void recurrent(const kernel_table *k) {
  const size_t rows = 7, width = 21, n = rows * width;
  begin();
  fill(a, 4 * n, -2, 2), fill(b, 4 * n, -2, 2), fill(c, n, -1, 1);
  k->lstm_cell(a, b, c, y, z, rows, width);
  take(b, 16 * n), take(y, 4 * n), take(z, 4 * n);
  end("lstm_cell");
  begin();
  fill(d, n, -1, 1), fill(a, n, -1, 1), fill(z, n, -1, 1);
  k->lstm_cell_backward(b, c, y, d, a, z, a + n, rows, width);
  take(z, 4 * n), take(a + n, 16 * n);
  end("lstm_cell_backward");
  begin();
  fill(a, 3 * n, -2, 2), fill(b, 3 * n, -2, 2), fill(c, n, -1, 1);
  k->gru_cell(a, b, c, y, z, rows, width);
  take(b, 12 * n), take(y, 4 * n), take(z, 4 * n);
  end("gru_cell");
  begin();
  fill(d, n, -1, 1), fill(a, n, -1, 1);
  k->gru_cell_backward(b, c, y, d, a, z, z + 3 * n, rows, width);
  take(a, 4 * n), take(z, 24 * n);
  end("gru_cell_backward");
}

static void random_numbers(const kernel_table *k) {
  begin();
  EACH_LENGTH(n) k->philox(0x123456789abcdefu, n, n, p), take(p, n * 4);
  end("philox");
  begin();
  EACH_LENGTH(n) k->uniform(0x123456789abcdefu, n, n, y), take(y, n * 4);
  end("uniform");
  begin();
  EACH_LENGTH(n) k->normal(0x123456789abcdefu, n, n, y), take(y, n * 4);
  k->normal(7, 1, 100000, y), take(y, 400000);
  end("normal");
  begin();
  const uint64_t key = k->derive_key(0xfedcba987654321u, 3, 1u << 31);
  take(&key, 8);
  end("derive_key");
}

#define STEP(name, call)                                                              \
  begin();                                                                            \
  EACH_LENGTH(n) {                                                                    \
    fill(a, n, -1, 1), fill(b, n, -1, 1), fill(c, n, -0.1f, 0.1f), fill(d, n, 0, 1);  \
    k->call;                                                                          \
    take(a, n * 4), take(c, n * 4), take(d, n * 4);                                   \
  }                                                                                   \
  end(name)

static void optimisers(const kernel_table *k) {
  STEP("adam", adam(a, b, c, d, n, 1e-3f, 0.9f, 0.999f, 1e-8f, 0.01f, 1, 0.1f, 0.001f));
  STEP("adamax", adamax(a, b, c, d, n, 1e-3f, 0.9f, 0.999f, 1e-8f, 0.01f, 0.1f));
  STEP("sgd", sgd(a, b, c, n, 1e-2f, 0.9f, 0.01f, 1, 0));
  STEP("rmsprop", rmsprop(a, b, d, n, 1e-3f, 0.99f, 1e-8f, 0.01f));
}

static void multivariate(const kernel_table *k) {
  const size_t n = 13, m = 5;
  uint32_t order[13];
  for (uint32_t i = 0; i < n; i++) order[i] = (i * 5 + 2) % 13;
  doubles(u, n * n, -1, 1);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++) {
      double sum = i == j;
      for (size_t l = 0; l < n; l++) sum = fma(u[i * n + l], u[j * n + l], sum);
      v[i * n + j] = sum;
    }
  memcpy(w, v, n * n * 8);
  begin();
  const int isPositive = k->lower_root(w, n);
  take(&isPositive, sizeof isPositive), take(w, n * n * 8);
  end("lower_root");
  begin(), k->lower_gram(w, t, n), take(t, n * n * 8), end("lower_gram");
  begin(), k->lower_covariance(w, t, t + 2 * n * n, n), take(t, n * n * 8), end("lower_covariance");
  begin(), k->lower_variances(w, t, t + 2 * n * n, n), take(t, n * 8), end("lower_variances");
  begin();
  double logs = 0;
  const int isThere = k->gaussian_pattern(v, order, m, n, w, &logs);
  take(&isThere, sizeof isThere), take(w, m * m * 8), take(&logs, 8);
  end("gaussian_pattern");
  begin();
  doubles(u, 2 * n, -2, 2);
  const double distance = k->gaussian_given(v, u, u + n, order, m, n, w, t, t + 100);
  take(&distance, 8), take(t, m * 8);
  end("gaussian_given");
  begin();
  memset(u + 1000, 0, 1000 * 8);
  k->gaussian_add(0.3, u, u + n, order, m, n, t, u + 1000, u + 1100, t + 100);
  take(u + 1000, n * 8), take(u + 1100, n * n * 8);
  end("gaussian_add");
  begin();
  doubles(t, m * m, -1, 1);
  k->gaussian_add_covariance(0.7, t, order, m, n, u + 1100);
  take(u + 1100, n * n * 8);
  end("gaussian_add_covariance");
  begin();
  EACH_LENGTH(length) {
    doubles(u, length, -1, 1), doubles(t, length, -1, 1);
    const double dot = k->double_dot(u, t, length);
    take(&dot, 8);
  }
  end("double_dot");
  begin();
  EACH_LENGTH(length) doubles(u, length, -1, 1), doubles(t, length, -1, 1), k->double_add(0.3, u, t, length), take(t, length * 8);
  end("double_add");
  doubles(u, 9, 0, 1), doubles(t, 9, -3, 3), doubles(w, 9, 0.1, 2);
  begin();
  for (int i = 0; i < 50; i++) {
    const double below = k->mixture_below(-4 + 0.16 * i, u, t, w, 9);
    take(&below, 8);
  }
  end("mixture_below");
  begin();
  for (int i = 1; i < 50; i++) {
    const double quantile = k->mixture_quantile(0.02 * i, u, t, w, 9);
    take(&quantile, 8);
  }
  end("mixture_quantile");
  doubles(u, 5 * 40, 0, 1), doubles(t, 5 * 40, -3, 3), doubles(w, 5 * 40, 0.1, 2);
  begin();
  for (int i = 1; i < 20; i++) k->mixture_quantiles(0.05 * i, -1.6448536269514722 + 0.17 * i, u, t, w, 5, 40, 32, v), take(v, 32 * 8);
  end("mixture_quantiles");
}

static void coding(const kernel_table *k) {
  const size_t n = 997;
  const uint32_t bins = 64;
  for (uint32_t i = 0; i < bins - 1; i++) u[i] = -2.4 + 0.077 * i;
  fill(a, n, -1, 1), fill(b, n, 0.2f, 2), fill(c, n, -1, 1), fill(d, n, 0.01f, 1);
  for (size_t i = 0; i < n; i++) p[i] = next() % bins, q[i] = next() % 65536;
  begin(), k->gaussian_intervals(a, b, c, d, 3, n - 3, u, bins, 1, 16, p, r, s), take(r, (n - 3) * 4), take(s, (n - 3) * 4), end("gaussian_intervals");
  begin(), k->gaussian_bins(a, b, c, d, 3, n - 3, u, bins, 1, 16, q, p, r, s), take(p, (n - 3) * 4), take(r, (n - 3) * 4), end("gaussian_bins");
}

int main(int count, char **arguments) {
  const kernel_table *k = count > 1 ? kernel_table_for(arguments[1]) : NULL;
  if (k == NULL) {
    for (int i = 0; kernel_isa_at(i) != NULL; i++) printf("%s\n", kernel_isa_at(i));
    return count > 1;
  }
  state = 0x9e3779b97f4a7c15u;
  elementwise(k), rows_of_numbers(k), products(k), recurrent(k), random_numbers(k), optimisers(k), multivariate(k), coding(k);
  return 0;
}
