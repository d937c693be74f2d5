package import Modelling
package import Networks
internal import Tensors

/// Layers of maps of discrete codes, inferred from the top down and learnt together (after Willetts et al. 2020, relaxed-responsibility vector quantisation).
///
///     generative   p(z_L) = Π categorical    p(z_l = k | z_>l) = r_k(h^p_l)    x ~ p(x | z_1 ... z_L)
///     inferred     q(z_l = k | z_>l, x) = r_k(h^q_l)
///
/// At every place of a layer's map h^p and h^q are queries to one codebook, whose responsibilities r are the choice; h^p sees the codes above, h^q the
/// data besides. Layer 0 is nearest the data. What is not in the paper's abstract, such as the network, is this project's own.
package struct RRVQ: ModelFamily {
  package static let name = "rrvq"
  package static let summary = "Several layers of maps of discrete codes, chosen by responsibilities of a learned mixture and trained end to end."
  package static let purpose = FamilyPurpose(
    .codes, choose: "when the codes of images are to be whole numbers: maps of them in layers, with a bound and samples of their own")

  package let configuration: Configuration
  package let signature: Signature
  package var network: Network
  /// Of every layer, the one nearest the data first.
  package let grids: [CodeGrid]

  package init(_ configuration: Configuration, signature: Signature, source: ParameterSource) throws(Fault) {
    try configuration.validate()
    try signature.check()
    guard case .image(let image) = signature.space else {
      throw Fault(field: "signature.kind", given: signature.space.summary, expected: "images")
    }
    try configuration.observation.check(signature)
    (self.configuration, self.signature) = (configuration, signature)
    grids = try CodeGrid.all(configuration, of: image.picture)
    network = Network(configuration, grids, channels: image.picture.channels, source)
  }

  package var layers: Int { grids.count }

  /// Whether q gives a choice, or always the one nearest code.
  var isNearest: Bool { configuration.quantiser == .nearest }
}
