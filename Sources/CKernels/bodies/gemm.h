// c = activation(a B + bias) with B packed in panels of 32 columns: panel p holds B[k][32 p ... 32 p + 31] for k ascending, zeros past the last column.
//
// A tile of `rows` by `vectors` accumulators stays in registers while k ascends, so each element is bias, then one fused multiply-add per k, in every tile shape:
// how rows and columns are cut into tiles never shows in the result. Depth is cut too, every BLOCK steps; the partial sums then rest in c as float32, which is exact.

#define PANEL 32
#define BLOCK 1024
#define STRIDE (BLOCK + 16)  // rows of a block of a, padded so that they don't all fall into one set of the cache

#if ISA_AVX512
#define WIDTH 16
#define MOST_ROWS 14
#define VECTORS_FOR(rows) ((rows) <= 3 ? 8 : (rows) <= 6 ? 4 : 2)
#elif ISA_AVX2
#define WIDTH 8
#define MOST_ROWS 6
#define VECTORS_FOR(rows) ((rows) == 1 ? 8 : (rows) <= 3 ? 4 : 2)
#elif ISA_NEON
#define WIDTH 4
#define MOST_ROWS 6
#define VECTORS_FOR(rows) ((rows) <= 3 ? 8 : 4)
#else
#define WIDTH 4
#define MOST_ROWS 4
#define VECTORS_FOR(rows) ((rows) == 1 ? 8 : (rows) <= 3 ? 4 : 2)
#endif
#define MOST_VECTORS 8

// Few columns leave most of a panel empty, and long rows pay for adding up lanes: such a B stays in rows, for dots.h.
static int body_is_narrow(size_t k, size_t n) { return n < 16 ? k >= 32 : n <= 40 && n != PANEL && k >= 128; }

typedef float vn __attribute__((ext_vector_type(WIDTH)));

// What a tile works on. Row i of a is at a + i * STRIDE. The sums start from `start` + i * start_stride (0 for a bias), or from zero where it is NULL.
typedef struct {
  const float *a, *b, *start;
  size_t depth, panel_size, start_stride;
  float *c;
  size_t c_stride;
} tile_work;

INLINE void tile(const int rows, const int vectors, const tile_work *work) {
  const float *a = work->a, *b = work->b;
  const size_t depth = work->depth, panel_size = work->panel_size;
  vn sums[MOST_ROWS][MOST_VECTORS];
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) {
      sums[i][v] = 0;
      if (work->start != NULL) memcpy(&sums[i][v], work->start + (size_t)i * work->start_stride + v * WIDTH, sizeof(vn));
    }
  for (size_t k = 0; k < depth; k++) {
    vn row[MOST_VECTORS];
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) memcpy(&row[v], b + (size_t)(v * WIDTH / PANEL) * panel_size + k * PANEL + v * WIDTH % PANEL, sizeof(vn));
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
      const vn scale = a[(size_t)i * STRIDE + k];
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; v++) sums[i][v] = FMA(scale, row[v], sums[i][v]);
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) memcpy(work->c + (size_t)i * work->c_stride + v * WIDTH, &sums[i][v], sizeof(vn));
}

typedef void (*tile_function)(const tile_work *);

#define TILE(rows, vectors) \
  static void tile_##rows##_##vectors(const tile_work *work) { tile(rows, vectors, work); }
#define TILES(rows) TILE(rows, 1) TILE(rows, 2) TILE(rows, 4) TILE(rows, 8)
#define TILES_4(rows) TILE(rows, 1) TILE(rows, 2) TILE(rows, 4)
#define TILES_2(rows) TILE(rows, 1) TILE(rows, 2)
#define ENTRY(rows) {tile_##rows##_1, tile_##rows##_2, tile_##rows##_4, tile_##rows##_8}
#define ENTRY_4(rows) {tile_##rows##_1, tile_##rows##_2, tile_##rows##_4, NULL}
#define ENTRY_2(rows) {tile_##rows##_1, tile_##rows##_2, NULL, NULL}

