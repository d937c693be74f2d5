internal import Foundation
internal import Modelling
internal import Networks
internal import Tensors

// Codes of a class, where the class depends on the code: p(z|y) ∝ p(z) p(y|z) is no Gaussian. A draw of p(z) is kept with probability p(y|z), else
// another is tried, so that what is kept is p(z|y) exactly.
extension SemiSupervised {
  /// Draws of p(z|y): [keys, latent]; a row's depends on its keys alone.
  ///
  /// Work is bounded: a component with less than `leastMass` of p(z) is refused.
  func codes(of choice: Choice, _ keys: RowKeys, temperature: Float) throws(Fault) -> Tensor {
    let (n, d) = (keys.count, configuration.latent)
    // All codes are one, whatever its classes.
    guard temperature > 0 else { return .zeros([n, d]) }
    try checkMass(of: choice, temperature: temperature)
    var codes = [Float](repeating: 0, count: n * d)
    var (waiting, tried) = (Array(0..<n), 0)
    while !waiting.isEmpty {
      guard tried < Self.mostTrials else { throw refusal(of: choice, "none of \(tried) codes") }
      let own = RowKeys.joined(waiting.map { keys.slice($0..<$0 + 1) })
      let trials = (tried..<tried + max(1, Self.codesAtOnce / waiting.count)).map { own.split("trial").split($0) }
      tried += trials.count
      let z = Tensor.concatenated(trials.map { $0.split("latent").normal(d) * temperature })
      let (p, u) = (probabilities(of: choice.component, z), trials.flatMap { $0.split("acceptance").uniform(1).scalars })
      var rejected: [Int] = []
      z.withScalars { z in
        for (place, row) in waiting.enumerated() {
          guard let kept = stride(from: place, to: u.count, by: waiting.count).first(where: { u[$0] < p[$0] }) else {
            rejected.append(row)
            continue
          }
          for j in 0..<d { codes[row * d + j] = z[kept * d + j] }
        }
      }
      waiting = rejected
    }
    return Tensor(shape: [n, d], scalars: codes)
  }

  /// Refuses a component that hardly any code is of, by the same codes whatever is asked.
  private func checkMass(of choice: Choice, temperature: Float) throws(Fault) {
    let z = RandomKey(seed: 0).split("class mass").normal([Self.codesOfMass, configuration.latent]) * temperature
    let mass = probabilities(of: choice.component, z).reduce(0.0) { $0 + Double($1) } / Double(Self.codesOfMass)
    guard mass >= Self.leastMass else { throw refusal(of: choice, "\(String(format: "%.1e", mass)) of all codes") }
  }

  private func refusal(of choice: Choice, _ share: String) -> Fault {
    Fault(field: choice.field, given: "cluster \(choice.component), which has \(share)", expected: "a cluster of at least \(Self.leastMass) of them")
  }

  /// p(y|z) of one component.
  private func probabilities(of component: Int, _ z: Tensor) -> [Float] {
    guard let classes = logClasses(network, of: z, .evaluation) else { preconditionFailure("a class that doesn't depend on z") }
    return classes.entries([Int](repeating: component, count: z.shape[0]), perRow: 1).exp().scalars
  }

  /// About as many; a row's answer doesn't depend on it.
  private static var codesAtOnce: Int { 1024 }
  /// A component that isn't refused fails as often with a probability of about e^-50.
  private static var mostTrials: Int { 50_000 }
  private static var leastMass: Double { 1e-3 }
  private static var codesOfMass: Int { 1024 }
}
