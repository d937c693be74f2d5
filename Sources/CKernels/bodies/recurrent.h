// One step of recurrent cells: gates of `width` numbers each, side by side in a row. An element depends on its own gates alone.

#define EACH_PART(width) for (size_t i = 0, count; i < (width) && (count = (width)-i < LANES ? (width)-i : LANES); i += LANES)

INLINE void store_some(float *p, vf v, size_t count) {
  if (count == LANES)
    store(p, v);
  else
    store_part(p, v, count);
}

// gates i, f, g, o: c' = f c + i g, h = o tanh(c')
static void body_lstm_cell(const float *x, float *gates, const float *c, float *next, float *h, size_t rows, size_t width) {
  for (size_t row = 0; row < rows; row++, x += 4 * width, gates += 4 * width, c += width, next += width, h += width) {
    EACH_PART(width) {
#define GATE(k) (load_some(x + (k)*width + i, count, 0) + load_some(gates + (k)*width + i, count, 0))
      const vf in = v_sigmoid(GATE(0)), forget = v_sigmoid(GATE(1)), fresh = v_tanh(GATE(2)), out = v_sigmoid(GATE(3));
#undef GATE
      const vf cell = FMA(forget, load_some(c + i, count, 0), in * fresh);
      store_some(gates + i, in, count);
      store_some(gates + width + i, forget, count);
      store_some(gates + 2 * width + i, fresh, count);
      store_some(gates + 3 * width + i, out, count);
      store_some(next + i, cell, count);
      store_some(h + i, out * v_tanh(cell), count);
    }
  }
}

static void body_lstm_cell_backward(const float *gates, const float *c, const float *next, const float *g, const float *dh,
                                    float *dc, float *d, size_t rows, size_t width) {
  for (size_t row = 0; row < rows; row++, gates += 4 * width, c += width, next += width, g += width, dh += width, dc += width, d += 4 * width) {
    EACH_PART(width) {
#define GATE(k) load_some(gates + (k)*width + i, count, 0)
      const vf in = GATE(0), forget = GATE(1), fresh = GATE(2), out = GATE(3);
#undef GATE
      const vf bent = v_tanh(load_some(next + i, count, 0)), above = load_some(g + i, count, 0) + load_some(dh + i, count, 0);
      const vf cell = FMA(above * out, FMA(-bent, bent, (vf)1), load_some(dc + i, count, 0));
      store_some(d + i, cell * fresh * (in * (1 - in)), count);
      store_some(d + width + i, cell * load_some(c + i, count, 0) * (forget * (1 - forget)), count);
      store_some(d + 2 * width + i, cell * in * FMA(-fresh, fresh, (vf)1), count);
      store_some(d + 3 * width + i, above * bent * (out * (1 - out)), count);
      store_some(dc + i, cell * forget, count);
    }
  }
}

// gates r, z, n: n = tanh(x_n + r p_n), h' = n + z (h - n)
static void body_gru_cell(const float *x, float *gates, const float *h, float *fresh, float *next, size_t rows, size_t width) {
  for (size_t row = 0; row < rows; row++, x += 3 * width, gates += 3 * width, h += width, fresh += width, next += width) {
    EACH_PART(width) {
#define X(k) load_some(x + (k)*width + i, count, 0)
#define P(k) load_some(gates + (k)*width + i, count, 0)
      const vf reset = v_sigmoid(X(0) + P(0)), keep_old = v_sigmoid(X(1) + P(1)), n = v_tanh(FMA(reset, P(2), X(2)));
#undef X
#undef P
      store_some(gates + i, reset, count);
      store_some(gates + width + i, keep_old, count);
      store_some(fresh + i, n, count);
      store_some(next + i, FMA(keep_old, load_some(h + i, count, 0) - n, n), count);
    }
  }
}

static void body_gru_cell_backward(const float *gates, const float *h, const float *fresh, const float *g, float *dh, float *dx,
                                   float *dp, size_t rows, size_t width) {
  for (size_t row = 0; row < rows; row++, gates += 3 * width, h += width, fresh += width, g += width, dh += width, dx += 3 * width, dp += 3 * width) {
    EACH_PART(width) {
      const vf reset = load_some(gates + i, count, 0), keep_old = load_some(gates + width + i, count, 0);
      const vf p = load_some(gates + 2 * width + i, count, 0);
      const vf n = load_some(fresh + i, count, 0), above = load_some(g + i, count, 0) + load_some(dh + i, count, 0);
      const vf towards_n = above * (1 - keep_old) * FMA(-n, n, (vf)1);
      const vf towards_reset = towards_n * p * (reset * (1 - reset));
      const vf towards_keep = above * (load_some(h + i, count, 0) - n) * (keep_old * (1 - keep_old));
      store_some(dx + i, towards_reset, count);
      store_some(dx + width + i, towards_keep, count);
      store_some(dx + 2 * width + i, towards_n, count);
      store_some(dp + i, towards_reset, count);
      store_some(dp + width + i, towards_keep, count);
      store_some(dp + 2 * width + i, towards_n * reset, count);
      store_some(dh + i, above * keep_old, count);
    }
  }
}