// tiles[rows - 1][log2 vectors], up to VECTORS_FOR(rows)
#if ISA_AVX512
TILES(1) TILES(2) TILES(3) TILES_4(4) TILES_4(5) TILES_4(6)
TILES_2(7) TILES_2(8) TILES_2(9) TILES_2(10) TILES_2(11) TILES_2(12) TILES_2(13) TILES_2(14)
static const tile_function tiles[MOST_ROWS][4] = {ENTRY(1),   ENTRY(2),   ENTRY(3),    ENTRY_4(4),  ENTRY_4(5),  ENTRY_4(6),  ENTRY_2(7),
                                                  ENTRY_2(8), ENTRY_2(9), ENTRY_2(10), ENTRY_2(11), ENTRY_2(12), ENTRY_2(13), ENTRY_2(14)};
#elif ISA_AVX2
TILES(1) TILES_4(2) TILES_4(3) TILES_2(4) TILES_2(5) TILES_2(6)
static const tile_function tiles[MOST_ROWS][4] = {ENTRY(1), ENTRY_4(2), ENTRY_4(3), ENTRY_2(4), ENTRY_2(5), ENTRY_2(6)};
#elif ISA_NEON
TILES(1) TILES(2) TILES(3) TILES_4(4) TILES_4(5) TILES_4(6)
static const tile_function tiles[MOST_ROWS][4] = {ENTRY(1), ENTRY(2), ENTRY(3), ENTRY_4(4), ENTRY_4(5), ENTRY_4(6)};
#else
TILES(1) TILES_4(2) TILES_4(3) TILES_2(4)
static const tile_function tiles[MOST_ROWS][4] = {ENTRY(1), ENTRY_4(2), ENTRY_4(3), ENTRY_2(4)};
#endif

static size_t body_packed_size(size_t k, size_t n) { return body_is_narrow(k, n) ? n * k : (n + PANEL - 1) / PANEL * PANEL * k; }

// to = from transposed, sixteen by sixteen: after four rounds of interleaving row i with row i + 8, every row is a column.
INLINE void transpose_block(const float *from, size_t from_stride, float *to, size_t to_stride) {
  vf rows[LANES], next[LANES];
  for (int i = 0; i < LANES; i++) rows[i] = load(from + (size_t)i * from_stride);
#pragma clang loop unroll(full)
  for (int round = 0; round < 4; round++) {
#pragma clang loop unroll(full)
    for (int i = 0; i < LANES / 2; i++) {
      next[2 * i] = ZIP_LOW(rows[i], rows[i + 8]);
      next[2 * i + 1] = ZIP_HIGH(rows[i], rows[i + 8]);
    }
    memcpy(rows, next, sizeof rows);
  }
  for (int i = 0; i < LANES; i++) store(to + (size_t)i * to_stride, rows[i]);
}

// to[columns, rows] = from[rows, columns], in blocks that keep the cache lines of both sides.
static void transpose(const float *from, size_t rows, size_t columns, size_t from_stride, float *to, size_t to_stride) {
  for (size_t top = 0; top < rows; top += LANES) {
    size_t j = 0;
    if (rows - top >= LANES)
      for (; j + LANES <= columns; j += LANES) transpose_block(from + top * from_stride + j, from_stride, to + j * to_stride + top, to_stride);
    for (; j < columns; j++)
      for (size_t i = top; i < rows && i < top + LANES; i++) to[j * to_stride + i] = from[i * from_stride + j];
  }
}

// Panels of the columns first ..< end of B; `first` is a multiple of PANEL.
static void body_pack_panels(const float *b, size_t k, size_t n, int transposed, size_t first, size_t end, float *packed) {
  for (; first < end; first += PANEL, packed += PANEL * k) {
    const size_t columns = end - first < PANEL ? end - first : PANEL;
    if (!transposed) {
      const float *from = b + first;
      for (size_t i = 0; i < k; i++, from += n) {
        float *const to = packed + i * PANEL;
        if (columns == PANEL) {  // two vectors, not a call
          store(to, load(from));
          store(to + LANES, load(from + LANES));
        } else {
          memcpy(to, from, columns * sizeof(float));
          memset(to + columns, 0, (PANEL - columns) * sizeof(float));
        }
      }
      continue;
    }
    if (columns < PANEL) memset(packed, 0, PANEL * k * sizeof(float));
    for (size_t top = 0; top < k; top += LANES)  // what is written stays in the first cache while a cache line of each row is read
      transpose(b + first * k + top, columns, k - top < LANES ? k - top : LANES, k, packed + top * PANEL, PANEL);
  }
}

