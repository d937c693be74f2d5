#include "CKernelsPeak.h"
#include "CKernels.h"
#include <string.h>

// A core begins two multiply-adds a cycle and ends each four cycles later, so at least eight chains must be under way; twelve fit into sixteen registers
// beside the two constants.
#define CHAINS 12
#define READERS (KERNEL_PEAK_BLOCK / 64)

// FLOATS numbers a register. Factor and addend come from the caller: a compiler that knew them could find the result without computing it.
#define BODIES(NAME, FLOATS, TARGET, FMA)                                                                   \
  TARGET static float multiply_adds_##NAME(size_t rounds, float a, float b) {                               \
    typedef float lanes __attribute__((ext_vector_type(FLOATS)));                                           \
    const lanes factor = a, addend = b;                                                                     \
    lanes sums[CHAINS];                                                                                     \
    for (int i = 0; i < CHAINS; i++) sums[i] = (lanes)(1 + i * 1e-3f);                                      \
    for (size_t round = 0; round < rounds; round++)                                                         \
      _Pragma("clang loop unroll(full)") for (int i = 0; i < CHAINS; i++) sums[i] = FMA(sums[i], factor, addend); \
    float total = 0;                                                                                        \
    for (int i = 0; i < CHAINS; i++)                                                                        \
      for (int j = 0; j < FLOATS; j++) total += sums[i][j];                                                 \
    return total;                                                                                           \
  }                                                                                                         \
  TARGET static uint64_t read_##NAME(const uint8_t *bytes, size_t count) {                                  \
    typedef uint64_t words __attribute__((ext_vector_type(8)));                                             \
    words sums[READERS];                                                                                    \
    for (int i = 0; i < READERS; i++) sums[i] = 0;                                                          \
    for (size_t at = 0; at + KERNEL_PEAK_BLOCK <= count; at += KERNEL_PEAK_BLOCK)                           \
      _Pragma("clang loop unroll(full)") for (int i = 0; i < READERS; i++) {                                \
        words read;                                                                                         \
        memcpy(&read, bytes + at + i * sizeof read, sizeof read);                                           \
        sums[i] ^= read;                                                                                    \
      }                                                                                                     \
    uint64_t total = 0;                                                                                     \
    for (int i = 0; i < READERS; i++)                                                                       \
      for (int j = 0; j < 8; j++) total ^= sums[i][j];                                                      \
    return total;                                                                                           \
  }

#define FUSED(a, b, c) __builtin_elementwise_fma(a, b, c)
#define IN_TWO_STEPS(a, b, c) ((a) * (b) + (c))

#if defined(__x86_64__)
BODIES(avx512, 16, __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma"))), FUSED)
BODIES(avx2, 8, __attribute__((target("avx2,fma"))), FUSED)
#endif
#if defined(__aarch64__)
BODIES(baseline, 4, , FUSED)
#else
BODIES(baseline, 4, , IN_TWO_STEPS)
#endif

typedef struct {
  size_t floats;
  float (*multiply_adds)(size_t rounds, float factor, float addend);
  uint64_t (*read)(const uint8_t *bytes, size_t count);
} bodies;

static bodies chosen(void) {
#if defined(__x86_64__)
  if (strcmp(kernel_isa(), "avx512") == 0) return (bodies){16, multiply_adds_avx512, read_avx512};
  if (strcmp(kernel_isa(), "avx2") == 0) return (bodies){8, multiply_adds_avx2, read_avx2};
#endif
  return (bodies){4, multiply_adds_baseline, read_baseline};
}

float kernel_peak_multiply_adds(size_t rounds, float factor, float addend) { return chosen().multiply_adds(rounds, factor, addend); }
size_t kernel_peak_multiply_adds_a_round(void) { return CHAINS * chosen().floats; }
uint64_t kernel_peak_read(const void *bytes, size_t count) { return chosen().read(bytes, count); }
