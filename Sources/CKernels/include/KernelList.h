// KERNEL(type, name, parameters, arguments) for every function of CKernels.h that has one body per instruction set.
// Included several times: for the table's fields, for the tables and for the exported functions.
KERNEL(void, exp, (const float *x, float *y, size_t n), (x, y, n))
KERNEL(void, log, (const float *x, float *y, size_t n), (x, y, n))
KERNEL(void, sqrt, (const float *x, float *y, size_t n), (x, y, n))
KERNEL(void, tanh, (const float *x, float *y, size_t n), (x, y, n))
KERNEL(void, sigmoid, (const float *x, float *y, size_t n), (x, y, n))
KERNEL(void, softplus, (const float *x, float *y, size_t n), (x, y, n))
KERNEL(void, relu, (const float *x, float *y, size_t n), (x, y, n))
KERNEL(void, leaky_relu, (const float *x, float slope, float *y, size_t n), (x, slope, y, n))
KERNEL(void, elu, (const float *x, float alpha, float *y, size_t n), (x, alpha, y, n))
KERNEL(void, silu, (const float *x, float *y, size_t n), (x, y, n))
KERNEL(void, gelu, (const float *x, float *y, size_t n), (x, y, n))
KERNEL(void, abs, (const float *x, float *y, size_t n), (x, y, n))
KERNEL(void, square, (const float *x, float *y, size_t n), (x, y, n))
KERNEL(void, reciprocal, (const float *x, float *y, size_t n), (x, y, n))
KERNEL(void, clamp, (const float *x, float low, float high, float *y, size_t n), (x, low, high, y, n))
KERNEL(void, affine, (const float *x, float scale, float shift, float *y, size_t n), (x, scale, shift, y, n))
KERNEL(void, lgamma, (const float *x, float *y, size_t n), (x, y, n))
KERNEL(void, digamma, (const float *x, float *y, size_t n), (x, y, n))

KERNEL(void, tanh_backward, (const float *y, const float *g, float *dx, size_t n), (y, g, dx, n))
KERNEL(void, sigmoid_backward, (const float *y, const float *g, float *dx, size_t n), (y, g, dx, n))
KERNEL(void, softplus_backward, (const float *x, const float *g, float *dx, size_t n), (x, g, dx, n))
KERNEL(void, relu_backward, (const float *y, const float *g, float *dx, size_t n), (y, g, dx, n))
KERNEL(void, leaky_relu_backward, (const float *x, const float *g, float slope, float *dx, size_t n), (x, g, slope, dx, n))
KERNEL(void, elu_backward, (const float *x, const float *y, const float *g, float alpha, float *dx, size_t n), (x, y, g, alpha, dx, n))
KERNEL(void, silu_backward, (const float *x, const float *g, float *dx, size_t n), (x, g, dx, n))
KERNEL(void, gelu_backward, (const float *x, const float *g, float *dx, size_t n), (x, g, dx, n))
KERNEL(void, clamp_backward, (const float *x, const float *g, float low, float high, float *dx, size_t n), (x, g, low, high, dx, n))

KERNEL(void, add, (const float *a, const float *b, float *y, size_t n), (a, b, y, n))
KERNEL(void, subtract, (const float *a, const float *b, float *y, size_t n), (a, b, y, n))
KERNEL(void, multiply, (const float *a, const float *b, float *y, size_t n), (a, b, y, n))
KERNEL(void, divide, (const float *a, const float *b, float *y, size_t n), (a, b, y, n))
KERNEL(void, maximum, (const float *a, const float *b, float *y, size_t n), (a, b, y, n))
KERNEL(void, minimum, (const float *a, const float *b, float *y, size_t n), (a, b, y, n))
KERNEL(void, multiply_add, (const float *a, const float *b, const float *c, float *y, size_t n), (a, b, c, y, n))
KERNEL(void, accumulate, (const float *x, float scale, float *y, size_t n), (x, scale, y, n))

KERNEL(void, add_row, (const float *x, const float *r, float *y, size_t rows, size_t columns), (x, r, y, rows, columns))
KERNEL(void, multiply_row, (const float *x, const float *r, float *y, size_t rows, size_t columns), (x, r, y, rows, columns))
KERNEL(void, add_column, (const float *x, const float *c, float *y, size_t rows, size_t columns), (x, c, y, rows, columns))
KERNEL(void, multiply_column, (const float *x, const float *c, float *y, size_t rows, size_t columns), (x, c, y, rows, columns))

