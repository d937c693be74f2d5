// What one core can do at most: the yardstick of benchmarks. Nothing here computes anything that a model needs.
#ifndef CKERNELS_PEAK_H
#define CKERNELS_PEAK_H
#include <stddef.h>
#include <stdint.h>

// Does rounds * kernel_peak_multiply_adds_a_round() times x = x * factor + addend in registers alone, with the instruction set that kernel_isa() names: twelve
// chains of x, which begin at 1, 1.001, ... 1.011, in as many lanes as a register has. Returns the sum of the last x of all lanes.
float kernel_peak_multiply_adds(size_t rounds, float factor, float addend);
size_t kernel_peak_multiply_adds_a_round(void);

// Reads `count` bytes, a multiple of KERNEL_PEAK_BLOCK, once and in order, and returns their exclusive or.
#define KERNEL_PEAK_BLOCK 512
uint64_t kernel_peak_read(const void *bytes, size_t count);
#endif
