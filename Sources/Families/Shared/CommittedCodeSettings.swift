package import Modelling

/// What keeps a code in use beside a decoder that could do without it.
package struct CommittedCodeSettings: Settings {
  package enum Kind: String, CaseIterable, SettingValue {
    /// Nothing: N(0, I) and any Gaussian posterior. An autoregressive decoder all but ignores such a code.
    case standard
    /// A prior whose steps hang together, and a posterior whose steps don't.
    case ar1
    /// A posterior that is kept away from the prior.
    case constrained
  }

  package var latent: Int
  package var kind: Kind
  package var steps: Int?
  package var correlation: Double?
  package var delta: Double?

  package init() { self.init(latent: 0) }

  package init(latent: Int, kind: Kind = .standard, steps: Int? = nil, correlation: Double? = nil, delta: Double? = nil) {
    (self.latent, self.kind, self.steps, self.correlation, self.delta) = (latent, kind, steps, correlation, delta)
  }

  package static let table = Table<Self> {
    Setting("latent", \.latent, in: 1...65_536, required: true, "Dimensions of z, of ar1 those of one step.")
    Setting(
      "code", \.kind,
      "What keeps the code in use: nothing, an AR(1) prior over its steps beside a posterior of independent ones, or a posterior whose mean is kept away "
        + "from 0.")
    Setting("steps", \.steps, in: 2...4096, "Steps of an ar1 code.")
    Setting(
      "correlation", \.correlation, in: Between(0, 1),
      "a of an ar1 code, z_t = a z_t-1 + sqrt(1 - a²) e: of n steps each dimension costs ½ [(n - 2) ln(1 + a²) - ln(1 - a²)] nats or more.")
    Setting("delta", \.delta, in: Above(0), "Nats that every dimension of a constrained code costs or more.")
  }

  package func check() throws(Fault) {
    try refuseIneffective()
    if kind == .ar1, steps == nil { throw Fault(field: "steps", given: "nothing", expected: "2 to 4096, of a code of ar1") }
    if kind == .ar1, correlation == nil {
      throw Fault(field: "correlation", given: "nothing", expected: "a number between 0 and 1, of a code of ar1")
    }
    if kind == .constrained, delta == nil { throw Fault(field: "delta", given: "nothing", expected: "a positive number, of a constrained code") }
  }

  package mutating func dropIneffective() {
    if kind != .ar1 { (steps, correlation) = (nil, nil) }
    if kind != .constrained { delta = nil }
  }

  /// - Precondition: valid.
  package var code: CommittedCode {
    switch kind {
    case .standard: .standard(latent: latent)
    case .ar1: .ar1(latent: latent, steps: steps ?? 2, correlation: correlation ?? 0)
    case .constrained: .constrained(latent: latent, delta: delta ?? 0)
    }
  }
}
