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

  package struct Network: Module {
    package var generator: Sequential

    package static let fields: [Field<Self>] = [.child("generator", \.generator)]
  }

  package let configuration: Configuration
  package let signature: Signature
  package var network: Network

  package init(_ configuration: Configuration, signature: Signature, key: RandomKey) throws(Fault) {
    let plan = try Plan(configuration, signature)
    self.configuration = configuration
    self.signature = signature
    network = Network(generator: Sequential(plan.generator, key: key.split("generator")))
  }

  package static func scalarCount(_ configuration: Configuration, signature: Signature) throws(Fault) -> Int? {
    try Plan(configuration, signature).generator.scalarCount
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
