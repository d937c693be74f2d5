#include "CKernels.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

static atomic_bool keeps_blocks;

#ifdef __GLIBC__
#include <limits.h>
#include <malloc.h>

void kernel_keep_freed_blocks(void) {
  atomic_store_explicit(&keeps_blocks, 1, memory_order_relaxed);
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, INT_MAX);
}

void kernel_return_freed_blocks(void) { malloc_trim(0); }

void kernel_bound_freed_blocks(void) {
  // Saying either ends glibc's own growing of both, by which up to 64 MiB an arena would stay.
  mallopt(M_MMAP_THRESHOLD, 4 << 20);
  mallopt(M_TRIM_THRESHOLD, 8 << 20);
}
#else
void kernel_keep_freed_blocks(void) { atomic_store_explicit(&keeps_blocks, 1, memory_order_relaxed); }
void kernel_return_freed_blocks(void) {}
void kernel_bound_freed_blocks(void) {}
#endif

// A block begins with a cache line that says what it is; the numbers follow.
#define LINE 64
#define MOST_SPARES 4

typedef struct block {
  size_t size;
  struct block *next;
} block;

// A thread's spare blocks, smallest first.
static pthread_key_t spares;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void free_all(void *first) {
  for (block *spare = first, *next; spare != NULL; spare = next) {
    next = spare->next;
    free(spare);
  }
}

static void create_key(void) {
  if (pthread_key_create(&spares, free_all) != 0) abort();
}

float *kernel_take_scratch(size_t count) {
  pthread_once(&once, create_key);
  const size_t size = (count * sizeof(float) + LINE - 1) / LINE * LINE + LINE;
  block *first = pthread_getspecific(spares), **place = &first;
  while (*place != NULL && (*place)->size < size) place = &(*place)->next;
  block *taken = *place;
  if (taken != NULL) {
    *place = taken->next;
    pthread_setspecific(spares, first);
  } else {
    taken = aligned_alloc(LINE, size);
    if (taken == NULL) abort();
    taken->size = size;
  }
  return (float *)((char *)taken + LINE);
}

void kernel_give_scratch(float *scratch) {
  block *given = (block *)((char *)scratch - LINE);
  if (!atomic_load_explicit(&keeps_blocks, memory_order_relaxed)) return free(given);
  block *first = pthread_getspecific(spares), **place = &first;
  size_t count = 1;
  for (block *spare = first; spare != NULL; spare = spare->next) count++;
  while (*place != NULL && (*place)->size < given->size) place = &(*place)->next;
  given->next = *place;
  *place = given;
  if (count > MOST_SPARES) {
    block *smallest = first;
    first = smallest->next;
    free(smallest);
  }
  if (pthread_setspecific(spares, first) != 0) abort();
}
