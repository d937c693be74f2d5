// NEON on arm64, where fused multiply-add is part of the baseline; elsewhere whatever every CPU of the architecture has.
#include "tables.h"

#if defined(__aarch64__)
#define ISA_NAME "neon"
#define ISA_NEON 1
#define ISA_FMA 1
#else
#define ISA_NAME "portable"
#endif
#define ISA_TABLE kernels_baseline
#include "bodies/all.h"
