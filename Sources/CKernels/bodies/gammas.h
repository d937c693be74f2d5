// Gamma-related functions of eight lanes in double, for x >= 0: Stirling's series at x >= 8, reached by the recurrence Gamma(x + 1) = x Gamma(x).
// Absolute errors are a few ulp of the largest term.

// log x for normal x > 0, infinity and 0; below 1 ulp. Coefficients: fdlibm's e_log.c.
INLINE vd v_log_double(vd x) {
  const uint64_t root = 0x3fe6a09e667f3bcdull;  // sqrt(1/2)
  const vul shifted = (vul)x - root;
  const vd f = (vd)((shifted & 0xfffffffffffffull) + root) - 1;
  // The exponent as a double: its bits (biased to be positive) under those of 2^52.
  const vul biased = (shifted + (2048ull << 52)) >> 52;
  const vd e = (vd)(biased | 0x4330000000000000ull) - (0x1p52 + 2048);
  const vd s = f / (2 + f), z = s * s;
  vd r = 1.479819860511658591e-01;
  r = FMA(r, z, (vd)1.531383769920937332e-01);
  r = FMA(r, z, (vd)1.818357216161805012e-01);
  r = FMA(r, z, (vd)2.222219843214978396e-01);
  r = FMA(r, z, (vd)2.857142874366239149e-01);
  r = FMA(r, z, (vd)3.999999999940941908e-01);
  r = FMA(r, z, (vd)6.666666666666735130e-01);
  const vd half = 0.5 * f * f;
  const vd tail = FMA(s, FMA(r, z, half), e * 1.90821492927058770002e-10);
  const vd y = FMA(e, (vd)6.93147180369123816490e-01, f - (half - tail));
  return x == 0 ? (vd)-INFINITY : (x < INFINITY ? y : x);
}

// ln Gamma(z) - (z - 1/2) ln z + z for z >= 8
INLINE vd v_stirling(vd z) {
  const vd t = 1 / z, w = t * t;
  vd s = -3617.0 / 122400;
  s = FMA(s, w, (vd)(1.0 / 156));
  s = FMA(s, w, (vd)(-691.0 / 360360));
  s = FMA(s, w, (vd)(1.0 / 1188));
  s = FMA(s, w, (vd)(-1.0 / 1680));
  s = FMA(s, w, (vd)(1.0 / 1260));
  s = FMA(s, w, (vd)(-1.0 / 360));
  s = FMA(s, w, (vd)(1.0 / 12));
  return FMA(s, t, (vd)0.91893853320467274178);  // ln sqrt(2 pi)
}

INLINE vd v_lgamma(vd x) {
  const vl small = (vl)(x < 8);
  vd product = x;
  for (int i = 1; i < 8; i++) product *= x + i;
  const vd z = small ? x + 8 : x;
  const vd y = (FMA(z - 0.5, v_log_double(z), -z) + v_stirling(z)) - (small ? v_log_double(product) : (vd)0);
  return x < INFINITY ? (x < 0 ? (vd)NAN : y) : x;
}

// ln Gamma(x) with a small relative error also beside its zeros 1 and 2: (x - 1)(x - 2) R(x) there, R to 1.2e-10. (+ 0 turns -0 into 0.)
INLINE vd v_lgamma_near(vd x) {
  const vd t = x - 1.625;
  vd r = 4.0117428363265787e-05;
  r = FMA(r, t, (vd)-6.847384865735441e-05);
  r = FMA(r, t, (vd)-1.3354718440606422e-05);
  r = FMA(r, t, (vd)2.1666792158449207e-05);
  r = FMA(r, t, (vd)0.00014000938171382157);
  r = FMA(r, t, (vd)-0.00024294267544082703);
  r = FMA(r, t, (vd)0.00029942694426003056);
  r = FMA(r, t, (vd)-0.0005316408701194472);
  r = FMA(r, t, (vd)0.0010031033002401105);
  r = FMA(r, t, (vd)-0.0018135736246428626);
  r = FMA(r, t, (vd)0.0033167932430320114);
  r = FMA(r, t, (vd)-0.006214638827437811);
  r = FMA(r, t, (vd)0.011991942433092827);
  r = FMA(r, t, (vd)-0.02419448141769795);
  r = FMA(r, t, (vd)0.05257942579576669);
  r = FMA(r, t, (vd)-0.1315789905652735);
  r = FMA(r, t, (vd)0.46580963736232694);
  return ((x >= 0.75) & (x <= 2.5)) ? ((x - 1) * (x - 2)) * r + 0.0 : v_lgamma(x);
}

// psi(x) = psi(x + 8) - sum_{i < 8} 1 / (x + i), the sum as one fraction
INLINE vd v_digamma(vd x) {
  const vl small = (vl)(x < 8);
  vd over = 1, under = x;
  for (int i = 1; i < 8; i++) {
    over = FMA(over, x + i, under);
    under *= x + i;
  }
  const vd z = small ? x + 8 : x;
  const vd t = 1 / z, w = t * t;
  vd s = -3617.0 / 8160;
  s = FMA(s, w, (vd)(1.0 / 12));
  s = FMA(s, w, (vd)(-691.0 / 32760));
  s = FMA(s, w, (vd)(1.0 / 132));
  s = FMA(s, w, (vd)(-1.0 / 240));
  s = FMA(s, w, (vd)(1.0 / 252));
  s = FMA(s, w, (vd)(-1.0 / 120));
  s = FMA(s, w, (vd)(1.0 / 12));
  const vd y = v_log_double(z) - FMA(s, w, 0.5 * t) - (small ? over / under : (vd)0);
  return x < INFINITY ? (x < 0 ? (vd)NAN : y) : x;
}
