// Every kernel of every instruction set side by side, so that tests can compare them. Production code calls CKernels.h, which picks the best one once.
#ifndef CKERNELS_TESTING_H
#define CKERNELS_TESTING_H
#include "CKernels.h"

typedef struct kernel_table {
  const char *isa;
#define KERNEL(type, name, parameters, arguments) type(*name) parameters;
#include "KernelList.h"
#undef KERNEL
} kernel_table;

// The kernels built for "avx512", "avx2", "neon" or "portable"; NULL if this CPU can't run them or they are not part of this build.
const kernel_table *kernel_table_for(const char *isa);
#endif