KERNEL(float, sum, (const float *x, size_t n), (x, n))
KERNEL(double, sum_of_squares, (const float *x, size_t n), (x, n))
KERNEL(void, row_sums, (const float *x, float *y, size_t rows, size_t columns), (x, y, rows, columns))
KERNEL(void, column_sums, (const float *x, float *y, size_t rows, size_t columns, size_t stride), (x, y, rows, columns, stride))
KERNEL(void, row_maxima, (const float *x, float *y, size_t rows, size_t columns), (x, y, rows, columns))
KERNEL(void, softmax_rows, (const float *x, float *y, size_t rows, size_t columns), (x, y, rows, columns))
KERNEL(void, log_sum_exp_rows, (const float *x, float *y, size_t rows, size_t columns), (x, y, rows, columns))
KERNEL(void, row_dots, (const float *a, const float *b, float *y, size_t rows, size_t columns), (a, b, y, rows, columns))

KERNEL(void, bernoulli_rows, (const float *x, const float *logits, float *y, size_t rows, size_t columns), (x, logits, y, rows, columns))
KERNEL(void, bernoulli_backward, (const float *x, const float *logits, const float *g, float *d, size_t rows, size_t columns),
       (x, logits, g, d, rows, columns))
KERNEL(void, beta_binomial_rows, (const float *x, const float *a, const float *b, float trials, float *y, size_t rows, size_t columns),
       (x, a, b, trials, y, rows, columns))
KERNEL(void, beta_binomial_backward,
       (const float *x, const float *a, const float *b, float trials, const float *g, float *da, float *db, size_t rows, size_t columns),
       (x, a, b, trials, g, da, db, rows, columns))
KERNEL(void, negative_binomial, (const float *x, const float *mean, const float *dispersion, float *y, size_t n), (x, mean, dispersion, y, n))
KERNEL(void, negative_binomial_backward,
       (const float *x, const float *mean, const float *dispersion, const float *g, float *dm, float *dr, size_t n),
       (x, mean, dispersion, g, dm, dr, n))

KERNEL(int, lower_root, (double *a, size_t n), (a, n))
KERNEL(void, lower_gram, (const double *v, double *a, size_t n), (v, a, n))
KERNEL(void, lower_variances, (const double *v, double *c, double *scratch, size_t n), (v, c, scratch, n))
KERNEL(void, lower_covariance, (const double *v, double *c, double *scratch, size_t n), (v, c, scratch, n))
KERNEL(int, gaussian_pattern, (const double *precision, const uint32_t *order, size_t m, size_t d, double *v, double *logs),
       (precision, order, m, d, v, logs))
KERNEL(double, gaussian_given,
       (const double *precision, const double *mean, const double *x, const uint32_t *order, size_t m, size_t d, const double *v, double *shift,
        double *scratch),
       (precision, mean, x, order, m, d, v, shift, scratch))
KERNEL(void, gaussian_add,
       (double weight, const double *mean, const double *x, const uint32_t *order, size_t m, size_t d, const double *shift, double *sums,
        double *squares, double *scratch),
       (weight, mean, x, order, m, d, shift, sums, squares, scratch))
KERNEL(void, gaussian_add_covariance, (double weight, const double *c, const uint32_t *order, size_t m, size_t d, double *squares),
       (weight, c, order, m, d, squares))
KERNEL(double, double_dot, (const double *a, const double *b, size_t n), (a, b, n))
KERNEL(void, double_add, (double factor, const double *x, double *y, size_t n), (factor, x, y, n))
KERNEL(double, mixture_below, (double x, const double *weights, const double *means, const double *deviations, size_t n),
       (x, weights, means, deviations, n))
KERNEL(double, mixture_quantile, (double p, const double *weights, const double *means, const double *deviations, size_t n),
       (p, weights, means, deviations, n))
KERNEL(void, mixture_quantiles,
       (double p, double score, const double *weights, const double *means, const double *deviations, size_t parts, size_t stride, size_t n,
        double *y),
       (p, score, weights, means, deviations, parts, stride, n, y))

KERNEL(void, gaussian_intervals,
       (const float *pm, const float *ps, const float *qm, const float *qs, size_t first, size_t n, const double *edges, uint32_t bins, uint32_t least, int precision,
        const uint32_t *bin, uint32_t *starts, uint32_t *ends),
       (pm, ps, qm, qs, first, n, edges, bins, least, precision, bin, starts, ends))
KERNEL(void, gaussian_bins,
       (const float *pm, const float *ps, const float *qm, const float *qs, size_t first, size_t n, const double *edges, uint32_t bins, uint32_t least, int precision,
        const uint32_t *slots, uint32_t *bin, uint32_t *starts, uint32_t *ends),
       (pm, ps, qm, qs, first, n, edges, bins, least, precision, slots, bin, starts, ends))

