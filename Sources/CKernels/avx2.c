#if defined(__x86_64__)
#include "tables.h"

#define ISA_NAME "avx2"
#define ISA_TABLE kernels_avx2
#define ISA_AVX2 1
#define ISA_FMA 1
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "bodies/all.h"
#pragma clang attribute pop
#endif
