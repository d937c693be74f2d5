#include "CKernels.h"

#ifdef __GLIBC__
#include <limits.h>
#include <malloc.h>

void kernel_keep_freed_blocks(void) {
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, INT_MAX);
}

void kernel_return_freed_blocks(void) { malloc_trim(0); }
#else
void kernel_keep_freed_blocks(void) {}
void kernel_return_freed_blocks(void) {}
#endif
