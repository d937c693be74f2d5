// x l - softplus(l) = (x l - max(l, 0)) - log(1 + e^-|l|): written so, nothing cancels where the model is sure and right.
INLINE vf bernoulli(vf x, vf l) { return FMA(x, l, -v_relu(l)) - v_log1p_unit(v_exp(-v_abs(l))); }

static void body_bernoulli_rows(const float *x, const float *logits, float *y, size_t rows, size_t columns) {
  for (size_t r = 0; r < rows; r++, x += columns, logits += columns) {
#define COMBINE(s, at, count) (s + keep(bernoulli(load_some(x + (at), count, 0), load_some(logits + (at), count, 0)), count, 0))
    REDUCE(columns, 0, COMBINE)
#undef COMBINE
    y[r] = lanes_sum((s0 + s1) + (s2 + s3));
  }
}

static void body_bernoulli_backward(const float *x, const float *logits, const float *g, float *d, size_t rows, size_t columns) {
  for (size_t r = 0; r < rows; r++, x += columns, logits += columns, d += columns) {
    const vf scale = g[r];
    size_t i = 0;
    for (; i + LANES <= columns; i += LANES) store(d + i, scale * (load(x + i) - v_sigmoid(load(logits + i))));
    if (i < columns) {
      const size_t rest = columns - i;
      store_part(d + i, scale * (load_part(x + i, rest, 0) - v_sigmoid(load_part(logits + i, rest, 0))), rest);
    }
  }
}

// log C(n, x) + log B(x + a, n - x + b) - log B(a, b)
INLINE vd beta_binomial(vd x, vd a, vd b, vd n) {
  const vd choose = v_lgamma(n + 1) - v_lgamma(x + 1) - v_lgamma(n - x + 1);
  const vd successes = v_lgamma(x + a) - v_lgamma(a);
  const vd failures = v_lgamma(n - x + b) - v_lgamma(b);
  return choose + ((successes + failures) - (v_lgamma(n + a + b) - v_lgamma(a + b)));
}

static void body_beta_binomial_rows(const float *x, const float *a, const float *b, float trials, float *y, size_t rows, size_t columns) {
  const vd n = (double)trials;
  for (size_t r = 0; r < rows; r++, x += columns, a += columns, b += columns) {
    vd low = 0, high = 0;
    for (size_t i = 0; i < columns; i += LANES) {
      // The lanes past the end are x = n = 0, whose log-probability is 0 only up to rounding: they are cut off below.
      const size_t count = columns - i < LANES ? columns - i : LANES;
      const vf xs = load_some(x + i, count, 0), as = load_some(a + i, count, 1), bs = load_some(b + i, count, 1);
      const vl lane = {0, 1, 2, 3, 4, 5, 6, 7};
      const vl end = (int64_t)count;
      const vd first = beta_binomial(low_doubles(xs), low_doubles(as), low_doubles(bs), n);
      const vd second = beta_binomial(high_doubles(xs), high_doubles(as), high_doubles(bs), n);
      low += lane < end ? first : (vd)0;
      high += lane + 8 < end ? second : (vd)0;
    }
    y[r] = (float)lanes_sum_double(low + high);
  }
}

// d/da = psi(x + a) - psi(n + a + b) - psi(a) + psi(a + b)
INLINE vd beta_binomial_slope(vd x, vd a, vd b, vd n) { return (v_digamma(x + a) - v_digamma(a)) - (v_digamma(n + a + b) - v_digamma(a + b)); }

