internal import CKernels
internal import Foundation

extension Tensor {
  /// ln Γ(x), for x > 0.
  package func logGamma() -> Tensor { mapped(kernel_lgamma).recorded(by: self, keeping: .inputs) { [$0.g * $0.x[0].polygamma(0)] } }

  /// ψ⁽ⁿ⁾(x), the derivative of order n + 1 of ln Γ, for x > 0.
  func polygamma(_ order: Int) -> Tensor {
    let value = order == 0 ? mapped(kernel_digamma) : Tensor(shape: shape, scalars: scalars.map { Float(Self.polygamma(order, Double($0))) })
    return value.recorded(by: self, keeping: .inputs) { [$0.g * $0.x[0].polygamma(order + 1)] }
  }

  /// ψ⁽ⁿ⁾(x) for n > 0 by the recurrence up to where the asymptotic series holds (DLMF 5.15.1 and 5.15.8).
  private static func polygamma(_ n: Int, _ x: Double) -> Double {
    // (-1)ⁿ⁺¹ ψ⁽ⁿ⁾(x) = n! Σ_k 1 / (x + k)ⁿ⁺¹
    var (sum, x) = (0.0, x)
    let (factorial, far) = (tgamma(Double(n + 1)), Double(n) + 12)
    while x < far {
      sum += factorial / pow(x, Double(n + 1))
      x += 1
    }
    // + (n - 1)! / xⁿ + n! / (2 xⁿ⁺¹) + Σ_k B_2k (2k + n - 1)! / ((2k)! x²ᵏ⁺ⁿ)
    sum += tgamma(Double(n)) / pow(x, Double(n)) + factorial / (2 * pow(x, Double(n + 1)))
    for (index, bernoulli) in [1.0 / 6, -1.0 / 30, 1.0 / 42, -1.0 / 30, 5.0 / 66].enumerated() {
      let k = Double(2 * index + 2)
      sum += bernoulli * tgamma(k + Double(n)) / (tgamma(k + 1) * pow(x, k + Double(n)))
    }
    return n % 2 == 0 ? -sum : sum
  }
}
