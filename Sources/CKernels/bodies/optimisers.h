// Formulae as in PyTorch's documentation; the fused operations are the ones written with FMA.

#define EACH(n, STEP)                                       \
  size_t i = 0;                                             \
  for (; i + LANES <= (n); i += LANES) STEP(WHOLE, store);  \
  if (i < (n)) STEP(PART, STORE_PART)
#define STORE_PART(p, v) store_part(p, v, n - i)

static void body_adam(float *p, const float *g, float *m, float *v, size_t n, float rate, float beta1, float beta2, float epsilon, float decay,
                      int decoupled, float bias1, float bias2) {
  const vf step = -(rate / bias1), root = sqrtf(bias2), added = decoupled ? 0 : decay, kept = decoupled ? 1 - rate * decay : 1;
#define STEP(LOAD, STORE)                                                           \
  {                                                                                 \
    const vf parameter = LOAD(p), gradient = FMA(added, parameter, LOAD(g));        \
    const vf mean = LOAD(m) + (1 - beta1) * (gradient - LOAD(m));                   \
    const vf square = FMA((vf)beta2, LOAD(v), (1 - beta2) * (gradient * gradient)); \
    const vf scale = __builtin_elementwise_sqrt(square) / root + epsilon;           \
    STORE(m + i, mean);                                                             \
    STORE(v + i, square);                                                           \
    STORE(p + i, FMA(step, mean / scale, kept * parameter));                        \
  }
  EACH(n, STEP)
#undef STEP
}

static void body_adamax(float *p, const float *g, float *m, float *u, size_t n, float rate, float beta1, float beta2, float epsilon, float decay,
                        float bias1) {
  const vf step = -(rate / bias1);
#define STEP(LOAD, STORE)                                                       \
  {                                                                             \
    const vf parameter = LOAD(p), gradient = FMA((vf)decay, parameter, LOAD(g)); \
    const vf mean = LOAD(m) + (1 - beta1) * (gradient - LOAD(m));               \
    const vf norm = larger(beta2 * LOAD(u), v_abs(gradient) + epsilon);         \
    STORE(m + i, mean);                                                         \
    STORE(u + i, norm);                                                         \
    STORE(p + i, FMA(step, mean / norm, parameter));                            \
  }
  EACH(n, STEP)
#undef STEP
}

static void body_sgd(float *p, const float *g, float *velocity, size_t n, float rate, float momentum, float decay, int nesterov, int first) {
  const vf back = -rate, inertia = momentum;
  if (momentum == 0) {
#define STEP(LOAD, STORE)                                                        \
  {                                                                              \
    const vf parameter = LOAD(p), gradient = FMA((vf)decay, parameter, LOAD(g)); \
    STORE(p + i, FMA(back, gradient, parameter));                                \
  }
    EACH(n, STEP)
#undef STEP
    return;
  }
#define STEP(LOAD, STORE)                                                               \
  {                                                                                     \
    const vf parameter = LOAD(p), gradient = FMA((vf)decay, parameter, LOAD(g));        \
    const vf speed = first ? gradient : FMA(inertia, LOAD(velocity), gradient);         \
    STORE(velocity + i, speed);                                                         \
    STORE(p + i, FMA(back, nesterov ? FMA(inertia, speed, gradient) : speed, parameter)); \
  }
  EACH(n, STEP)
#undef STEP
}

static void body_rmsprop(float *p, const float *g, float *square, size_t n, float rate, float alpha, float epsilon, float decay) {
  const vf back = -rate;
#define STEP(LOAD, STORE)                                                                     \
  {                                                                                           \
    const vf parameter = LOAD(p), gradient = FMA((vf)decay, parameter, LOAD(g));              \
    const vf mean = FMA((vf)alpha, LOAD(square), (1 - alpha) * (gradient * gradient));        \
    STORE(square + i, mean);                                                                  \
    STORE(p + i, FMA(back, gradient / (__builtin_elementwise_sqrt(mean) + epsilon), parameter)); \
  }
  EACH(n, STEP)
#undef STEP
}
