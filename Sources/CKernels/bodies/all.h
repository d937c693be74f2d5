// Every kernel's body, compiled once per instruction set by the file that includes this one. All functions here are static; the table is what is exported.
#include <math.h>
#include <string.h>
#pragma STDC FP_CONTRACT OFF
// Wide vectors never cross a real call: everything that takes one is inlined.
#pragma clang diagnostic ignored "-Wpsabi"

#include "vectors.h"

#include "mathematics.h"

#include "gammas.h"

#include "elementwise.h"

#include "reductions.h"

#include "likelihoods.h"

#include "gaussians.h"

#include "mixtures.h"

#include "coding.h"

#include "dots.h"

#include "gemm.h"

#include "images.h"

#include "recurrent.h"

#include "random.h"

#include "optimisers.h"

const kernel_table ISA_TABLE = {
    .isa = ISA_NAME,
#define KERNEL(type, name, parameters, arguments) .name = body_##name,
#include "KernelList.h"
#undef KERNEL
};
