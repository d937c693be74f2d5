#include "CKernels.h"
const char *kernel_isa(void) { return "portable"; }
