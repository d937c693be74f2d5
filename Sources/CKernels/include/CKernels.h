// Element-wise mathematics, products, reductions and random numbers on float32 arrays.
//
// Laws that every function keeps:
// - An output element depends on its own inputs alone, never on its position, on n, or on the alignment of the arrays: tails go through the same code
//   as full vectors. Reductions have an order fixed by the length alone.
// - All arithmetic that could be contracted uses fused multiply-add explicitly, so that the AVX-512, AVX2+FMA and NEON builds give the same bits. A CPU without
//   fused multiply-add runs the portable build, which may differ from these in the last place.
// - Arrays may be the same (in place) but must not overlap in part. n = 0 is allowed.
#ifndef CKERNELS_H
#define CKERNELS_H
#include <stddef.h>
#include <stdint.h>

// The instruction set chosen at run time: "avx512", "avx2", "neon" or "portable".
const char *kernel_isa(void);
// The instruction sets that this CPU has kernels for, the best first, then NULL.
const char *kernel_isa_at(int index);
// The variable of the environment that names one of them; the best one is taken where it is not set.
#define KERNEL_ISA_VARIABLE "POSTERIOR_INSTRUCTION_SET"
// The name in it, where that is none of them; else NULL.
const char *kernel_isa_missing(void);

// ---- y[i] = f(x[i]). exp, log, tanh, sigmoid, softplus: at most 4 ulp on the normal range; IEEE special values as in C's libm.
void kernel_exp(const float *x, float *y, size_t n);
void kernel_log(const float *x, float *y, size_t n);
void kernel_sqrt(const float *x, float *y, size_t n);
void kernel_tanh(const float *x, float *y, size_t n);
void kernel_sigmoid(const float *x, float *y, size_t n);
void kernel_softplus(const float *x, float *y, size_t n);  // log(1 + e^x), exact in both tails
void kernel_relu(const float *x, float *y, size_t n);      // max(x, 0); NaN stays NaN
void kernel_leaky_relu(const float *x, float slope, float *y, size_t n);
void kernel_elu(const float *x, float alpha, float *y, size_t n);
void kernel_silu(const float *x, float *y, size_t n);      // x sigmoid(x)
void kernel_gelu(const float *x, float *y, size_t n);      // x P(N(0, 1) <= x), the exact form; the lower tail to within 1e-7
void kernel_abs(const float *x, float *y, size_t n);
void kernel_square(const float *x, float *y, size_t n);
void kernel_reciprocal(const float *x, float *y, size_t n);
void kernel_clamp(const float *x, float low, float high, float *y, size_t n);     // NaN stays NaN
void kernel_affine(const float *x, float scale, float shift, float *y, size_t n);  // fma(x, scale, shift)
void kernel_lgamma(const float *x, float *y, size_t n);   // ln Gamma(x), x > 0; evaluated in double, rounded once
void kernel_digamma(const float *x, float *y, size_t n);  // psi(x), x > 0; evaluated in double, rounded once

// ---- dx[i] = g[i] * f'(.): y is the forward output, x the forward input.
void kernel_tanh_backward(const float *y, const float *g, float *dx, size_t n);
void kernel_sigmoid_backward(const float *y, const float *g, float *dx, size_t n);
void kernel_softplus_backward(const float *x, const float *g, float *dx, size_t n);
void kernel_relu_backward(const float *y, const float *g, float *dx, size_t n);  // 0 where y <= 0
void kernel_leaky_relu_backward(const float *x, const float *g, float slope, float *dx, size_t n);
void kernel_elu_backward(const float *x, const float *y, const float *g, float alpha, float *dx, size_t n);  // x > 0: g, else g * (y + alpha)
void kernel_silu_backward(const float *x, const float *g, float *dx, size_t n);
void kernel_gelu_backward(const float *x, const float *g, float *dx, size_t n);
void kernel_clamp_backward(const float *x, const float *g, float low, float high, float *dx, size_t n);      // g where low <= x <= high, else 0

// ---- y[i] = a[i] op b[i]
void kernel_add(const float *a, const float *b, float *y, size_t n);
void kernel_subtract(const float *a, const float *b, float *y, size_t n);
void kernel_multiply(const float *a, const float *b, float *y, size_t n);
void kernel_divide(const float *a, const float *b, float *y, size_t n);
void kernel_maximum(const float *a, const float *b, float *y, size_t n);
void kernel_minimum(const float *a, const float *b, float *y, size_t n);
void kernel_multiply_add(const float *a, const float *b, const float *c, float *y, size_t n);  // fma(a, b, c)
void kernel_accumulate(const float *x, float scale, float *y, size_t n);                       // y = fma(scale, x, y)

