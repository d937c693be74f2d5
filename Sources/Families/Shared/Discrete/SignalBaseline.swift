internal import Distributions
package import Networks
package import Tensors

/// What is taken from the signal of a score-function estimator so that it varies less: part of the learner, not of the model.
package struct SignalBaseline: Module {
  /// Of the signals of batches before this one, and how many there were: one number each.
  package var mean: Tensor
  package var variance: Tensor
  package var batches: Tensor
  /// A guess at every item's signal, in deviations from the mean.
  package var hidden: Linear?
  package var output: Linear?
  private let isNormalised: Bool

  package static let fields: [Field<Self>] = [
    .buffer("mean", \.mean), .buffer("variance", \.variance), .buffer("batches", \.batches), .child("hidden", \.hidden), .child("output", \.output),
  ]

  /// Weight of what is known in the running averages.
  private static let kept: Float = 0.9
  private static let units = 100

  /// nil where nothing is taken from the signal.
  init?(_ kind: CategoricalTraining.Baseline, width: Int, key: RandomKey) {
    guard kind != .none else { return nil }
    (mean, variance, batches) = (.zeros([1]), .zeros([1]), .zeros([1]))
    let source = ParameterSource.drawing(key)
    hidden = kind == .network ? Linear(width, Self.units, source["hidden"]) : nil
    output = kind == .network ? Linear(Self.units, 1, source["output"]) : nil
    isNormalised = kind == .running
  }

  /// - Parameters:
  ///   - signal: [n], without a history.
  ///   - items: [n, width].
  /// - Returns: what is left of the signal, [n] without a history, and by how much the guesses were off, by which they learn.
  func callAsFunction(_ signal: Tensor, _ items: Tensor, _ mode: Mode) -> (advantage: Tensor, loss: Tensor) {
    let (n, known) = (Float(signal.count), batches.detached.scalars[0] > 0)
    let average = signal.mean().scalar
    let spread = (signal - average).squared().mean().scalar
    // Nothing here may know an item's own draw: of the first batch every item sees the mean of the others.
    let centred =
      known ? signal - mean.detached : n > 1 ? (signal - average) * (n / (n - 1)) : Tensor.zeros(signal.shape)
    let deviation = max(1, (known ? variance.detached.scalars[0] : 0).squareRoot())
    if case .training(let updates) = mode {
      let kept = known ? Self.kept : 0
      updates.record(mean.detached * kept + average * (1 - kept), for: mean)
      updates.record(variance.detached * kept + spread * (1 - kept), for: variance)
      updates.record(batches.detached + 1, for: batches)
    }
    guard let hidden, let output else { return (isNormalised ? centred * (1 / deviation) : centred, .zeros([])) }
    // c(x) in deviations: (s - m) / σ ~ c(x)
    let guess = output(hidden(items.detached, activation: .tanh), mode).reshaped([signal.count])
    return (centred - guess.detached * deviation, (guess - centred * (1 / deviation)).squared().mean() * 0.5)
  }
}
