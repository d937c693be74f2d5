// Integer cdfs of normal distributions over the bins of others, eight at a time in double precision. Nothing is fused: a coder needs the bits of
// `Normal.cdf` in Sources/Coding, the same on every processor.

// e^x for -708 <= x <= 0, as `Exponential.exp`.
INLINE vd v_exp_unfused(vd x) {
  const vd shifter = 0x1.8p52;
  const vd t = x * 1.4426950408889634 + shifter;
  const vd n = t - shifter;
  const vd r = (x - n * 6.93147180369123816490e-01) - n * 1.90821492927058770002e-10;
  vd p = 1.0 / 6227020800;
  p = p * r + 1.0 / 479001600;
  p = p * r + 1.0 / 39916800;
  p = p * r + 1.0 / 3628800;
  p = p * r + 1.0 / 362880;
  p = p * r + 1.0 / 40320;
  p = p * r + 1.0 / 5040;
  p = p * r + 1.0 / 720;
  p = p * r + 1.0 / 120;
  p = p * r + 1.0 / 24;
  p = p * r + 1.0 / 6;
  p = p * r + 0.5;
  p = p * r + 1;
  p = p * r + 1;
  return p * (vd)(((vul)t - (vul)shifter + 1023) << 52);
}

// P(N(0, 1) <= z) with z rounded to the grid, as `Normal.cdf`.
INLINE vd v_normal_cdf_on_grid(vd z) {
  z = z < -12 ? (vd)-12 : (z > 12 ? (vd)12 : z);
  z = (z + 0x1.8p20) - 0x1.8p20;
  const vd t = (z < 0 ? -z : z) * 0.70710678118654752440;
  const vd y = (t - 3) / (t + 3);
  vd q = -1.1306446015854747e-07;
  q = q * y - 3.9398266796764215e-07;
  q = q * y + 4.3036517535450005e-07;
  q = q * y + 3.246590573079616e-06;
  q = q * y - 8.73269156723912e-07;
  q = q * y - 1.9978257301843884e-05;
  q = q * y + 5.057051321028866e-06;
  q = q * y + 0.00012506377571182793;
  q = q * y - 0.00010520381383492369;
  q = q * y - 0.0007798276034445404;
  q = q * y + 0.0018887006305135902;
  q = q * y + 0.0025293918584000205;
  q = q * y - 0.023770516248342314;
  q = q * y + 0.06830802727082799;
  q = q * y - 0.11927366332943964;
  q = q * y + 0.12964515870851187;
  q = q * y - 0.04756229435558841;
  q = q * y - 0.13562110612468353;
  q = q * y + 1.2530080582697385;
  const vd tail = 0.5 * v_exp_unfused(-t * t) * q / (1 + 2 * t);
  return z < 0 ? tail : 1 - tail;
}

// The z with P(N(0, 1) <= z) = p, 0 < p < 1, to three digits or so (Giles 2010): a guess.
INLINE vf v_normal_quantile_near(vf p) {
  const vf w = -v_log(4 * p * (1 - p)), near = w - 2.5f, far = __builtin_elementwise_sqrt(w) - 3;
  vf a = 2.81022636e-08f;
  a = a * near + 3.43273939e-07f;
  a = a * near - 3.5233877e-06f;
  a = a * near - 4.39150654e-06f;
  a = a * near + 0.00021858087f;
  a = a * near - 0.00125372503f;
  a = a * near - 0.00417768164f;
  a = a * near + 0.246640727f;
  a = a * near + 1.50140941f;
  vf b = -0.000200214257f;
  b = b * far + 0.000100950558f;
  b = b * far + 0.00134934322f;
  b = b * far - 0.00367342844f;
  b = b * far + 0.00573950773f;
  b = b * far - 0.0076224613f;
  b = b * far + 0.00943887047f;
  b = b * far + 1.00167406f;
  b = b * far + 2.83297682f;
  return 1.41421356f * (w < 5 ? a : b) * (2 * p - 1);
}

typedef struct {
  vd pm, ps, qm, qs;
} moments;