// ---- Broadcast of a row r[columns] or of a column c[rows] against x[rows, columns]
void kernel_add_row(const float *x, const float *r, float *y, size_t rows, size_t columns);
void kernel_multiply_row(const float *x, const float *r, float *y, size_t rows, size_t columns);
void kernel_add_column(const float *x, const float *c, float *y, size_t rows, size_t columns);
void kernel_multiply_column(const float *x, const float *c, float *y, size_t rows, size_t columns);

// ---- Reductions. A row's result depends on that row alone.
float kernel_sum(const float *x, size_t n);
double kernel_sum_of_squares(const float *x, size_t n);                                    // accumulated in double
void kernel_row_sums(const float *x, float *y, size_t rows, size_t columns);               // y[rows]; each equals kernel_sum of its row
void kernel_column_sums(const float *x, float *y, size_t rows, size_t columns, size_t stride);  // y[columns]; rows, `stride` apart, are added in ascending order
void kernel_row_maxima(const float *x, float *y, size_t rows, size_t columns);             // columns >= 1
void kernel_softmax_rows(const float *x, float *y, size_t rows, size_t columns);           // shifted by the row maximum
void kernel_log_sum_exp_rows(const float *x, float *y, size_t rows, size_t columns);       // a row of -inf gives -inf
void kernel_row_dots(const float *a, const float *b, float *y, size_t rows, size_t columns);  // y[r] = sum_j a[r,j] b[r,j]

// ---- Fused log-likelihoods. value[i, j] goes to a row sum: y[r] = sum_j log p(x[r,j]); backward: d[r,j] = g[r] * d log p / d parameter.
void kernel_bernoulli_rows(const float *x, const float *logits, float *y, size_t rows, size_t columns);  // x*l - softplus(l)
void kernel_bernoulli_backward(const float *x, const float *logits, const float *g, float *d, size_t rows, size_t columns);
// Beta-binomial with n trials, counts x in 0...n, a > 0, b > 0; evaluated in double.
void kernel_beta_binomial_rows(const float *x, const float *a, const float *b, float trials, float *y, size_t rows, size_t columns);
void kernel_beta_binomial_backward(
    const float *x, const float *a, const float *b, float trials, const float *g, float *da, float *db, size_t rows, size_t columns);
// Negative binomial, value by value: counts x >= 0, mean > 0, dispersion > 0, variance mean + mean^2 / dispersion; evaluated in double.
void kernel_negative_binomial(const float *x, const float *mean, const float *dispersion, float *y, size_t n);
void kernel_negative_binomial_backward(const float *x, const float *mean, const float *dispersion, const float *g, float *dm, float *dr, size_t n);

// ---- Matrix product with one fixed order of accumulation, whatever m is, wherever the row stands and whatever the instruction set: an answer never
// depends on its neighbours. The order follows from k and n: an element is bias[j] followed by fused multiply-adds over k ascending; where
// columns are few and k is long (gemm.h says when) it is a dot product in sixteen lanes, then bias[j].
typedef enum {
  kernel_identity = 0,
  kernel_activation_relu = 1,
  kernel_activation_tanh = 2,
  kernel_activation_sigmoid = 3,
  kernel_activation_softplus = 4,
  kernel_activation_leaky_relu = 5,  // slope 0.01
} kernel_activation;
size_t kernel_packed_size(size_t k, size_t n);  // in floats
// Packs b for kernel_gemm: transposed != 0 means that b is stored [n, k] (a PyTorch Linear weight), otherwise [k, n]. Faster where `packed` is 64-byte aligned.
void kernel_pack(const float *b, size_t k, size_t n, int transposed, float *packed);
void kernel_unpack(const float *packed, size_t k, size_t n, int transposed, float *b);  // the inverse
// c[m, n] = activation(a[m, k] * B + bias); bias may be NULL (zero). c is written, never read.
void kernel_gemm(const float *a, size_t m, size_t k, const float *packed, size_t n, const float *bias, kernel_activation activation, float *c);
// The same for columns first ..< end of c alone; `first` is a multiple of 32. c and bias are those of the whole product.
void kernel_gemm_columns(const float *a, size_t m, size_t k, const float *packed, size_t n, size_t first, size_t end, const float *bias,
                         kernel_activation activation, float *c);

// A residual layer: c[m, k] = a + activation([a, other] * B + bias), the row first + i of the whole standing beside row
// (first + i) % other_rows of `other` [other_rows, other_k]; `other` may be NULL, with other_k 0. B is [k + other_k, k] and not narrow.
// The bits are those of kernel_gemm on the joined rows, and a sum.
void kernel_gemm_residual(const float *a, size_t m, size_t k, const float *other, size_t other_k, size_t other_rows, size_t first, const float *packed,
                          const float *bias, kernel_activation activation, float *c);

