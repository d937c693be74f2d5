// Sixteen virtual lanes on every instruction set: the compiler splits them into what the CPU has. One lane structure everywhere is what makes
// sums and tails come out with the same bits everywhere.
typedef float vf __attribute__((ext_vector_type(16)));
typedef int32_t vi __attribute__((ext_vector_type(16)));
typedef uint32_t vu __attribute__((ext_vector_type(16)));
typedef double vd __attribute__((ext_vector_type(8)));
typedef int64_t vl __attribute__((ext_vector_type(8)));
typedef uint64_t vul __attribute__((ext_vector_type(8)));

#define LANES 16
#define INLINE static inline __attribute__((always_inline))

#if ISA_FMA
#define FMA(a, b, c) __builtin_elementwise_fma(a, b, c)
#else
#define FMA(a, b, c) ((a) * (b) + (c))
#endif

INLINE vf load(const float *p) {
  vf v;
  memcpy(&v, p, sizeof v);
  return v;
}

INLINE void store(float *p, vf v) { memcpy(p, &v, sizeof v); }

// The first count < 16 lanes from memory, `fill` in the others.
INLINE vf load_part(const float *p, size_t count, float fill) {
#if ISA_AVX512
  return (vf)_mm512_mask_loadu_ps((__m512)(vf)fill, (__mmask16)((1u << count) - 1), p);
#else
  float lanes[LANES] __attribute__((aligned(64)));
  store(lanes, (vf)fill);
  float *to = lanes;
  if (count & 8) memcpy(to, p, 32), to += 8, p += 8;
  if (count & 4) memcpy(to, p, 16), to += 4, p += 4;
  if (count & 2) memcpy(to, p, 8), to += 2, p += 2;
  if (count & 1) *to = *p;
  return load(lanes);
#endif
}

INLINE void store_part(float *p, vf v, size_t count) {
#if ISA_AVX512
  _mm512_mask_storeu_ps(p, (__mmask16)((1u << count) - 1), (__m512)v);
#else
  float lanes[LANES] __attribute__((aligned(64)));
  store(lanes, v);
  const float *from = lanes;
  if (count & 8) memcpy(p, from, 32), from += 8, p += 8;
  if (count & 4) memcpy(p, from, 16), from += 4, p += 4;
  if (count & 2) memcpy(p, from, 8), from += 2, p += 2;
  if (count & 1) *p = *from;
#endif
}

// The first count lanes of v, `fill` in the others.
INLINE vf keep(vf v, size_t count, float fill) {
  const vi lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  return lane < (vi)(int32_t)count ? v : (vf)fill;
}

INLINE vd low_doubles(vf v) { return __builtin_convertvector(v.lo, vd); }
INLINE vd high_doubles(vf v) { return __builtin_convertvector(v.hi, vd); }

INLINE vf floats(vd low, vd high) {
  typedef float vf8 __attribute__((ext_vector_type(8)));
  return __builtin_shufflevector(__builtin_convertvector(low, vf8), __builtin_convertvector(high, vf8), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
                                 14, 15);
}

// Halves are added until one is left: ((0+8)+(4+12))+...; the one tree used by every sum.
INLINE float lanes_sum(vf v) {
  const __typeof__(v.lo) eight = v.lo + v.hi;
  const __typeof__(eight.lo) four = eight.lo + eight.hi;
  const __typeof__(four.lo) two = four.lo + four.hi;
  return two.x + two.y;
}

INLINE double lanes_sum_double(vd v) {
  const __typeof__(v.lo) four = v.lo + v.hi;
  const __typeof__(four.lo) two = four.lo + four.hi;
  return two.x + two.y;
}

// NaN if either is NaN; b if they are equal.
INLINE vf larger(vf a, vf b) { return ((a > b) | (a != a)) ? a : b; }
INLINE vf smaller(vf a, vf b) { return ((a < b) | (a != a)) ? a : b; }

// The halves' larger lanes until one is left.
INLINE float lanes_maximum(vf v) {
  v = larger(v, __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
  v = larger(v, __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11));
  v = larger(v, __builtin_shufflevector(v, v, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13));
  v = larger(v, __builtin_shufflevector(v, v, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14));
  return v[0];
}

// The lower and the upper halves of a and b, lane by lane in turn.
#define ZIP_LOW(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define ZIP_HIGH(a, b) __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
