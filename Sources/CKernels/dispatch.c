// Chooses the instruction set once and forwards every exported function to it.
#include "tables.h"
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

// The tables of this build that this CPU can run, best first, then NULL.
static const kernel_table *candidate(int index) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const int avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
                     __builtin_cpu_supports("avx512vl");
  if (avx512 && index-- == 0) return &kernels_avx512;
  if (avx2 && index-- == 0) return &kernels_avx2;
#endif
  return index == 0 ? &kernels_baseline : NULL;
}

const kernel_table *kernel_table_for(const char *isa) {
  for (int i = 0; candidate(i) != NULL; i++)
    if (strcmp(candidate(i)->isa, isa) == 0) return candidate(i);
  return NULL;
}

// What an operator asks for in place of the best one, so that one machine can show what others compute; NULL where nobody does.
static const char *wanted(void) {
  const char *name = getenv(KERNEL_ISA_VARIABLE);
  return name != NULL && *name != 0 ? name : NULL;
}

const char *kernel_isa_at(int index) {
  for (int i = 0; candidate(i) != NULL; i++)
    if (i == index) return candidate(i)->isa;
  return NULL;
}

const char *kernel_isa_missing(void) {
  const char *name = wanted();
  return name != NULL && kernel_table_for(name) == NULL ? name : NULL;
}

static const kernel_table *chosen(void) {
  static _Atomic(const kernel_table *) best;
  const kernel_table *table = atomic_load_explicit(&best, memory_order_relaxed);
  if (__builtin_expect(table == NULL, 0)) {
    const char *name = wanted();
    table = name != NULL ? kernel_table_for(name) : NULL;
    if (table == NULL) table = candidate(0);
    atomic_store_explicit(&best, table, memory_order_relaxed);  // every thread that comes here stores the same constant
  }
  return table;
}

const char *kernel_isa(void) { return chosen()->isa; }

#define KERNEL(type, name, parameters, arguments) \
  type kernel_##name parameters { return chosen()->name arguments; }
#include "KernelList.h"
#undef KERNEL