// The same in two steps, for a B that changes with every call, as in training: each thread packs the columns that it computes. Nothing is narrow here: an
// element is always fused multiply-adds over k ascending. Where kernel_is_narrow says no, the bits are kernel_gemm's.
// Panels of the columns first ..< end of B; `first` is a multiple of 32. Each takes 32 k numbers, with zeros past the last column. B is stored as for kernel_pack.
void kernel_pack_panels(const float *b, size_t k, size_t n, int transposed, size_t first, size_t end, float *panels);
// c[m, columns] = activation(a[m, k] * panels + bias); rows of c are c_stride numbers apart.
void kernel_panel_product(const float *a, size_t m, size_t k, const float *panels, size_t columns, const float *bias, kernel_activation activation, float *c,
                          size_t c_stride);
// Whether kernel_gemm adds in lanes for a B of this shape.
int kernel_is_narrow(size_t k, size_t n);

// ---- Images with channels last, x[height, width, channels], one item and some output places at a time: patches[count, kh, kw, channels] of the places
// first ..< first + count, zero outside the image.
void kernel_patches(const float *image, size_t channels, size_t height, size_t width, size_t kh, size_t kw, size_t stride_h, size_t stride_w, size_t pad_h, size_t pad_w,
                    size_t out_w, size_t first, size_t count, float *patches);
// The transpose: adds every entry to its pixel, places in ascending order.
void kernel_add_patches(const float *patches, size_t channels, size_t height, size_t width, size_t kh, size_t kw, size_t stride_h, size_t stride_w, size_t pad_h,
                        size_t pad_w, size_t out_w, size_t first, size_t count, float *image);
// y[columns, y_stride] = x[rows, columns] transposed; y_stride >= rows.
void kernel_transpose(const float *x, size_t rows, size_t columns, float *y, size_t y_stride);

// ---- Recurrent cells. Gates stand side by side in a row, `width` numbers each.
// LSTM, gates i, f, g, o[rows, 4 width]: `gates` holds h W on entry, i, f, o = sigmoid and g = tanh of x + h W on exit;
// next = f c + i g, h = o tanh(next).
void kernel_lstm_cell(const float *x, float *gates, const float *c, float *next, float *h, size_t rows, size_t width);
// From the gradient g of h, its part dh from the step after this one, and dc, that of `next`: d[rows, 4 width] before the gates;
// dc becomes that of c.
void kernel_lstm_cell_backward(const float *gates, const float *c, const float *next, const float *g, const float *dh, float *dc,
                               float *d, size_t rows, size_t width);
// GRU, gates r, z, n[rows, 3 width]: `gates` holds p = h W + b on entry, r, z = sigmoid(x + p) and p_n on exit; fresh = tanh(x_n + r p_n),
// next = (1 - z) fresh + z h.
void kernel_gru_cell(const float *x, float *gates, const float *h, float *fresh, float *next, size_t rows, size_t width);
// From the gradient g of `next` and its part dh from the step after this one: dx of x and dp of p; dh becomes the part of h
// that doesn't come through p.
void kernel_gru_cell_backward(const float *gates, const float *h, const float *fresh, const float *g, float *dh, float *dx, float *dp, size_t rows,
                              size_t width);

// ---- Random numbers: Philox4x32-10 (Salmon et al. 2011). The 64-bit key is (low word, high word); block b of row r has the counter
// (b low, b high, r low, r high) and yields words 4b ... 4b + 3 of that row. A row's numbers are a prefix of a longer row's.
void kernel_philox(uint64_t key, uint64_t row, size_t n, uint32_t *words);
void kernel_uniform(uint64_t key, uint64_t row, size_t n, float *y);  // ((w >> 9) + 0.5) * 2^-23: strictly inside (0, 1)
// Box-Muller on word pairs (2j, 2j+1): u = (w0 + 0.5) * 2^-32 in (0, 1], r = sqrt(-2 ln u), angle = 2 pi * w1 * 2^-32; y[2j] = r cos, y[2j+1] = r sin.
void kernel_normal(uint64_t key, uint64_t row, size_t n, float *y);
// One Philox block for key derivation: words 0 and 1 of counter (a, b) under the key, as (word0 | word1 << 32).
uint64_t kernel_derive_key(uint64_t key, uint64_t a, uint64_t b);

// ---- Optimiser steps, in place on the parameter p and its state. g is the gradient. Formulae as in PyTorch's documentation.
// Adam and AdamW: decay is added to the gradient (decoupled == 0) or taken off the parameter (decoupled != 0). bias1 = 1 - beta1^t, bias2 = 1 - beta2^t.
void kernel_adam(float *p, const float *g, float *m, float *v, size_t n, float rate, float beta1, float beta2, float epsilon, float decay, int decoupled, float bias1,
                 float bias2);
