// c = activation(a B + bias) for a B of few columns, kept as rows b[n][k]: every element is a dot product of two rows that are contiguous in k.
//
// Lane l of sixteen takes k = l, l + 16, ... in ascending order; the lanes are added as `lanes_sum` adds them, then the bias. A tile of products shares its
// loads; the order within a product is the same in every tile.

#if ISA_AVX512
#define DOT_ROWS 4
#define DOT_COLUMNS 4
#elif ISA_AVX2 || ISA_NEON
#define DOT_ROWS 2
#define DOT_COLUMNS 2
#else
#define DOT_ROWS 1
#define DOT_COLUMNS 2
#endif

typedef struct {
  const float *a, *b, *bias;
  size_t k;
  float *c;
  size_t c_stride;
} dot_work;

#if ISA_AVX512
// Lane i of the result is lanes_sum(s[i]): the same tree, sixteen at a time.
INLINE vf lanes_sums(const vf s[16]) {
  vf t[8], u[4], w[2];
#pragma clang loop unroll(full)
  for (int i = 0; i < 8; i++)
    t[i] = __builtin_shufflevector(s[i], s[i + 8], 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23) +
           __builtin_shufflevector(s[i], s[i + 8], 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; i++)
    u[i] = __builtin_shufflevector(t[i], t[i + 4], 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27) +
           __builtin_shufflevector(t[i], t[i + 4], 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31);
#pragma clang loop unroll(full)
  for (int i = 0; i < 2; i++)
    w[i] = __builtin_shufflevector(u[i], u[i + 2], 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29) +
           __builtin_shufflevector(u[i], u[i + 2], 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
  return __builtin_shufflevector(w[0], w[1], 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30) +
         __builtin_shufflevector(w[0], w[1], 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31);
}
#endif

INLINE void dot_step(const int rows, const int columns, const float *a, const float *b, size_t k, size_t count, vf sums[16]) {
  vf across[DOT_COLUMNS];
#pragma clang loop unroll(full)
  for (int j = 0; j < columns; j++) across[j] = load_some(b + (size_t)j * k, count, 0);
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++) {
    const vf down = load_some(a + (size_t)i * k, count, 0);
#pragma clang loop unroll(full)
    for (int j = 0; j < columns; j++) sums[i * 4 + j] = FMA(down, across[j], sums[i * 4 + j]);
  }
}

INLINE void dot_tile(const int rows, const int columns, const dot_work *work) {
  const size_t k = work->k;
  vf sums[16] = {0};
  size_t top = 0;
  for (; top + LANES <= k; top += LANES) dot_step(rows, columns, work->a + top, work->b + top, k, LANES, sums);
  if (top < k) dot_step(rows, columns, work->a + top, work->b + top, k, k - top, sums);
#if ISA_AVX512
  const vf totals = lanes_sums(sums);
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < columns; j++) work->c[(size_t)i * work->c_stride + j] = totals[i * 4 + j] + (work->bias == NULL ? 0 : work->bias[j]);
#else
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < columns; j++)
      work->c[(size_t)i * work->c_stride + j] = lanes_sum(sums[i * 4 + j]) + (work->bias == NULL ? 0 : work->bias[j]);
#endif
}

typedef void (*dot_function)(const dot_work *);

#define DOT(rows, columns) \
  static void dot_##rows##_##columns(const dot_work *work) { dot_tile(rows, columns, work); }
#define DOTS_2(rows) DOT(rows, 1) DOT(rows, 2)
#define DOTS_4(rows) DOTS_2(rows) DOT(rows, 3) DOT(rows, 4)
#define DOT_ENTRY_2(rows) {dot_##rows##_1, dot_##rows##_2}
#define DOT_ENTRY_4(rows) {dot_##rows##_1, dot_##rows##_2, dot_##rows##_3, dot_##rows##_4}

// dots[rows - 1][columns - 1]
#if ISA_AVX512
DOTS_4(1) DOTS_4(2) DOTS_4(3) DOTS_4(4)
static const dot_function dots[DOT_ROWS][DOT_COLUMNS] = {DOT_ENTRY_4(1), DOT_ENTRY_4(2), DOT_ENTRY_4(3), DOT_ENTRY_4(4)};
#elif ISA_AVX2 || ISA_NEON
DOTS_2(1) DOTS_2(2)
static const dot_function dots[DOT_ROWS][DOT_COLUMNS] = {DOT_ENTRY_2(1), DOT_ENTRY_2(2)};
#else
DOTS_2(1)
static const dot_function dots[DOT_ROWS][DOT_COLUMNS] = {DOT_ENTRY_2(1)};
#endif

static void dot_products(const float *a, size_t m, size_t k, const float *b, size_t n, const float *bias, float *c, size_t c_stride) {
  for (size_t i = 0; i < m; i += DOT_ROWS) {
    const size_t rows = m - i < DOT_ROWS ? m - i : DOT_ROWS;
    for (size_t j = 0; j < n; j += DOT_COLUMNS) {
      const size_t columns = n - j < DOT_COLUMNS ? n - j : DOT_COLUMNS;
      dots[rows - 1][columns - 1](&(dot_work){
          .a = a + i * k, .b = b + j * k, .bias = bias == NULL ? NULL : bias + j, .k = k, .c = c + i * c_stride + j, .c_stride = c_stride});
    }
  }
}
