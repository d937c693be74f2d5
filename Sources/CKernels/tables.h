#ifndef TABLES_H
#define TABLES_H
#include "CKernelsTesting.h"

#if defined(__x86_64__)
extern const kernel_table kernels_avx512;
extern const kernel_table kernels_avx2;
#endif
extern const kernel_table kernels_baseline;
#endif
