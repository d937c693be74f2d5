import Distributions
import Families
import Modelling
import Networks
import Tensors

/// A VAE with a linear classifier of its items beside it: a family that can both be audited and classify.
struct ToyClassifier: Attackable, Classifying {
  static let name = "toy_classifier"
  static let summary = "A VAE and a linear classifier, for tests."
  static let purpose = FamilyPurpose(.codes, choose: "in tests")

  struct Configuration: Settings {
    var vae = VAE.Configuration(latent: 2, hidden: [8], activation: .tanh)
    var classes = 3

    static let table = Table<Self> {
      Setting("vae", \.vae, "The VAE.")
      Setting("classes", \.classes, in: 1..., "Of the classifier.")
    }
  }

  struct Network: Module {
    var vae: VAE.Network
    var classifier: Linear
    static let fields: [Field<Self>] = [.child("vae", \.vae), .child("classifier", \.classifier)]
  }

  let configuration: Configuration
  var signature: Signature
  var network: Network { didSet { vae.network = network.vae } }
  private var vae: VAE

  init(_ configuration: Configuration, signature: Signature, source: ParameterSource) throws(Fault) {
    vae = try VAE(configuration.vae, signature: signature, source: source["vae"])
    network = Network(vae: vae.network, classifier: Linear(signature.width, configuration.classes, source["classifier"]))
    self.configuration = configuration
    self.signature = signature
    self.signature.classes = ["a", "b", "c"]
  }

  var latentWidths: [Int] { vae.latentWidths }
  func inference(_ x: Tensor, noise: RowKeys?) -> Inference { vae.inference(x, noise: noise) }
  var logVolume: Float { vae.logVolume }
  func decodedMean(_ z: [Tensor]) -> Tensor { vae.decodedMean(z) }
  func logLikelihood(of x: Tensor, given z: [Tensor]) -> Tensor { vae.logLikelihood(of: x, given: z) }
  func divergence(_ inference: Inference) -> Tensor { vae.divergence(inference) }
  var observationModel: String { vae.observationModel }
  func score(_ x: Tensor, draws: Int, keys: RowKeys) -> Scores { vae.score(x, draws: draws, keys: keys) }

  var componentCount: Int { configuration.classes }
  func logits(_ x: Tensor) -> Tensor { network.classifier(x, .evaluation) }
}
