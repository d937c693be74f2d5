// Quantiles of mixtures of normals, eight at a time in double precision: a lane's steps follow from its own numbers alone.

// e^x for -708 <= x <= 0, to an ulp or two.
INLINE vd v_exp_negative_double(vd x) {
  const vd shifter = 0x1.8p52;  // adding it rounds to an integer and leaves that integer in the low bits
  const vd t = FMA(x, (vd)1.4426950408889634, shifter);
  const vd whole = t - shifter;
  vd r = FMA(whole, (vd)-6.93147180369123816490e-01, x);
  r = FMA(whole, (vd)-1.90821492927058770002e-10, r);
  // Even and odd powers side by side, so that half as many steps wait for each other.
  const vd square = r * r;
  vd even = 1.0 / 479001600, odd = 1.0 / 39916800;
  even = FMA(even, square, (vd)(1.0 / 3628800));
  odd = FMA(odd, square, (vd)(1.0 / 362880));
  even = FMA(even, square, (vd)(1.0 / 40320));
  odd = FMA(odd, square, (vd)(1.0 / 5040));
  even = FMA(even, square, (vd)(1.0 / 720));
  odd = FMA(odd, square, (vd)(1.0 / 120));
  even = FMA(even, square, (vd)(1.0 / 24));
  odd = FMA(odd, square, (vd)(1.0 / 6));
  even = FMA(even, square, (vd)0.5);
  odd = FMA(odd, square, (vd)1);
  const vd p = FMA(odd, r, FMA(even, square, (vd)1));
  return p * (vd)(((vul)t - (vul)shifter + 1023) << 52);
}

// P(N(0, 1) <= z), and e^(-z²/2): erfc(t) = e^(-t²) q(y) / (1 + 2t), y = (t - 3) / (t + 3), with a polynomial q to 2e-14.
INLINE vd v_normal_cdf_double(vd z, vd *bell) {
  vd t = __builtin_elementwise_abs(z) * 0.70710678118654752440;
  t = t < 26 ? t : (vd)26;
  // One division for both quotients.
  const vd e = v_exp_negative_double(-t * t), r = 1 / ((t + 3) * (1 + 2 * t)), y = (t - 3) * ((1 + 2 * t) * r);
  const vd square = y * y;
  vd even = -1.1306446015854747e-07, odd = -3.9398266796764215e-07;
  even = FMA(even, square, (vd)4.3036517535450005e-07);
  odd = FMA(odd, square, (vd)3.246590573079616e-06);
  even = FMA(even, square, (vd)-8.73269156723912e-07);
  odd = FMA(odd, square, (vd)-1.9978257301843884e-05);
  even = FMA(even, square, (vd)5.057051321028866e-06);
  odd = FMA(odd, square, (vd)0.00012506377571182793);
  even = FMA(even, square, (vd)-0.00010520381383492369);
  odd = FMA(odd, square, (vd)-0.0007798276034445404);
  even = FMA(even, square, (vd)0.0018887006305135902);
  odd = FMA(odd, square, (vd)0.0025293918584000205);
  even = FMA(even, square, (vd)-0.023770516248342314);
  odd = FMA(odd, square, (vd)0.06830802727082799);
  even = FMA(even, square, (vd)-0.11927366332943964);
  odd = FMA(odd, square, (vd)0.12964515870851187);
  even = FMA(even, square, (vd)-0.04756229435558841);
  odd = FMA(odd, square, (vd)-0.13562110612468353);
  even = FMA(even, square, (vd)1.2530080582697385);
  const vd q = FMA(odd, y, even);
  const vd tail = 0.5 * e * q * ((t + 3) * r);
  *bell = e;
  return z < 0 ? tail : 1 - tail;
}

INLINE vd load_doubles(const double *p) {
  vd v;
  memcpy(&v, p, sizeof v);
  return v;
}

// Eight mixtures side by side; numbers of one part are `stride` apart from those of the next.
INLINE vd mixture_quantiles(double p, double score, const double *weights, const double *means, const double *deviations, size_t parts, size_t stride) {
  vd low = INFINITY, high = -INFINITY, total = 0, mean = 0, square = 0;
  for (size_t i = 0; i < parts; i++) {
    const vd w = weights == NULL ? (vd)1 : load_doubles(weights + i * stride);
    const vd m = load_doubles(means + i * stride), s = load_doubles(deviations + i * stride);
    const vl counts = (vl)(w > 0);
    // A quantile lies between the least and the largest of the parts' own.
    const vd own = FMA(s, (vd)score, m);
    low = (counts & (vl)(own < low)) ? own : low;
    high = (counts & (vl)(own > high)) ? own : high;
    total += counts ? w : (vd)0;
    mean += counts ? w * m : (vd)0;
    square += counts ? w * FMA(m, m, s * s) : (vd)0;
  }
  mean /= total;
  const vd variance = square / total - mean * mean, wanted = p * total;
  // Where a last step is as good as any: next to the rarer side's share, or steps in a far tail would count.
  const vd near = 1e-9 * (p < 0.5 ? p : 1 - p) * total;
  vd x = FMA(__builtin_elementwise_sqrt(variance > 0 ? variance : (vd)0), (vd)score, mean);
  x = x > low ? x : low;
  x = x < high ? x : high;
  vd last = INFINITY;
  // A lane without weights has nothing to find, and no number for an answer.
  vl done = (vl)(low >= high) | (vl)(total == 0);
  x = total > 0 ? x : (vd)NAN;
  // Newton's steps, a bisection where one leaves the bracket or where the error was not halved.
  for (int step = 0; step < 200; step++) {
    int open = 0;
    for (int lane = 0; lane < 8; lane++) open |= done[lane] == 0;
    if (!open) break;
    vd below = 0, density = 0;
    for (size_t i = 0; i < parts; i++) {
      const vd w = weights == NULL ? (vd)1 : load_doubles(weights + i * stride);
      const vd m = load_doubles(means + i * stride), s = load_doubles(deviations + i * stride);
      const vl counts = (vl)(w > 0);
      const vd scale = 1 / s;
      vd bell;
      const vd cdf = v_normal_cdf_double((x - m) * scale, &bell);
      below += counts ? w * cdf : (vd)0;
      density += counts ? w * 0.39894228040143267794 * bell * scale : (vd)0;
    }
    const vd excess = below - wanted;
    const vd size = __builtin_elementwise_abs(excess);
    const vl under = (vl)(excess < 0);
    low = under ? x : low;
    high = under ? high : x;
    const vd newton = x - excess / density, middle = 0.5 * (low + high);
    const vl inside = (vl)(newton > low) & (vl)(newton < high) & (vl)(size <= 0.5 * last);
    const vd next = inside ? newton : middle;
    // The last step is taken, too: it is the best that is known, unless there is nothing between the ends.
    const vl between = (vl)(next > low) & (vl)(next < high);
    const vl found = (vl)(size == 0) | ~between;
    x = (done | found) ? x : next;
    done |= found | (inside & (vl)(size <= near));
    last = size;
  }
  return x;
}

static void body_mixture_quantiles(double p, double score, const double *weights, const double *means, const double *deviations, size_t parts, size_t stride,
                                   size_t n, double *y) {
  for (size_t i = 0; i < n; i += 8) {
    const vd x = mixture_quantiles(p, score, weights == NULL ? NULL : weights + i, means + i, deviations + i, parts, stride);
    memcpy(y + i, &x, sizeof x);
  }
}