static void body_pack(const float *b, size_t k, size_t n, int transposed, float *packed) {
  if (!body_is_narrow(k, n))
    body_pack_panels(b, k, n, transposed, 0, n, packed);
  else if (transposed)
    memcpy(packed, b, n * k * sizeof(float));
  else
    transpose(b, k, n, n, packed, k);
}

static void body_unpack(const float *packed, size_t k, size_t n, int transposed, float *b) {
  if (body_is_narrow(k, n)) {
    if (transposed)
      memcpy(b, packed, n * k * sizeof(float));
    else
      transpose(packed, n, k, k, b, n);
    return;
  }
  for (size_t first = 0; first < n; first += PANEL, packed += PANEL * k) {
    const size_t columns = n - first < PANEL ? n - first : PANEL;
    if (transposed)
      transpose(packed, k, columns, PANEL, b + first * k, k);
    else
      for (size_t i = 0; i < k; i++) memcpy(b + i * n + first, packed + i * PANEL, columns * sizeof(float));
  }
}

// `rows` rows of c for `depth` steps of k. The last columns, too few for a whole vector, are computed in a padded tile and copied.
static void gemm_rows(const int rows, tile_work work, size_t n) {
  const float *const packed = work.b, *const start = work.start;
  float *const c = work.c;
  for (size_t j = 0, columns; j < n; j += columns) {
    // The widest tile that is full, or within the last panel the narrowest that covers the rest.
    const size_t rest = n - j;
    int vectors = VECTORS_FOR(rows), step = vectors == 8 ? 3 : vectors == 4 ? 2 : 1;
    while (vectors > 1 && (size_t)vectors * WIDTH > rest && !(vectors * WIDTH <= PANEL && (size_t)vectors * WIDTH / 2 < rest)) vectors /= 2, step--;
    const size_t width = (size_t)vectors * WIDTH;
    columns = width < rest ? width : rest;
    work.b = packed + j / PANEL * work.panel_size + j % PANEL;
    if (columns == width) {
      work.start = start == NULL ? NULL : start + j;
      work.c = c + j;
      tiles[rows - 1][step](&work);
      continue;
    }
    float edge[MOST_ROWS * PANEL] = {0};
    if (start != NULL)
      for (int i = 0; i < rows; i++) memcpy(edge + i * PANEL, start + (size_t)i * work.start_stride + j, columns * sizeof(float));
    tile_work last = work;
    last.start = last.c = edge;
    last.start_stride = last.c_stride = PANEL;
    tiles[rows - 1][step](&last);
    for (int i = 0; i < rows; i++) memcpy(c + (size_t)i * work.c_stride + j, edge + i * PANEL, columns * sizeof(float));
  }
}

INLINE void activate(kernel_activation activation, float *c, size_t n) {
  switch (activation) {
    case kernel_identity: break;
    case kernel_activation_relu: body_relu(c, c, n); break;
    case kernel_activation_tanh: body_tanh(c, c, n); break;
    case kernel_activation_sigmoid: body_sigmoid(c, c, n); break;
    case kernel_activation_softplus: body_softplus(c, c, n); break;
    case kernel_activation_leaky_relu: body_leaky_relu(c, 0.01f, c, n); break;
  }
}

INLINE void activate_rows(kernel_activation activation, float *c, size_t rows, size_t columns, size_t c_stride) {
  if (columns == c_stride)
    activate(activation, c, rows * columns);
  else
    for (size_t i = 0; i < rows; i++) activate(activation, c + i * c_stride, columns);
}

