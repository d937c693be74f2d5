// Philox4x32-10 (Salmon, Moraes, Dror and Shaw 2011), eight blocks at a time: each 32-bit word in its own 64-bit lane, whose upper half may hold anything.

#define WORDS 32  // of eight blocks

// Words of blocks first ... first + 7 of a row, in order: even holds words 0 and 2 of each block, odd words 1 and 3.
INLINE void philox_blocks(uint64_t key, uint64_t row, uint64_t first, vu *even, vu *odd) {
  const vul low = 0xffffffffull;
  const vul block = first + (vul){0, 1, 2, 3, 4, 5, 6, 7};
  vul c0 = block, c1 = block >> 32, c2 = row, c3 = row >> 32;
  uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
  for (int round = 0; round < 10; round++) {
    const vul p0 = (c0 & low) * 0xD2511F53ull, p1 = (c2 & low) * 0xCD9E8D57ull;
    c0 = (p1 >> 32) ^ c1 ^ (uint64_t)k0;
    c1 = p1;
    c2 = (p0 >> 32) ^ c3 ^ (uint64_t)k1;
    c3 = p0;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  *even = (vu)((c0 & low) | (c2 << 32));
  *odd = (vu)((c1 & low) | (c3 << 32));
}

// Fills y[n] from groups of 32 words; a last part-filled group is made whole and cut.
#define DRAW(type, GROUP)                                \
  size_t i = 0;                                          \
  for (; i + WORDS <= n; i += WORDS) GROUP(y + i, i / 4) \
  if (i < n) {                                           \
    type rest[WORDS];                                    \
    GROUP(rest, i / 4)                                   \
    memcpy(y + i, rest, (n - i) * sizeof(type));         \
  }

static void body_philox(uint64_t key, uint64_t row, size_t n, uint32_t *y) {
#define GROUP(to, block)                                                \
  {                                                                     \
    vu even, odd;                                                       \
    philox_blocks(key, row, block, &even, &odd);                        \
    const vu first = ZIP_LOW(even, odd), second = ZIP_HIGH(even, odd);  \
    memcpy(to, &first, sizeof first);                                   \
    memcpy(to + LANES, &second, sizeof second);                         \
  }
  DRAW(uint32_t, GROUP)
#undef GROUP
}

INLINE vf unit(vu words) { return (__builtin_convertvector((vi)(words >> 9), vf) + 0.5f) * 0x1p-23f; }

static void body_uniform(uint64_t key, uint64_t row, size_t n, float *y) {
#define GROUP(to, block)                              \
  {                                                   \
    vu even, odd;                                     \
    philox_blocks(key, row, block, &even, &odd);      \
    store(to, unit(ZIP_LOW(even, odd)));              \
    store(to + LANES, unit(ZIP_HIGH(even, odd)));     \
  }
  DRAW(float, GROUP)
#undef GROUP
}

// -ln((w + 1/2) / 2^32). Words above sqrt(1/2) are taken as 1 - u from the complement, so that small radii are as precise as large ones.
INLINE vf minus_log_unit(vu w) {
  const vi upper = w > 0xb504f333u;  // sqrt(1/2)
  vi e;
  const vf fraction = v_fraction(__builtin_convertvector(w, vf) + 0.5f, &e);
  const vf short_of_one = (__builtin_convertvector(~w, vf) + 0.5f) * -0x1p-32f;
  return -v_log_reduced(upper ? short_of_one : fraction, upper ? (vf)0 : __builtin_convertvector(e, vf) - 32);
}

// Cosine and sine of 2 pi w / 2^32: the nearest quarter turn q leaves |angle| <= pi / 4, exactly, in integers.
INLINE void cosine_sine(vu w, vf *cosine, vf *sine) {
  const vu q = (w + 0x20000000u) >> 30;
  const vf angle = __builtin_convertvector((vi)(w - (q << 30)), vf) * 1.46291807926715968e-09f;  // 2 pi / 2^32
  const vf z = angle * angle;
  vf s = -1.9587866e-4f;
  s = FMA(s, z, (vf)8.332748e-3f);
  s = FMA(s, z, (vf)-1.6666664e-1f);
  s = FMA(angle * z, s, angle);
  vf c = 2.4547917e-5f;
  c = FMA(c, z, (vf)-1.3888302e-3f);
  c = FMA(c, z, (vf)4.1666664e-2f);
  c = FMA(c, z, (vf)-0.5f);
  c = FMA(c, z, (vf)1);
  const vi swapped = (vi)(q << 31);  // the sign bit decides
  *cosine = (vf)((vu)(swapped < 0 ? s : c) ^ (((q + 1) & 2) << 30));
  *sine = (vf)((vu)(swapped < 0 ? c : s) ^ ((q & 2) << 30));
}

static void body_normal(uint64_t key, uint64_t row, size_t n, float *y) {
#define GROUP(to, block)                                                            \
  {                                                                                 \
    vu even, odd;                                                                   \
    vf cosine, sine;                                                                \
    philox_blocks(key, row, block, &even, &odd);                                    \
    const vf radius = __builtin_elementwise_sqrt(2 * minus_log_unit(even));         \
    cosine_sine(odd, &cosine, &sine);                                               \
    cosine *= radius;                                                               \
    sine *= radius;                                                                 \
    store(to, ZIP_LOW(cosine, sine));                                               \
    store(to + LANES, ZIP_HIGH(cosine, sine));                                      \
  }
  DRAW(float, GROUP)
#undef GROUP
}

static uint64_t body_derive_key(uint64_t key, uint64_t a, uint64_t b) {
  uint32_t c0 = (uint32_t)a, c1 = (uint32_t)(a >> 32), c2 = (uint32_t)b, c3 = (uint32_t)(b >> 32), k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
  for (int round = 0; round < 10; round++) {
    const uint64_t p0 = (uint64_t)c0 * 0xD2511F53u, p1 = (uint64_t)c2 * 0xCD9E8D57u;
    c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
    c1 = (uint32_t)p1;
    c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
    c3 = (uint32_t)p0;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return c0 | (uint64_t)c1 << 32;
}