void kernel_adamax(float *p, const float *g, float *m, float *u, size_t n, float rate, float beta1, float beta2, float epsilon, float decay, float bias1);
void kernel_sgd(float *p, const float *g, float *velocity, size_t n, float rate, float momentum, float decay, int nesterov, int first);
void kernel_rmsprop(float *p, const float *g, float *square, size_t n, float rate, float alpha, float epsilon, float decay);

// ---- Memory: keeps freed blocks in the process instead of giving their pages back, for loops that ask for the same large blocks again and again.
void kernel_keep_freed_blocks(void);
// Gives freed blocks of 4 MiB and more back at once, and keeps little of the others, for servers that have to stay within a bound.
void kernel_bound_freed_blocks(void);
// Memory for `count` numbers on a cache line's boundary, to be given back by the thread that took it. After kernel_keep_freed_blocks every thread keeps a few
// blocks for its next turn.
float *kernel_take_scratch(size_t count);
void kernel_give_scratch(float *scratch);
// Gives the allocator's free blocks back to the system now.
void kernel_return_freed_blocks(void);

// ---- Threads: tells the processor that a loop waits for another thread.
static inline void kernel_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

// ---- Multivariate normals in double precision. Matrices are row-major; of triangular ones only the lower half is read, and bits are the same
// everywhere.
// A = V'V with V lower triangular, in place (the half above stays as it is); 0 where A is not positive definite.
int kernel_lower_root(double *a, size_t n);
// A = V'V
void kernel_lower_gram(const double *v, double *a, size_t n);
// C = (V'V)^-1; scratch: n (n + 1)
void kernel_lower_covariance(const double *v, double *c, double *scratch, size_t n);
// Its diagonal alone, the same bits: c[n]; scratch: n n
void kernel_lower_variances(const double *v, double *c, double *scratch, size_t n);
// P_mm = V'V of the first m coordinates in `order`; logs: the sum of ln V_ii. Row i of V says how coordinate i follows from those before it.
int kernel_gaussian_pattern(const double *precision, const uint32_t *order, size_t m, size_t d, double *v, double *logs);
// shift = E[x_m | x_o] - mu_m; returns (x_o - mu_o)' S_oo^-1 (x_o - mu_o). `order` has all d coordinates, the m that are not given first;
// scratch: 2 d
double kernel_gaussian_given(
    const double *precision, const double *mean, const double *x, const uint32_t *order, size_t m, size_t d, const double *v, double *shift,
    double *scratch);
// sums += w e, squares += w e e' (lower half) with e = E[x | x_o] - mu; scratch: d
void kernel_gaussian_add(
    double weight, const double *mean, const double *x, const uint32_t *order, size_t m, size_t d, const double *shift, double *sums,
    double *squares, double *scratch);
// squares += w C of the first m coordinates in `order` (lower half)
void kernel_gaussian_add_covariance(double weight, const double *c, const uint32_t *order, size_t m, size_t d, double *squares);
double kernel_double_dot(const double *a, const double *b, size_t n);
void kernel_double_add(double factor, const double *x, double *y, size_t n);  // y += factor x
// P(X <= x) times the sum of the weights, and its inverse, of a mixture of normals; components of weight 0 are left out.
double kernel_mixture_below(double x, const double *weights, const double *means, const double *deviations, size_t n);
double kernel_mixture_quantile(double p, const double *weights, const double *means, const double *deviations, size_t n);
// y = the p-quantiles of n mixtures of normals, n a multiple of 8: [parts, stride] each, of which the first n columns are read.
// `weights` may be NULL (all the same); a part of weight 0 is left out. score: the p-quantile of N(0, 1). NaN where no weight is above 0.
void kernel_mixture_quantiles(double p, double score, const double *weights, const double *means, const double *deviations, size_t parts, size_t stride,
                              size_t n, double *y);

// ---- Entropy coding, the same bits everywhere. The numbers first ..< first + n have the normal distributions N(qm, qs^2); a number's bins are those of N(pm, ps^2), whose inner
// edges are pm + ps edges[i], `bins` - 1 of them. Integer cdf out of 2^precision: every bin has `least` slots, the others are shared by mass.
// starts = cdf(bin), ends = cdf(bin + 1)
void kernel_gaussian_intervals(const float *pm, const float *ps, const float *qm, const float *qs, size_t first, size_t n, const double *edges, uint32_t bins, uint32_t least,
                               int precision, const uint32_t *bin, uint32_t *starts, uint32_t *ends);
// The same of the bin that a slot is likely to be in: whoever asks looks whether starts <= slot < ends.
void kernel_gaussian_bins(const float *pm, const float *ps, const float *qm, const float *qs, size_t first, size_t n, const double *edges, uint32_t bins, uint32_t least,
                          int precision, const uint32_t *slots, uint32_t *bin, uint32_t *starts, uint32_t *ends);

#endif