// Rows of c by panels, for all of k.
static void gemm_panels(const float *a, size_t rows, size_t k, const float *packed, const float *bias, float *c, size_t c_stride, size_t columns) {
  float block[MOST_ROWS * STRIDE] __attribute__((aligned(64)));
  for (size_t top = 0; top == 0 || top < k; top += BLOCK) {
    const size_t depth = k - top < BLOCK ? k - top : BLOCK;
    for (size_t i = 0; i < rows; i++) memcpy(block + i * STRIDE, a + i * k + top, depth * sizeof(float));
    gemm_rows((int)rows,
              (tile_work){.a = block,
                          .b = packed + top * PANEL,
                          .start = top == 0 ? bias : c,
                          .depth = depth,
                          .panel_size = PANEL * k,
                          .start_stride = top == 0 ? 0 : c_stride,
                          .c = c,
                          .c_stride = c_stride},
              columns);
  }
}

static void body_panel_product(const float *a, size_t m, size_t k, const float *panels, size_t columns, const float *bias,
                               kernel_activation activation, float *c, size_t c_stride) {
  const size_t passes = (m + MOST_ROWS - 1) / MOST_ROWS;
  if (columns == 0) return;
  for (size_t pass = 0, rows; pass < passes; pass++, m -= rows, a += rows * k, c += rows * c_stride) {
    rows = (m + (passes - pass) - 1) / (passes - pass);  // as even as can be: 16 rows are 8 and 8, not 14 and 2
    gemm_panels(a, rows, k, panels, bias, c, c_stride, columns);
    activate_rows(activation, c, rows, columns, c_stride);
  }
}

static void body_gemm_columns(const float *a, size_t m, size_t k, const float *packed, size_t n, size_t first, size_t end, const float *bias,
                              kernel_activation activation, float *c) {
  const size_t columns = end - first;
  if (columns == 0) return;
  packed += first * k;  // panels and rows alike: `first` columns are first * k numbers
  if (bias != NULL) bias += first;
  c += first;
  if (!body_is_narrow(k, n)) return body_panel_product(a, m, k, packed, columns, bias, activation, c, n);
  for (size_t rows; m > 0; m -= rows, a += rows * k, c += rows * n) {
    rows = m < 4 * DOT_ROWS ? m : 4 * DOT_ROWS;
    dot_products(a, rows, k, packed, columns, bias, c, n);
    activate_rows(activation, c, rows, columns, n);
  }
}

// The numbers top ... top + depth - 1 of two rows that stand side by side.
INLINE void copy_joined(const float *a, size_t k, const float *other, size_t top, size_t depth, float *to) {
  const size_t own = top < k ? (k - top < depth ? k - top : depth) : 0;
  memcpy(to, a + top, own * sizeof(float));
  if (own < depth) memcpy(to + own, other + (top + own - k), (depth - own) * sizeof(float));
}

static void body_gemm_residual(const float *a, size_t m, size_t k, const float *other, size_t other_k, size_t other_rows, size_t first,
                               const float *packed, const float *bias, kernel_activation activation, float *c) {
  const size_t passes = (m + MOST_ROWS - 1) / MOST_ROWS, inner = k + other_k;
  float block[MOST_ROWS * STRIDE] __attribute__((aligned(64)));
  for (size_t pass = 0, rows; pass < passes; pass++, m -= rows, a += rows * k, c += rows * k, first += rows) {
    rows = (m + (passes - pass) - 1) / (passes - pass);
    for (size_t top = 0; top == 0 || top < inner; top += BLOCK) {
      const size_t depth = inner - top < BLOCK ? inner - top : BLOCK;
      for (size_t i = 0; i < rows; i++)
        copy_joined(a + i * k, k, other == NULL ? NULL : other + (first + i) % other_rows * other_k, top, depth, block + i * STRIDE);
      gemm_rows((int)rows,
                (tile_work){.a = block,
                            .b = packed + top * PANEL,
                            .start = top == 0 ? bias : c,
                            .depth = depth,
                            .panel_size = PANEL * inner,
                            .start_stride = top == 0 ? 0 : k,
                            .c = c,
                            .c_stride = k},
                k);
    }
    activate(activation, c, rows * k);
    body_add(a, c, c, rows * k);
  }
}

static void body_gemm(const float *a, size_t m, size_t k, const float *packed, size_t n, const float *bias, kernel_activation activation, float *c) {
  body_gemm_columns(a, m, k, packed, n, 0, n, bias, activation, c);
}
