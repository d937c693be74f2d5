/// What bits back needs to know of a model with layers of normal codes: p(x | z_1) p(z_1 | z_2) ... p(z_L), and q(z_l | z_{>l}, x) from the top down.
///
/// Layers are numbered as they are met on the way down: 0 is the top. Every function is pure, and gives the same bits wherever a stream is read.
package protocol CodedHierarchy: Sendable {
  associatedtype Likelihood: Codec
  /// What the way up from an item leaves for the posteriors.
  associatedtype Evidence
  /// What the way down knows before a layer: the codes above it, and all that was made of them.
  associatedtype State

  var layers: Int { get }
  /// Of all layers together.
  var codes: Int { get }
  func evidence(of item: Likelihood.Symbol) throws(CodingError) -> Evidence
  func top() throws(CodingError) -> State
  /// p(z_l | z_{>l})
  func prior(_ layer: Int, _ state: State) throws(CodingError) -> Gaussians
  /// q(z_l | z_{>l}, x)
  func posterior(_ layer: Int, _ state: State, _ evidence: Evidence) throws(CodingError) -> Gaussians
  /// The state below a layer, whose codes are now known.
  func below(_ layer: Int, _ state: State, codes: [Float]) throws(CodingError) -> State
  /// p(x | z)
  func likelihood(_ bottom: State) throws(CodingError) -> Likelihood
}
