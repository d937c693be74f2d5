#if defined(__x86_64__)
#include "tables.h"
#include <immintrin.h>

#define ISA_NAME "avx512"
#define ISA_TABLE kernels_avx512
#define ISA_AVX512 1
#define ISA_FMA 1
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma"))), apply_to = function)
#include "bodies/all.h"
#pragma clang attribute pop
#endif
