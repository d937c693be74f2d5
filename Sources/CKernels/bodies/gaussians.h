// Multivariate normals in double precision: triangular roots, conditionals and the sums of expectation maximisation.
//
// Loops run along rows and add in one order, without contraction, so every processor gives the same bits.

static double body_double_dot(const double *a, const double *b, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += a[i] * b[i];
  return sum;
}

static int body_lower_root(double *a, size_t n) {
  for (size_t i = n; i-- > 0;) {
    double *row = a + i * n;
    if (!(row[i] > 0)) return 0;
    const double root = sqrt(row[i]);
    row[i] = root;
    for (size_t j = 0; j < i; j++) row[j] /= root;
    // What is left of A is what V's last rows have not explained.
    for (size_t r = 0; r < i; r++) {
      double *other = a + r * n;
      const double factor = row[r];
      for (size_t j = 0; j <= r; j++) other[j] -= factor * row[j];
    }
  }
  return 1;
}

static void body_lower_gram(const double *v, double *a, size_t n) {
  memset(a, 0, n * n * sizeof(double));
  for (size_t i = 0; i < n; i++) {
    const double *row = v + i * n;
    for (size_t r = 0; r <= i; r++) {
      double *out = a + r * n;
      const double factor = row[r];
      for (size_t j = 0; j <= r; j++) out[j] += factor * row[j];
    }
  }
  for (size_t i = 0; i < n; i++) {
    for (size_t j = i + 1; j < n; j++) a[i * n + j] = a[j * n + i];
  }
}

// W = V^-1, row by row: V_ii W_i = e_i - sum over k < i of V_ik W_k.
static void lower_inverse(const double *v, double *w, size_t n) {
  for (size_t i = 0; i < n; i++) {
    double *row = w + i * n;
    memset(row, 0, n * sizeof(double));
    row[i] = 1;
    for (size_t k = 0; k < i; k++) {
      const double factor = v[i * n + k];
      const double *other = w + k * n;
      for (size_t j = 0; j <= k; j++) row[j] -= factor * other[j];
    }
    const double pivot = v[i * n + i];
    for (size_t j = 0; j <= i; j++) row[j] /= pivot;
  }
}

static void body_lower_variances(const double *v, double *c, double *scratch, size_t n) {
  lower_inverse(v, scratch, n);
  for (size_t i = 0; i < n; i++) c[i] = body_double_dot(scratch + i * n, scratch + i * n, i + 1);
}

static void body_lower_covariance(const double *v, double *c, double *scratch, size_t n) {
  double *w = scratch;
  lower_inverse(v, w, n);
  // C = W W', by the columns of W.
  memset(c, 0, n * n * sizeof(double));
  double *column = scratch + n * n;
  for (size_t k = 0; k < n; k++) {
    for (size_t i = k; i < n; i++) column[i] = w[i * n + k];
    for (size_t i = k; i < n; i++) {
      double *out = c + i * n;
      const double factor = column[i];
      for (size_t j = k; j <= i; j++) out[j] += factor * column[j];
    }
  }
  for (size_t i = 0; i < n; i++) {
    for (size_t j = i + 1; j < n; j++) c[i * n + j] = c[j * n + i];
  }
}

static int body_gaussian_pattern(const double *precision, const uint32_t *order, size_t m, size_t d, double *v, double *logs) {
  for (size_t i = 0; i < m; i++) {
    for (size_t j = 0; j <= i; j++) v[i * m + j] = precision[order[i] * d + order[j]];
    for (size_t j = i + 1; j < m; j++) v[i * m + j] = 0;
  }
  if (!body_lower_root(v, m)) return 0;
  double sum = 0;
  for (size_t i = 0; i < m; i++) sum += log(v[i * m + i]);
  *logs = sum;
  return 1;
}

