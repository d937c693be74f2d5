import Networks
import Tensors
import Testing

@Suite struct InitializerTests {
  private let key = RandomKey(seed: 41)

  /// Mean square and largest magnitude of what an initialiser gives for fans of 50 and 150.
  private func statistics(_ initializer: Initializer) -> (variance: Double, bound: Float) {
    let weights = ParameterSource.drawing(key).tensor([150, 200], initializer, fans: [150, 50]).scalars
    return (weights.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(weights.count), weights.reduce(0) { max($0, abs($1)) })
  }

  @Test("Uniform initialisers fill their range evenly and never leave it")
  func uniform() {
    for (initializer, bound) in [(Initializer.torch, (1.0 / 50).squareRoot()), (.xavierUniform, (6.0 / 200).squareRoot())] {
      let (variance, largest) = statistics(initializer)
      #expect(Double(largest) <= bound * (1 + 1e-6))
      #expect(Double(largest) > 0.999 * bound)
      // 4.5 standard errors of the mean square of 30,000 uniforms, whose kurtosis is 1.8.
      #expect(abs(variance / (bound * bound / 3) - 1) < 4.5 * (0.8 / 30_000).squareRoot())
    }
  }

  @Test("Normal initialisers have the variance that they name")
  func normal() {
    for (initializer, variance) in [(Initializer.heNormal, 2.0 / 50), (.normal(deviation: 0.02), 0.0004)] {
      #expect(abs(statistics(initializer).variance / variance - 1) < 4.5 * (2.0 / 30_000).squareRoot())
    }
    #expect(ParameterSource.drawing(key).tensor([2, 2], .constant(0.25)).scalars == [0.25, 0.25, 0.25, 0.25])
  }

  @Test("Biases start within 1/sqrt(fan in) as in PyTorch, and at zero under any other initialiser")
  func biases() throws {
    let geometry = ConvolutionGeometry(kernel: (3, 2))
    // The fan in of a transposed convolution counts its outputs, as PyTorch does.
    for (bias, fanIn) in [
      (Linear(100, 400, .drawing(key)).bias, 100), (Convolution(5, 400, geometry, .drawing(key)).bias, 30),
      (TransposedConvolution(5, 400, geometry, .drawing(key)).bias, 2400),
    ] {
      let largest = try #require(bias).scalars.reduce(0) { max($0, abs($1)) }
      #expect(largest <= 1.000001 / Float(fanIn).squareRoot())
      #expect(largest > 0.95 / Float(fanIn).squareRoot())
    }
    #expect(try #require(Linear(10, 3, initializer: .heNormal, .drawing(key)).bias).scalars == [0, 0, 0])
  }

  @Test("The same key starts the same layer; weight and bias draw from keys of their own")
  func keys() throws {
    let (a, b, c) = (Linear(1, 6, .drawing(key)), Linear(1, 6, .drawing(key)), Linear(1, 6, .drawing(key.split(1))))
    #expect(a.weight.scalars == b.weight.scalars)
    #expect(a.weight.scalars != c.weight.scalars)
    #expect(try #require(a.bias).scalars != a.weight.scalars)
  }
}
