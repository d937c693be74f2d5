internal import Distributions
internal import Modelling
internal import Tensors

/// E_q[f(z)] of categorical z by one draw, as training takes it: the value is f at the draw, the gradient that of an estimator.
///
/// Terms of the gradient alone are added as `x - x.detached`, exactly 0.
struct CategoricalExpectation {
  let q: Categorical
  let training: CategoricalTraining
  /// What is taken from the signal of score_function and muprop; nil: nothing.
  let baseline: SignalBaseline?
  /// What a baseline sees: [n, width].
  let items: Tensor

  /// - Parameter f: of z as a network sees it, a row an item: [n, variables x classes] -> [n]. Only a pass that is traced may move running averages.
  /// - Returns: the mean over the batch, a scalar.
  func mean(_ pass: Pass, of f: (_ z: Tensor, _ isTraced: Bool) -> Tensor) -> Tensor {
    let keys = pass.keys.split("latent")
    switch training.chosen {
    case .relaxed: return f(relaxed(keys, pass), true).mean()
    case .straightThrough:
      // The same noise, so the relaxed draw of the very classes.
      let y = relaxed(keys, pass)
      return f(hard(keys) + free(y), true).mean()
    case .scoreFunction:
      let z = hard(keys)
      let value = f(z, true)
      return value.mean() + scored(value.detached, z, pass)
    case .muProp:
      let z = hard(keys)
      let value = f(z, true)
      // f(z) ~ f(μ) + f'(μ)ᵀ (z - μ), μ = E z
      let mean = q.probabilities.flattened()
      let point = mean.detached.watched()
      let centre = f(point, false)
      let slope = gradients(of: centre.sum(), at: [point])[0].detached
      let linear = centre.detached + (z - mean.detached).rowDots(slope)
      return value.mean() + scored(value.detached - linear, z, pass) + free(mean.rowDots(slope)).mean()
    case .marginalised: return marginalised(keys, f)
    }
  }

  /// One-hot draws: [n, variables x classes].
  private func hard(_ keys: RowKeys) -> Tensor { q.sample(keys).flattened() }

  private func relaxed(_ keys: RowKeys, _ pass: Pass) -> Tensor {
    GumbelSoftmax(logits: q.logits, temperature: training.temperature(step: pass.step)).sample(keys).flattened()
  }

  /// (signal - baseline) ln q(z|x), of which only the gradient is left; the baseline learns by the way.
  private func scored(_ signal: Tensor, _ z: Tensor, _ pass: Pass) -> Tensor {
    let logProbability = q.logProbability(of: z.reshaped(q.logits.shape))
    guard let baseline else { return (signal * free(logProbability)).mean() }
    let (advantage, loss) = baseline(signal, items, pass.mode)
    return (advantage * free(logProbability)).mean() - free(loss)
  }

  /// Σ_k q_ik f(z with z_i = k), for every variable i.
  private func marginalised(_ keys: RowKeys, _ f: (Tensor, Bool) -> Tensor) -> Tensor {
    let (n, variables, classes) = (q.logits.shape[0], q.logits.shape[1], q.logits.shape[2])
    let codes = q.sampleIndices(keys)
    let p = q.probabilities
    // Running averages see what a draw looks like, not every class as often.
    let drawn = f(Categorical.oneHot(codes, shape: q.logits.shape).flattened(), true)
    var sum = Tensor.zeros([n])
    for variable in 0..<variables {
      for choice in 0..<classes {
        let changed = codes.enumerated().map { $0.offset % variables == variable ? choice : $0.element }
        let value = f(Categorical.oneHot(changed, shape: q.logits.shape).flattened(), false)
        let share = p.slice(1, variable..<variable + 1).slice(2, choice..<choice + 1).reshaped([n])
        sum = sum + (variables == 1 ? share * value : free(share) * value.detached)
      }
    }
    return variables == 1 ? sum.mean() : drawn.mean() + sum.mean()
  }

  /// Nothing but the gradient.
  private func free(_ x: Tensor) -> Tensor { x - x.detached }
}