static double body_gaussian_given(
    const double *precision, const double *mean, const double *x, const uint32_t *order, size_t m, size_t d, const double *v, double *shift,
    double *scratch) {
  // s = P_.o (x_o - mu_o)
  double *s = scratch, *y = scratch + d;
  memset(s, 0, d * sizeof(double));
  for (size_t i = m; i < d; i++) {
    const double *row = precision + (size_t)order[i] * d;
    const double error = x[order[i]] - mean[order[i]];
    for (size_t j = 0; j < d; j++) s[j] += error * row[j];
  }
  double q = 0;
  for (size_t i = m; i < d; i++) q += (x[order[i]] - mean[order[i]]) * s[order[i]];
  // V'y = -s_m from the last row up, then V shift = y from the first row down.
  for (size_t i = 0; i < m; i++) y[i] = -s[order[i]];
  for (size_t i = m; i-- > 0;) {
    const double *row = v + i * m;
    y[i] /= row[i];
    const double factor = y[i];
    for (size_t j = 0; j < i; j++) y[j] -= row[j] * factor;
    q -= factor * factor;
  }
  for (size_t i = 0; i < m; i++) {
    const double *row = v + i * m;
    double sum = y[i];
    for (size_t j = 0; j < i; j++) sum -= row[j] * shift[j];
    shift[i] = sum / row[i];
  }
  return q;
}

static void body_gaussian_add(
    double weight, const double *mean, const double *x, const uint32_t *order, size_t m, size_t d, const double *shift, double *sums,
    double *squares, double *scratch) {
  double *e = scratch;
  for (size_t i = 0; i < m; i++) e[order[i]] = shift[i];
  for (size_t i = m; i < d; i++) e[order[i]] = x[order[i]] - mean[order[i]];
  for (size_t i = 0; i < d; i++) {
    const double factor = weight * e[i];
    double *out = squares + i * d;
    sums[i] += factor;
    for (size_t j = 0; j <= i; j++) out[j] += factor * e[j];
  }
}

static void body_gaussian_add_covariance(double weight, const double *c, const uint32_t *order, size_t m, size_t d, double *squares) {
  for (size_t i = 0; i < m; i++) {
    for (size_t j = 0; j < m; j++) {
      if (order[j] <= order[i]) squares[(size_t)order[i] * d + order[j]] += weight * c[i * m + j];
    }
  }
}

static void body_double_add(double factor, const double *x, double *y, size_t n) {
  for (size_t i = 0; i < n; i++) y[i] += factor * x[i];
}

static double body_mixture_below(double x, const double *weights, const double *means, const double *deviations, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) {
    if (weights[i] > 0) sum += weights[i] * 0.5 * erfc((means[i] - x) / (deviations[i] * 1.4142135623730951));
  }
  return sum;
}

static double body_mixture_quantile(double p, const double *weights, const double *means, const double *deviations, size_t n) {
  double low = INFINITY, high = -INFINITY, total = 0, mean = 0, square = 0;
  for (size_t i = 0; i < n; i++) {
    if (!(weights[i] > 0)) continue;
    low = fmin(low, means[i] - 9 * deviations[i]);
    high = fmax(high, means[i] + 9 * deviations[i]);
    total += weights[i];
    mean += weights[i] * means[i];
    square += weights[i] * (means[i] * means[i] + deviations[i] * deviations[i]);
  }
  const double wanted = p * total;
  mean /= total;
  const double deviation = sqrt(fmax(square / total - mean * mean, 1e-300));
  double x = mean + deviation * (p < 0.5 ? -1.5 : 1.5);
  // Newton's steps, a bisection where one leaves the bracket.
  for (int step = 0; step < 60; step++) {
    if (!(x > low && x < high)) x = 0.5 * (low + high);
    const double excess = body_mixture_below(x, weights, means, deviations, n) - wanted;
    if (excess < 0) low = x;
    else high = x;
    double density = 0;
    for (size_t i = 0; i < n; i++) {
      if (!(weights[i] > 0)) continue;
      const double z = (x - means[i]) / deviations[i];
      density += weights[i] * 0.3989422804014327 * exp(-0.5 * z * z) / deviations[i];
    }
    const double move = density > 0 ? excess / density : INFINITY;
    if (fabs(move) < 1e-9 * deviation || high - low < 1e-9 * deviation) return fabs(move) < deviation ? x - move : x;
    x -= move;
  }
  return x;
}