// Eight numbers from place i on; past the end they are those of N(0, 1).
INLINE moments load_moments(const float *pm, const float *ps, const float *qm, const float *qs, size_t i, size_t n) {
  const size_t count = n - i < 8 ? n - i : 8;
  if (count == 8) {
    typedef float vf8 __attribute__((ext_vector_type(8)));
    vf8 a, b, c, d;
    memcpy(&a, pm + i, sizeof a);
    memcpy(&b, ps + i, sizeof b);
    memcpy(&c, qm + i, sizeof c);
    memcpy(&d, qs + i, sizeof d);
    return (moments){__builtin_convertvector(a, vd), __builtin_convertvector(b, vd), __builtin_convertvector(c, vd), __builtin_convertvector(d, vd)};
  }
  moments m = {0, 1, 0, 1};
  for (size_t k = 0; k < count; k++) m.pm[k] = pm[i + k], m.ps[k] = ps[i + k], m.qm[k] = qm[i + k], m.qs[k] = qs[i + k];
  return m;
}

// least * edge + round(others * P(N(qm, qs^2) <= pm + ps * edges[edge - 1])) between the first and the last edge.
INLINE void bin_starts(moments m, const double *edges, uint32_t bins, uint32_t least, double others, uint32_t whole, const uint32_t *edge, size_t count,
                       uint32_t *starts) {
  vd e = 0;
  for (size_t k = 0; k < count; k++) e[k] = edge[k] == 0 || edge[k] >= bins ? 0 : edges[edge[k] - 1];
  const vd slots = v_normal_cdf_on_grid((m.pm + m.ps * e - m.qm) / m.qs) * others + 0.5;
  for (size_t k = 0; k < count; k++)
    starts[k] = edge[k] == 0 ? 0 : edge[k] >= bins ? whole : least * edge[k] + (uint32_t)slots[k];
}

static void body_gaussian_intervals(const float *pm, const float *ps, const float *qm, const float *qs, size_t first, size_t n, const double *edges,
                                    uint32_t bins, uint32_t least, int precision, const uint32_t *bin, uint32_t *starts, uint32_t *ends) {
  const uint32_t whole = (uint32_t)1 << precision;
  const double others = (double)(whole - least * bins);
  for (size_t i = 0; i < n; i += 8) {
    const size_t count = n - i < 8 ? n - i : 8;
    const moments m = load_moments(pm, ps, qm, qs, first + i, first + n);
    uint32_t next[8];
    for (size_t k = 0; k < count; k++) next[k] = bin[i + k] + 1;
    bin_starts(m, edges, bins, least, others, whole, bin + i, count, starts + i);
    bin_starts(m, edges, bins, least, others, whole, next, count, ends + i);
  }
}

static void body_gaussian_bins(const float *pm, const float *ps, const float *qm, const float *qs, size_t first, size_t n, const double *edges, uint32_t bins,
                               uint32_t least, int precision, const uint32_t *slots, uint32_t *bin, uint32_t *starts, uint32_t *ends) {
  typedef float vf8 __attribute__((ext_vector_type(8)));
  const uint32_t whole = (uint32_t)1 << precision;
  for (size_t i = 0; i < n; i += 8) {
    const size_t count = n - i < 8 ? n - i : 8;
    const moments m = load_moments(pm, ps, qm, qs, first + i, first + n);
    vf p = 0.5f;
    for (size_t k = 0; k < count; k++) p[k] = ((float)slots[i + k] + 0.5f) / (float)whole;
    const vf z = v_normal_quantile_near(p < 0x1.fffffep-1f ? p : (vf)0x1.fffffep-1f);
    const vd x = (m.qm + m.qs * __builtin_convertvector(z.lo, vd) - m.pm) / m.ps;
    const vf8 near = __builtin_convertvector(x > 9 ? (vd)9 : (x > -9 ? x : (vd)-9), vf8);
    vf wide = 0;
    wide.lo = near;
    const vf place = v_normal_cdf(wide) * (float)bins;
    for (size_t k = 0; k < count; k++) {
      const int32_t guess = (int32_t)place[k];
      bin[i + k] = guess < 0 ? 0 : (uint32_t)guess >= bins ? bins - 1 : (uint32_t)guess;
    }
  }
  body_gaussian_intervals(pm, ps, qm, qs, first, n, edges, bins, least, precision, bin, starts, ends);
}
