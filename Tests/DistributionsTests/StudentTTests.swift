import Foundation
import Testing

import Distributions

@Suite("Student's t")
struct StudentTTests {
  @Test(
    "the critical values of the usual tables",
    // Two-sided tails of 10 %, 5 %, 1 % (NIST/SEMATECH e-Handbook, table 1.3.6.7.2), to the digits printed there.
    arguments: [
      (1.0, [6.314, 12.706, 63.657]), (2, [2.920, 4.303, 9.925]), (5, [2.015, 2.571, 4.032]), (10, [1.812, 2.228, 3.169]),
      (30, [1.697, 2.042, 2.750]), (100, [1.660, 1.984, 2.626]), (.infinity, [1.645, 1.960, 2.576]),
    ])
  func tables(_ df: Double, _ values: [Double]) {
    let t = StudentT(degreesOfFreedom: df)
    for (tail, value) in zip([0.1, 0.05, 0.01], values) {
      #expect(abs(t.critical(tail: tail) - value) < 6e-4, "\(df), \(tail): \(t.critical(tail: tail))")
      #expect(abs(t.twoSidedTail(t.critical(tail: tail)) - tail) < 1e-12)
    }
  }

  @Test("closed forms: ν = 1 is Cauchy's, ν = 2 algebraic; the limit is normal")
  func closedForms() {
    for t in [0, 0.1, 1, 3, 50, 1e6, 1e150] {
      let cauchy = 1 - 2 / .pi * atan(t)
      #expect(abs(StudentT(degreesOfFreedom: 1).twoSidedTail(t) - cauchy) < 1e-14 + 1e-12 * cauchy, "\(t)")
      // 1 - t / √(2 + t²), without the cancellation.
      let root = (2 + t * t).squareRoot()
      let two = root.isFinite ? 2 / (root * (root + t)) : 0
      #expect(abs(StudentT(degreesOfFreedom: 2).twoSidedTail(t) - two) < 1e-14 + 1e-12 * two, "\(t)")
      let normal = erfc(t / 2.0.squareRoot())
      #expect(abs(StudentT(degreesOfFreedom: 1e9).twoSidedTail(t) - normal) < 1e-8)
      #expect(StudentT(degreesOfFreedom: 3.5).twoSidedTail(t) == StudentT(degreesOfFreedom: 3.5).twoSidedTail(-t))
    }
  }

  @Test("tails fall with t and with the degrees of freedom")
  func monotone() {
    for df in [0.3, 1, 4.7, 80, 4e4, 1e8] {
      let tails = stride(from: 0.25, through: 12, by: 0.25).map { StudentT(degreesOfFreedom: df).twoSidedTail($0) }
      #expect(zip(tails, tails.dropFirst()).allSatisfy { $0 > $1 } && tails.allSatisfy { (0...1).contains($0) }, "\(df)")
      #expect(StudentT(degreesOfFreedom: df * 2).twoSidedTail(2.5) < StudentT(degreesOfFreedom: df).twoSidedTail(2.5))
    }
  }
}
