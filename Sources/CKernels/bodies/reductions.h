// A row is read in strides of four vectors; vector v of the row goes to accumulator v mod 4, a part-filled last vector is padded with the neutral element.
// The order is therefore a function of the length alone.

#define REDUCE(count, start, COMBINE)                                                         \
  vf s0 = (vf)(start), s1 = s0, s2 = s0, s3 = s0;                                             \
  size_t i = 0;                                                                               \
  for (; i + 4 * LANES <= (count); i += 4 * LANES) {                                          \
    s0 = COMBINE(s0, i, LANES);                                                               \
    s1 = COMBINE(s1, i + LANES, LANES);                                                       \
    s2 = COMBINE(s2, i + 2 * LANES, LANES);                                                   \
    s3 = COMBINE(s3, i + 3 * LANES, LANES);                                                   \
  }                                                                                           \
  if (i + LANES <= (count)) s0 = COMBINE(s0, i, LANES), i += LANES;                           \
  if (i + LANES <= (count)) s1 = COMBINE(s1, i, LANES), i += LANES;                           \
  if (i + LANES <= (count)) s2 = COMBINE(s2, i, LANES), i += LANES;                           \
  if (i < (count)) s3 = COMBINE(s3, i, (count) - i);

// `count` is a literal LANES in the whole vectors, so that the choice below costs nothing there.
INLINE vf load_some(const float *p, size_t count, float fill) { return count == LANES ? load(p) : load_part(p, count, fill); }

static float body_sum(const float *x, size_t n) {
#define COMBINE(s, at, count) (s + load_some(x + (at), count, 0))
  REDUCE(n, 0, COMBINE)
#undef COMBINE
  return lanes_sum((s0 + s1) + (s2 + s3));
}

static double body_sum_of_squares(const float *x, size_t n) {
  vd low = 0, high = 0;
  for (size_t i = 0; i < n; i += LANES) {
    const vf v = load_some(x + i, n - i < LANES ? n - i : LANES, 0);
    low = FMA(low_doubles(v), low_doubles(v), low);
    high = FMA(high_doubles(v), high_doubles(v), high);
  }
  return lanes_sum_double(low + high);
}

static void body_row_sums(const float *x, float *y, size_t rows, size_t columns) {
  for (size_t r = 0; r < rows; r++) y[r] = body_sum(x + r * columns, columns);
}

static void body_column_sums(const float *x, float *y, size_t rows, size_t columns, size_t stride) {
  memset(y, 0, columns * sizeof(float));
  size_t r = 0;
  for (; r + 4 <= rows; r += 4) {  // four rows a pass over y, still one after the other
    const float *x0 = x + r * stride, *x1 = x0 + stride, *x2 = x1 + stride, *x3 = x2 + stride;
    size_t j = 0;
    for (; j + LANES <= columns; j += LANES) store(y + j, (((load(y + j) + load(x0 + j)) + load(x1 + j)) + load(x2 + j)) + load(x3 + j));
    for (; j < columns; j++) y[j] = (((y[j] + x0[j]) + x1[j]) + x2[j]) + x3[j];
  }
  for (; r < rows; r++) body_add(y, x + r * stride, y, columns);
}

INLINE float row_maximum(const float *x, size_t n) {
#define COMBINE(s, at, count) larger(s, load_some(x + (at), count, -INFINITY))
  REDUCE(n, -INFINITY, COMBINE)
#undef COMBINE
  return lanes_maximum(larger(larger(s0, s1), larger(s2, s3)));
}

static void body_row_maxima(const float *x, float *y, size_t rows, size_t columns) {
  for (size_t r = 0; r < rows; r++) y[r] = row_maximum(x + r * columns, columns);
}

// softmax(x)_j = e^(x_j - max x) / sum_k e^(x_k - max x)
static void body_softmax_rows(const float *x, float *y, size_t rows, size_t columns) {
  for (size_t r = 0; r < rows; r++, x += columns, y += columns) {
    const float most = row_maximum(x, columns);
    size_t i = 0;
    for (; i + LANES <= columns; i += LANES) store(y + i, v_exp(load(x + i) - most));
    if (i < columns) store_part(y + i, v_exp(load_part(x + i, columns - i, 0) - most), columns - i);
    const float total = body_sum(y, columns);
    for (i = 0; i + LANES <= columns; i += LANES) store(y + i, load(y + i) / total);
    if (i < columns) store_part(y + i, load_part(y + i, columns - i, 0) / total, columns - i);
  }
}

// log sum_j e^(x_j) = max x + log sum_j e^(x_j - max x)
static void body_log_sum_exp_rows(const float *x, float *y, size_t rows, size_t columns) {
  for (size_t r = 0; r < rows; r++, x += columns) {
    const float most = row_maximum(x, columns);
    if (!(most > -INFINITY && most < INFINITY)) {  // all -inf, some +inf, or NaN: the maximum is the answer
      y[r] = most;
      continue;
    }
#define COMBINE(s, at, count) (s + v_exp(load_some(x + (at), count, -INFINITY) - most))
    REDUCE(columns, 0, COMBINE)
#undef COMBINE
    y[r] = most + v_log((vf)lanes_sum((s0 + s1) + (s2 + s3)))[0];
  }
}

static void body_row_dots(const float *a, const float *b, float *y, size_t rows, size_t columns) {
  for (size_t r = 0; r < rows; r++, a += columns, b += columns) {
#define COMBINE(s, at, count) FMA(load_some(a + (at), count, 0), load_some(b + (at), count, 0), s)
    REDUCE(columns, 0, COMBINE)
#undef COMBINE
    y[r] = lanes_sum((s0 + s1) + (s2 + s3));
  }
}
