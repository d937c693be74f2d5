/// What bits back needs to know of a model with layers of discrete codes: p(x | z_1 ... z_L) Π p(z_l | z_>l), and q(z_l | z_>l, x) from the top down.
///
/// Layers are numbered as they are met on the way down: 0 is the top. Every function is pure, and gives the same bits wherever a stream is read.
package protocol CategoricalHierarchy: Sendable {
  associatedtype Likelihood: Codec
  /// What the way up from an item leaves for the posteriors.
  associatedtype Evidence
  /// What the way down knows before a layer.
  associatedtype State

  var layers: Int { get }
  /// Of all layers together.
  var codes: Int { get }
  func evidence(of item: Likelihood.Symbol) throws(CodingError) -> Evidence
  func top() throws(CodingError) -> State
  /// p(z_l | z_>l)
  func prior(_ layer: Int, _ state: State) throws(CodingError) -> CategoricalRows
  /// q(z_l | z_>l, x)
  func posterior(_ layer: Int, _ state: State, _ evidence: Evidence) throws(CodingError) -> CategoricalRows
  /// The state below a layer, whose codes are now known.
  func below(_ layer: Int, _ state: State, codes: [Int]) throws(CodingError) -> State
  /// p(x | z)
  func likelihood(_ bottom: State) throws(CodingError) -> Likelihood
}

/// Bits back through a hierarchy of discrete codes, which need no bins (Townsend et al. 2019).
package struct CategoricalBitsBack<Model: CategoricalHierarchy>: Codec {
  package let model: Model

  package init(_ model: Model) { self.model = model }

  package func push(_ item: Model.Likelihood.Symbol, onto message: inout Message) throws(CodingError) {
    let evidence = try model.evidence(of: item)
    var state = try model.top()
    var steps: [(prior: CategoricalRows, code: [Int])] = []
    for layer in 0..<model.layers {
      let code = try model.posterior(layer, state, evidence).pop(from: &message)
      steps.append((try model.prior(layer, state), code))
      state = try model.below(layer, state, codes: code)
    }
    try model.likelihood(state).push(item, onto: &message)
    for step in steps.reversed() { try step.prior.push(step.code, onto: &message) }
  }

  package func pop(from message: inout Message) throws(CodingError) -> Model.Likelihood.Symbol {
    var state = try model.top()
    var steps: [(state: Model.State, code: [Int])] = []
    for layer in 0..<model.layers {
      let code = try model.prior(layer, state).pop(from: &message)
      steps.append((state, code))
      state = try model.below(layer, state, codes: code)
    }
    let item = try model.likelihood(state).pop(from: &message)
    let evidence = try model.evidence(of: item)
    for (layer, step) in steps.enumerated().reversed() { try model.posterior(layer, step.state, evidence).push(step.code, onto: &message) }
    return item
  }
}
