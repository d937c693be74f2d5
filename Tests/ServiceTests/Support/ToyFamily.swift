import Modelling
import Networks
import Tensors

/// A family that can only sample: x = W z + b. It shows that nothing in the service knows families by name.
struct ToyFamily: ModelFamily, Sampling {
  struct Configuration: Settings {
    var latent = 1
    static let table = Table<Self> { Setting("latent", \.latent, in: 1..., required: true, "Dimensions of z.") }
  }

  static let name = "toy"
  static let summary = "A linear decoder of Gaussian noise, for tests."
  static let purpose = FamilyPurpose(.codes, choose: "in tests")

  struct Network: Module {
    var decoder: Linear
    static let fields: [Field<Self>] = [.child("decoder", \.decoder)]
  }

  let configuration: Configuration
  let signature: Signature
  var network: Network

  init(_ configuration: Configuration, signature: Signature, source: ParameterSource) throws(Fault) {
    self.configuration = configuration
    self.signature = signature
    network = Network(decoder: Linear(configuration.latent, signature.width, source))
  }

  func sample(_ keys: RowKeys, _ options: SampleOptions) throws(Fault) -> Tensor {
    guard options.given == .nothing else { throw Fault(field: "given", given: "\(options.given)", expected: "nothing") }
    return network.decoder(keys.split("latent").normal(configuration.latent) * options.temperature, .evaluation)
  }
}