KERNEL(size_t, packed_size, (size_t k, size_t n), (k, n))
KERNEL(void, pack, (const float *b, size_t k, size_t n, int transposed, float *packed), (b, k, n, transposed, packed))
KERNEL(void, gemm,
       (const float *a, size_t m, size_t k, const float *packed, size_t n, const float *bias, kernel_activation activation, float *c),
       (a, m, k, packed, n, bias, activation, c))
KERNEL(void, gemm_columns,
       (const float *a, size_t m, size_t k, const float *packed, size_t n, size_t first, size_t end, const float *bias,
        kernel_activation activation, float *c),
       (a, m, k, packed, n, first, end, bias, activation, c))
KERNEL(void, gemm_residual,
       (const float *a, size_t m, size_t k, const float *other, size_t other_k, size_t other_rows, size_t first, const float *packed,
        const float *bias, kernel_activation activation, float *c),
       (a, m, k, other, other_k, other_rows, first, packed, bias, activation, c))
KERNEL(void, unpack, (const float *packed, size_t k, size_t n, int transposed, float *b), (packed, k, n, transposed, b))

KERNEL(void, pack_panels, (const float *b, size_t k, size_t n, int transposed, size_t first, size_t end, float *panels),
       (b, k, n, transposed, first, end, panels))
KERNEL(void, panel_product,
       (const float *a, size_t m, size_t k, const float *panels, size_t columns, const float *bias, kernel_activation activation, float *c,
        size_t c_stride),
       (a, m, k, panels, columns, bias, activation, c, c_stride))
KERNEL(int, is_narrow, (size_t k, size_t n), (k, n))

KERNEL(void, patches,
       (const float *image, size_t channels, size_t height, size_t width, size_t kh, size_t kw, size_t stride_h, size_t stride_w, size_t pad_h,
        size_t pad_w, size_t out_w, size_t first, size_t count, float *patches),
       (image, channels, height, width, kh, kw, stride_h, stride_w, pad_h, pad_w, out_w, first, count, patches))
KERNEL(void, add_patches,
       (const float *patches, size_t channels, size_t height, size_t width, size_t kh, size_t kw, size_t stride_h, size_t stride_w, size_t pad_h,
        size_t pad_w, size_t out_w, size_t first, size_t count, float *image),
       (patches, channels, height, width, kh, kw, stride_h, stride_w, pad_h, pad_w, out_w, first, count, image))
KERNEL(void, transpose, (const float *x, size_t rows, size_t columns, float *y, size_t y_stride), (x, rows, columns, y, y_stride))

KERNEL(void, lstm_cell, (const float *x, float *gates, const float *c, float *next, float *h, size_t rows, size_t width), (x, gates, c, next, h, rows, width))
KERNEL(void, lstm_cell_backward,
       (const float *gates, const float *c, const float *next, const float *g, const float *dh, float *dc, float *d, size_t rows, size_t width),
       (gates, c, next, g, dh, dc, d, rows, width))
KERNEL(void, gru_cell, (const float *x, float *gates, const float *h, float *fresh, float *next, size_t rows, size_t width),
       (x, gates, h, fresh, next, rows, width))
KERNEL(void, gru_cell_backward,
       (const float *gates, const float *h, const float *fresh, const float *g, float *dh, float *dx, float *dp, size_t rows, size_t width),
       (gates, h, fresh, g, dh, dx, dp, rows, width))

KERNEL(void, philox, (uint64_t key, uint64_t row, size_t n, uint32_t *words), (key, row, n, words))
KERNEL(void, uniform, (uint64_t key, uint64_t row, size_t n, float *y), (key, row, n, y))
KERNEL(void, normal, (uint64_t key, uint64_t row, size_t n, float *y), (key, row, n, y))
KERNEL(uint64_t, derive_key, (uint64_t key, uint64_t a, uint64_t b), (key, a, b))

KERNEL(void, adam,
       (float *p, const float *g, float *m, float *v, size_t n, float rate, float beta1, float beta2, float epsilon, float decay, int decoupled,
        float bias1, float bias2),
       (p, g, m, v, n, rate, beta1, beta2, epsilon, decay, decoupled, bias1, bias2))
KERNEL(void, adamax,
       (float *p, const float *g, float *m, float *u, size_t n, float rate, float beta1, float beta2, float epsilon, float decay, float bias1),
       (p, g, m, u, n, rate, beta1, beta2, epsilon, decay, bias1))
KERNEL(void, sgd, (float *p, const float *g, float *velocity, size_t n, float rate, float momentum, float decay, int nesterov, int first),
       (p, g, velocity, n, rate, momentum, decay, nesterov, first))
KERNEL(void, rmsprop, (float *p, const float *g, float *square, size_t n, float rate, float alpha, float epsilon, float decay),
       (p, g, square, n, rate, alpha, epsilon, decay))
