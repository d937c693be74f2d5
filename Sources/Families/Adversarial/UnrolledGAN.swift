package import Modelling
package import Networks
package import Tensors

/// The unrolled generative adversarial network (Metz et al. 2017): z ~ N(0, I), x = G(z), learnt against a discriminator seen some steps ahead.
///
/// The model is the generator alone: the discriminator has no part in sampling, and stands in the checkpoints of a run only.
/// Names follow PyTorch's: `generator.N`.
package struct UnrolledGAN: ModelFamily {
  package static let name = "unrolled_gan"
  package static let summary =
    "Generative adversarial network whose generator learns through steps of the discriminator's optimiser; it samples, and has no likelihood."
  package static let purpose = FamilyPurpose(
    .samples, choose: "when samples are all that is asked for, and no mode may be lost; it encodes and scores nothing")

  package struct Network: Module {
    package var generator: Sequential

    package static let fields: [Field<Self>] = [.child("generator", \.generator)]
  }

  package let configuration: Configuration
  package let signature: Signature
  package var network: Network

  package init(_ configuration: Configuration, signature: Signature, source: ParameterSource) throws(Fault) {
    try configuration.validate()
    try signature.checkRealNumbers()
    (self.configuration, self.signature) = (configuration, signature)
    let (hidden, latent, width) = (configuration.hidden, configuration.latent, signature.width)
    // An image's pixels are sigmoids, other numbers are as wide as the real line.
    let output = [LayerMaker { Linear(hidden.last ?? latent, width, $0) }] + (signature.space.picture == nil ? [] : [LayerMaker(Activation.sigmoid)])
    network = Network(generator: Sequential(.mlp(latent, hidden, configuration.activation) + output, source["generator"]))
    try network.checkSize()
    do { try discriminator(.counting).checkSize() } catch { throw error.inside("discriminator_hidden") }
  }

  /// x -> the logit of D(x).
  func discriminator(_ source: ParameterSource) -> Sequential {
    let (hidden, width) = (configuration.discriminatorHidden ?? configuration.hidden, signature.width)
    return Sequential(.mlp(width, hidden, configuration.activation) + [LayerMaker { Linear(hidden.last ?? width, 1, $0) }], source)
  }
}

extension UnrolledGAN: Sampling {
  /// x = G(z): there is no noise on top, so the mean of p(x|z) is the sample itself.
  package func sample(_ keys: RowKeys, _ options: SampleOptions) throws(Fault) -> Tensor {
    guard options.given == .nothing else {
      throw Fault(field: "given", given: "a condition", expected: "nothing: an unrolled_gan is not conditional")
    }
    return network.generator(latent(keys) * options.temperature, .evaluation)
  }

  /// z, one draw a row: [n, latent].
  func latent(_ keys: RowKeys) -> Tensor { keys.split("latent").normal(configuration.latent) }
}
