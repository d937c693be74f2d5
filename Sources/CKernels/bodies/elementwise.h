// Arrays are walked in whole vectors; what is left goes through the same expression in a part-filled vector, so a position never changes a result.
// `x_`, `a_` and so on are the vectors of the arrays x, a ... at the current position.

#define MAP(name, parameters, LOAD, expression, out)                   \
  static void body_##name parameters {                                 \
    size_t i = 0;                                                      \
    for (; i + LANES <= n; i += LANES) {                               \
      LOAD(WHOLE)                                                      \
      store((out) + i, (expression));                                  \
    }                                                                  \
    if (i < n) {                                                       \
      LOAD(PART)                                                       \
      store_part((out) + i, (expression), n - i);                      \
    }                                                                  \
  }
#define WHOLE(p) load((p) + i)
#define PART(p) load_part((p) + i, n - i, 1)

#define X(L) const vf x_ = L(x);
#define XG(L) const vf x_ = L(x), g_ = L(g);
#define YG(L) const vf y_ = L(y), g_ = L(g);
#define XYG(L) const vf x_ = L(x), y_ = L(y), g_ = L(g);
#define XY(L) const vf x_ = L(x), y_ = L(y);
#define AB(L) const vf a_ = L(a), b_ = L(b);
#define ABC(L) const vf a_ = L(a), b_ = L(b), c_ = L(c);

// s (1 + x (1 - s)), s = sigmoid(x)
INLINE vf silu_slope(vf x) {
  const vf s = v_sigmoid(x);
  return s * FMA(x, 1 - s, (vf)1);
}

MAP(exp, (const float *x, float *y, size_t n), X, v_exp(x_), y)
MAP(log, (const float *x, float *y, size_t n), X, v_log(x_), y)
MAP(sqrt, (const float *x, float *y, size_t n), X, __builtin_elementwise_sqrt(x_), y)
MAP(tanh, (const float *x, float *y, size_t n), X, v_tanh(x_), y)
MAP(sigmoid, (const float *x, float *y, size_t n), X, v_sigmoid(x_), y)
MAP(softplus, (const float *x, float *y, size_t n), X, v_softplus(x_), y)
MAP(relu, (const float *x, float *y, size_t n), X, v_relu(x_), y)
MAP(leaky_relu, (const float *x, float slope, float *y, size_t n), X, x_ > 0 ? x_ : slope * x_, y)
MAP(elu, (const float *x, float alpha, float *y, size_t n), X, x_ > 0 ? x_ : alpha * v_expm1_negative(x_), y)
MAP(silu, (const float *x, float *y, size_t n), X, x_ *v_sigmoid(x_), y)
MAP(gelu, (const float *x, float *y, size_t n), X, x_ *v_normal_cdf(x_), y)
MAP(abs, (const float *x, float *y, size_t n), X, v_abs(x_), y)
MAP(square, (const float *x, float *y, size_t n), X, x_ *x_, y)
MAP(reciprocal, (const float *x, float *y, size_t n), X, 1 / x_, y)
MAP(clamp, (const float *x, float low, float high, float *y, size_t n), X, x_ < low ? (vf)low : (x_ > high ? (vf)high : x_), y)
MAP(affine, (const float *x, float scale, float shift, float *y, size_t n), X, FMA(x_, (vf)scale, (vf)shift), y)
MAP(lgamma, (const float *x, float *y, size_t n), X, floats(v_lgamma_near(low_doubles(x_)), v_lgamma_near(high_doubles(x_))), y)
MAP(digamma, (const float *x, float *y, size_t n), X, floats(v_digamma(low_doubles(x_)), v_digamma(high_doubles(x_))), y)

MAP(tanh_backward, (const float *y, const float *g, float *dx, size_t n), YG, g_ *FMA(-y_, y_, (vf)1), dx)
MAP(sigmoid_backward, (const float *y, const float *g, float *dx, size_t n), YG, g_ *(y_ * (1 - y_)), dx)
MAP(softplus_backward, (const float *x, const float *g, float *dx, size_t n), XG, g_ *v_sigmoid(x_), dx)
MAP(relu_backward, (const float *y, const float *g, float *dx, size_t n), YG, y_ <= 0 ? (vf)0 : g_, dx)
MAP(leaky_relu_backward, (const float *x, const float *g, float slope, float *dx, size_t n), XG, x_ > 0 ? g_ : slope * g_, dx)
MAP(elu_backward, (const float *x, const float *y, const float *g, float alpha, float *dx, size_t n), XYG, x_ > 0 ? g_ : g_ * (y_ + alpha), dx)
MAP(silu_backward, (const float *x, const float *g, float *dx, size_t n), XG, g_ *silu_slope(x_), dx)
MAP(gelu_backward, (const float *x, const float *g, float *dx, size_t n), XG, g_ *FMA(x_, v_normal_density(x_), v_normal_cdf(x_)), dx)
MAP(clamp_backward, (const float *x, const float *g, float low, float high, float *dx, size_t n), XG, ((x_ >= low) & (x_ <= high)) ? g_ : (vf)0, dx)

MAP(add, (const float *a, const float *b, float *y, size_t n), AB, a_ + b_, y)
MAP(subtract, (const float *a, const float *b, float *y, size_t n), AB, a_ - b_, y)
MAP(multiply, (const float *a, const float *b, float *y, size_t n), AB, a_ *b_, y)
MAP(divide, (const float *a, const float *b, float *y, size_t n), AB, a_ / b_, y)
MAP(maximum, (const float *a, const float *b, float *y, size_t n), AB, larger(a_, b_), y)
MAP(minimum, (const float *a, const float *b, float *y, size_t n), AB, smaller(a_, b_), y)
MAP(multiply_add, (const float *a, const float *b, const float *c, float *y, size_t n), ABC, FMA(a_, b_, c_), y)
MAP(accumulate, (const float *x, float scale, float *y, size_t n), XY, FMA((vf)scale, x_, y_), y)

// Broadcasts: x times or plus a scalar, row by row.
MAP(add_scalar, (const float *x, float s, float *y, size_t n), X, x_ + s, y)
MAP(multiply_scalar, (const float *x, float s, float *y, size_t n), X, x_ *s, y)

static void body_add_row(const float *x, const float *r, float *y, size_t rows, size_t columns) {
  for (size_t row = 0; row < rows; row++) body_add(x + row * columns, r, y + row * columns, columns);
}

static void body_multiply_row(const float *x, const float *r, float *y, size_t rows, size_t columns) {
  for (size_t row = 0; row < rows; row++) body_multiply(x + row * columns, r, y + row * columns, columns);
}

static void body_add_column(const float *x, const float *c, float *y, size_t rows, size_t columns) {
  for (size_t row = 0; row < rows; row++) body_add_scalar(x + row * columns, c[row], y + row * columns, columns);
}

static void body_multiply_column(const float *x, const float *c, float *y, size_t rows, size_t columns) {
  for (size_t row = 0; row < rows; row++) body_multiply_scalar(x + row * columns, c[row], y + row * columns, columns);
}

#undef X
#undef XG
#undef YG
#undef XYG
#undef XY
#undef AB
#undef ABC
