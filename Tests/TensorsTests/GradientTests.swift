import Tensors
import Testing

@Suite struct GradientTests {
  @Test("The gradient of every operation agrees with extrapolated central differences", arguments: GradientCases.all)
  func matchesFiniteDifferences(_ item: Differentiable) {
    #expect(item.worstDeviation() < 1e-3)
  }

  @Test("Every input's gradient has the input's shape and the same bits whoever else is watched", arguments: GradientCases.all)
  func watchingIsIndependent(_ item: Differentiable) {
    let cotangent = RandomKey(seed: 3).normal(item.function(item.inputs).shape)
    let together = item.gradients(cotangent: cotangent, watching: Array(item.inputs.indices))
    for (place, input) in item.inputs.enumerated() {
      let alone = item.gradients(cotangent: cotangent, watching: [place])
      #expect(alone[place]?.shape == input.shape)
      #expect(alone[place]?.scalars == together[place]?.scalars)
      #expect(alone.indices.allSatisfy { $0 == place || alone[$0] == nil })
      #expect(alone[place]?.isWatched == false)
    }
  }

  @Test("An operation on tensors nobody watches records nothing and gives the watched answer", arguments: GradientCases.all)
  func unwatchedRecordsNothing(_ item: Differentiable) {
    let plain = item.function(item.inputs)
    let recorded = item.function(item.inputs.map { $0.watched() })
    #expect(!plain.isWatched)
    #expect(recorded.isWatched)
    #expect(plain.shape == recorded.shape)
    // A watched linear layer runs in another library, in another order of addition.
    #expect(deviation(plain.scalars, recorded.scalars) < 1e-5)
  }
}

/// The largest difference of two lists of numbers, relative to the larger of 1 and the second list's largest.
func deviation(_ given: [Float], _ expected: [Float]) -> Float {
  guard given.count == expected.count else { return .infinity }
  let scale = expected.reduce(1) { max($0, abs($1)) }
  return zip(given, expected).reduce(0) { $1.0.isNaN || $1.1.isNaN ? .infinity : max($0, abs($1.0 - $1.1)) } / scale
}
