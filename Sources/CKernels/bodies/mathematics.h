// float32 functions of sixteen lanes. Every one is a straight line of selects, so that a lane never depends on its neighbours.

INLINE vf v_abs(vf x) { return (vf)((vu)x & 0x7fffffffu); }
INLINE vf v_with_sign(vf magnitude, vf sign) { return (vf)((vu)magnitude | ((vu)sign & 0x80000000u)); }
INLINE vf v_relu(vf x) { return x <= 0 ? (vf)0 : x; }

// 2^n for -126 <= n <= 127
INLINE vf v_power_of_two(vi n) { return (vf)(((vu)n + 127u) << 23); }

// x = n ln 2 + r with |r| <= ln 2 / 2: gives n, and e^r - 1 from its Taylor-like polynomial. |x| < 2^21.
INLINE vf v_exp_reduced(vf x, vi *n) {
  const vf shifter = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer and leaves that integer in the low bits
  const vf t = FMA(x, (vf)1.44269504f, shifter);
  *n = (vi)((vu)t - (vu)shifter);
  const vf whole = t - shifter;
  vf r = FMA(whole, (vf)-0.693359375f, x);  // ln 2 in two parts, the first short enough for an exact product
  r = FMA(whole, (vf)2.12194440e-4f, r);
  vf q = 1.9891103e-4f;
  q = FMA(q, r, (vf)1.3933751e-3f);
  q = FMA(q, r, (vf)8.3333105e-3f);
  q = FMA(q, r, (vf)4.1666463e-2f);
  q = FMA(q, r, (vf)1.6666667e-1f);
  q = FMA(q, r, (vf)0.5f);
  return FMA(r * r, q, r);
}

// Results below the normal range are rounded once, into subnormal numbers.
INLINE vf v_exp(vf x) {
  x = x > 89 ? (vf)89 : x;      // e^89 overflows
  x = x < -104 ? (vf)-104 : x;  // e^-104 rounds to 0
  vi n;
  const vf p = v_exp_reduced(x, &n) + 1;
  const vi half = n >> 1;
  return (p * v_power_of_two(half)) * v_power_of_two((vi)((vu)n - (vu)half));
}

// e^x - 1 for x <= 0 (larger x gives 0)
INLINE vf v_expm1_negative(vf x) {
  x = x > 0 ? (vf)0 : x;
  x = x < -20 ? (vf)-20 : x;  // already -1
  vi n;
  const vf p = v_exp_reduced(x, &n);
  const vf s = v_power_of_two(n);
  return FMA(s, p, s - 1);
}

// e ln 2 + log(1 + f) for sqrt(1/2) <= 1 + f <= sqrt(2)
INLINE vf v_log_reduced(vf f, vf e) {
  vf p = 6.971621e-2f;
  p = FMA(p, f, (vf)-1.1479749e-1f);
  p = FMA(p, f, (vf)1.16854236e-1f);
  p = FMA(p, f, (vf)-1.2425686e-1f);
  p = FMA(p, f, (vf)1.4249057e-1f);
  p = FMA(p, f, (vf)-1.6667803e-1f);
  p = FMA(p, f, (vf)2.0000716e-1f);
  p = FMA(p, f, (vf)-2.4999997e-1f);
  p = FMA(p, f, (vf)3.333333e-1f);
  const vf square = f * f;
  vf y = (f * square) * p;
  y = FMA(e, (vf)-2.12194440e-4f, y);
  y = FMA((vf)-0.5f, square, y);
  return FMA(e, (vf)0.693359375f, f + y);
}

// x = 2^e (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)), for normal x > 0
INLINE vf v_fraction(vf x, vi *e) {
  const uint32_t root = 0x3f3504f3u;  // sqrt(1/2)
  const vu shifted = (vu)x - root;
  *e = (vi)shifted >> 23;
  return (vf)((shifted & 0x7fffffu) + root) - 1;
}

INLINE vf v_log(vf x) {
  const vi tiny = x < 0x1p-126f;
  vi e;
  const vf f = v_fraction(tiny ? x * 0x1p23f : x, &e);
  e = tiny ? (vi)((vu)e - 23u) : e;
  vf y = v_log_reduced(f, __builtin_convertvector(e, vf));
  y = x < INFINITY ? y : x;  // infinity and NaN are their own logarithms
  y = x == 0 ? (vf)-INFINITY : y;
  return x < 0 ? (vf)NAN : y;
}

// log(1 + z) for 0 <= z <= 1
INLINE vf v_log1p_unit(vf z) {
  const vi upper = z > 0.41421356f;
  return v_log_reduced(upper ? 0.5f * (z - 1) : z, upper ? (vf)1 : (vf)0);  // 1 + z = 2 (1 + (z - 1) / 2)
}

// tanh |x| = -t / (t + 2), t = e^(-2|x|) - 1
INLINE vf v_tanh(vf x) {
  const vf t = v_expm1_negative(-2 * v_abs(x));
  return v_with_sign(v_abs(t) / (t + 2), x);
}

INLINE vf v_sigmoid(vf x) {
  const vf z = v_exp(-v_abs(x));
  return (x < 0 ? z : (vf)1) / (1 + z);
}

// P(N(0, 1) <= x): for t = |x| / sqrt 2 up to 0.93 from a polynomial of erf(t), beyond from one of log(erfc(t)),
// so that nothing cancels in the lower tail.
INLINE vf v_normal_cdf(vf x) {
  const vf t = v_abs(x) * 0.70710678f, square = t * t;
  vf e = -5.96761703e-4f;
  e = FMA(e, square, (vf)4.99119423e-3f);
  e = FMA(e, square, (vf)-2.67681349e-2f);
  e = FMA(e, square, (vf)1.12819925e-1f);
  e = FMA(e, square, (vf)-3.76125336e-1f);
  e = FMA(e, square, (vf)1.28379166e-1f);
  const vf near = 0.5f * FMA(e, t, t);
  const vf u = FMA((vf)-3.88396438e-3f, t, (vf)2.42546219e-2f);
  vf l = FMA(FMA((vf)-1.72853470e-5f, t, (vf)3.83197126e-4f), square, u);
  l = FMA(l, t, (vf)-1.06777877e-1f);
  l = FMA(l, t, (vf)-6.34846687e-1f);
  l = FMA(l, t, (vf)-1.28717512e-1f);
  const vf tail = t > 0.927734375f ? 0.5f * v_exp(FMA(l, t, -t)) : 0.5f - near;
  const vf p = x < 0 ? tail : 1 - tail;
  return x == x ? p : x;
}
INLINE vf v_normal_density(vf x) { return 0.39894228f * v_exp(-0.5f * x * x); }

INLINE vf v_softplus(vf x) { return v_relu(x) + v_log1p_unit(v_exp(-v_abs(x))); }
