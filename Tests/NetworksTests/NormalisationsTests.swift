import Networks
import Tensors
import Testing

@Suite struct NormalisationsTests {
  /// What an optimiser would do with the gradient: keep the parameters, take over the buffers.
  private func trained(_ norm: BatchNorm, on x: Tensor) -> (BatchNorm, output: Tensor) {
    let (output, gradient) = valueAndGradient(at: norm, loss: { $0.sum() }) { norm, mode in norm(x, mode) }
    var next = norm
    next.runningMean = gradient.module.runningMean
    next.runningVariance = gradient.module.runningVariance
    return (next, output)
  }

  @Test("Two training steps and an evaluation give PyTorch's BatchNorm1d")
  func batchNormOfTables() {
    var norm = BatchNorm(3, .drawing(RandomKey(seed: 0)))
    norm.weight = ramp([3], 4)
    norm.bias = ramp([3], 2)
    (norm, _) = trained(norm, on: ramp([5, 3]))
    let (stepped, output) = trained(norm, on: ramp([5, 3], 7))
    #expect(deviation(stepped.runningMean.scalars, [-0.14625, 0.0103125, 0.05325]) < 1e-6)
    #expect(deviation(stepped.runningVariance.scalars, [0.956992188, 0.856386719, 1.09280957]) < 1e-6)
    let expected: [Float] = [
      -0.63125987, -1.31727866, 1.55761759, -0.808979473, -0.455514329, 1.31349726, -0.789449846, 0.40625, 1.06937693, -0.769920219, 1.26801433,
      0.825256593, -0.750390593, 2.12977866, 3.04675163,
    ]
    #expect(deviation(output.scalars, expected) < 2e-6)
    let served: [Float] = [-0.762618004, 1.46270991, 2.48975692, -0.742652808, 1.87426422, 2.25621447]
    #expect(deviation(stepped(ramp([2, 3], 3), .evaluation).scalars, served) < 2e-6)
  }

  @Test("Two training steps on images give the running averages of PyTorch's BatchNorm2d")
  func batchNormOfImages() {
    var norm = BatchNorm(2, .drawing(RandomKey(seed: 0)))
    for start in [0, 7] { (norm, _) = trained(norm, on: ramp([2, 2, 3, 2], start)) }
    #expect(deviation(norm.runningMean.scalars, [-0.0336458333, 0.0114583333]) < 1e-6)
    #expect(deviation(norm.runningVariance.scalars, [0.981129409, 0.98476089]) < 1e-6)
  }

  @Test("Evaluation is the same answer each time, row by row, and hands out no new averages")
  func evaluationChangesNothing() {
    var norm = BatchNorm(3, .drawing(RandomKey(seed: 0)))
    norm.runningMean = ramp([3], 1)
    norm.runningVariance = ramp([3], 2).absolute() + 0.1
    for x in [ramp([7, 3]), ramp([7, 3, 2, 2])] {
      let whole = norm(x, .evaluation)
      for row in 0..<7 { #expect(norm(x.slice(0, row..<row + 1), .evaluation).scalars == whole.slice(0, row..<row + 1).scalars) }
    }
    let (_, gradient) = valueAndGradient(at: norm, loss: { $0.sum() }) { norm, _ in norm(ramp([7, 3]), .evaluation) }
    #expect(gradient.module.runningMean.scalars == norm.runningMean.scalars)
    #expect(gradient.module.runningVariance.scalars == norm.runningVariance.scalars)
    #expect(gradient.module.bias.scalars == [7, 7, 7])
  }

  @Test("A batch of one row has no spread: it is normalised to the shift, and the averages stay finite")
  func batchOfOne() {
    let (next, output) = trained(BatchNorm(3, .drawing(RandomKey(seed: 0))), on: ramp([1, 3]))
    #expect(output.scalars == [0, 0, 0])
    #expect(next.runningVariance.isFinite)
  }

  @Test("Layer normalisation scales and shifts every row's standard scores")
  func layerNorm() {
    var norm = LayerNorm(7, .drawing(RandomKey(seed: 0)))
    let x = ramp([3, 7])
    let scores = x.layerNormalised(epsilon: 1e-5)
    #expect(norm(x, .evaluation).scalars == scores.scalars)
    norm.weight = ramp([7], 1)
    norm.bias = ramp([7], 2)
    #expect(norm(x, .evaluation).scalars == (scores * norm.weight + norm.bias).scalars)
  }
}