static void body_beta_binomial_backward(const float *x, const float *a, const float *b, float trials, const float *g, float *da, float *db,
                                        size_t rows, size_t columns) {
  const vd n = (double)trials;
  for (size_t r = 0; r < rows; r++, x += columns, a += columns, b += columns, da += columns, db += columns) {
    const vd scale = (double)g[r];
    for (size_t i = 0; i < columns; i += LANES) {
      const size_t count = columns - i < LANES ? columns - i : LANES;
      const vf xs = load_some(x + i, count, 0), as = load_some(a + i, count, 1), bs = load_some(b + i, count, 1);
      const vd x0 = low_doubles(xs), a0 = low_doubles(as), b0 = low_doubles(bs);
      const vd x1 = high_doubles(xs), a1 = high_doubles(as), b1 = high_doubles(bs);
      const vf towards_a = floats(scale * beta_binomial_slope(x0, a0, b0, n), scale * beta_binomial_slope(x1, a1, b1, n));
      const vf towards_b = floats(scale * beta_binomial_slope(n - x0, b0, a0, n), scale * beta_binomial_slope(n - x1, b1, a1, n));
      if (count == LANES) {
        store(da + i, towards_a);
        store(db + i, towards_b);
      } else {
        store_part(da + i, towards_a, count);
        store_part(db + i, towards_b, count);
      }
    }
  }
}

// log Gamma(x + r) - log Gamma(r) - log x! + r log(r / (r + m)) + x log(m / (r + m))
INLINE vd negative_binomial(vd x, vd m, vd r) {
  const vd total = v_log_double(r + m);
  const vd ways = (v_lgamma(x + r) - v_lgamma(r)) - v_lgamma(x + 1);
  return ways + (r * (v_log_double(r) - total) + x * (v_log_double(m) - total));
}

static void body_negative_binomial(const float *x, const float *mean, const float *dispersion, float *y, size_t n) {
  for (size_t i = 0; i < n; i += LANES) {
    const size_t count = n - i < LANES ? n - i : LANES;
    const vf xs = load_some(x + i, count, 0), ms = load_some(mean + i, count, 1), rs = load_some(dispersion + i, count, 1);
    const vf p = floats(negative_binomial(low_doubles(xs), low_doubles(ms), low_doubles(rs)),
                        negative_binomial(high_doubles(xs), high_doubles(ms), high_doubles(rs)));
    if (count == LANES) store(y + i, p);
    else store_part(y + i, p, count);
  }
}

// d/dm = r (x - m) / (m (r + m)), d/dr = psi(x + r) - psi(r) + log(r / (r + m)) + (m - x) / (r + m)
INLINE vd negative_binomial_mean_slope(vd x, vd m, vd r) { return r * (x - m) / (m * (r + m)); }
INLINE vd negative_binomial_dispersion_slope(vd x, vd m, vd r) {
  return (v_digamma(x + r) - v_digamma(r)) + (v_log_double(r) - v_log_double(r + m)) + (m - x) / (r + m);
}

static void body_negative_binomial_backward(const float *x, const float *mean, const float *dispersion, const float *g, float *dm, float *dr, size_t n) {
  for (size_t i = 0; i < n; i += LANES) {
    const size_t count = n - i < LANES ? n - i : LANES;
    const vf xs = load_some(x + i, count, 0), ms = load_some(mean + i, count, 1), rs = load_some(dispersion + i, count, 1);
    const vf scale = load_some(g + i, count, 0);
    const vd x0 = low_doubles(xs), m0 = low_doubles(ms), r0 = low_doubles(rs), g0 = low_doubles(scale);
    const vd x1 = high_doubles(xs), m1 = high_doubles(ms), r1 = high_doubles(rs), g1 = high_doubles(scale);
    const vf towards_mean = floats(g0 * negative_binomial_mean_slope(x0, m0, r0), g1 * negative_binomial_mean_slope(x1, m1, r1));
    const vf towards_dispersion = floats(g0 * negative_binomial_dispersion_slope(x0, m0, r0), g1 * negative_binomial_dispersion_slope(x1, m1, r1));
    if (count == LANES) {
      store(dm + i, towards_mean);
      store(dr + i, towards_dispersion);
    } else {
      store_part(dm + i, towards_mean, count);
      store_part(dr + i, towards_dispersion, count);
    }
  }
}
