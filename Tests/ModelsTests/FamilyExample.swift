import Formats
import Models
import Networks
import Tensors
import Testing

/// A small model of a family, on which every capability law is checked. A new family joins by adding rows to `all`.
struct FamilyExample: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let family: String
  let configuration: String
  let signature: Signature
  /// Training options under which gradients are checked, as JSON.
  let training: [String]

  init(_ description: String, _ family: String, _ configuration: String, _ signature: Signature, training: [String] = ["{}"]) {
    testDescription = "\(family): \(description)"
    (self.family, self.configuration, self.signature, self.training) = (family, configuration, signature, training)
  }

  static let all: [FamilyExample] = [
    FamilyExample(
      "bernoulli on grey images, dynamic binarisation", "vae",
      #"{"latent": 3, "hidden": [7, 5], "activation": "tanh", "likelihood": "bernoulli", "binarisation": "dynamic"}"#,
      .image(height: 4, width: 3),
      training: ["{}", #"{"beta": 0.5, "kl_warm_up_epochs": 4, "free_bits": 0.05}"#, #"{"importance_samples": 3}"#]),
    FamilyExample(
      "convolutions with batch normalisation and a joint head, beta-binomial on colour images", "vae",
      #"""
      {"latent": 2, "hidden": [6], "convolutions": [{"channels": 4, "kernel": 3, "stride": 2, "padding": 1}, {"channels": 3, "kernel": 3}],
       "activation": "softplus", "batch_norm": true, "heads": "joint", "scale": "exp_half", "likelihood": "beta_binomial"}
      """#, .image(height: 6, width: 6, channels: 3), training: ["{}", #"{"importance_samples": 2}"#]),
    FamilyExample(
      "discretised logistic without hidden layers", "vae",
      #"{"latent": 2, "hidden": [], "decoder_hidden": [5], "likelihood": "discretised_logistic", "output_activation": "sigmoid", "activation": "elu"}"#,
      .image(height: 3, width: 5)),
    FamilyExample(
      "gaussian of learned deviation on a scaled table", "vae",
      #"{"latent": 2, "hidden": [6], "activation": "softplus", "likelihood": "gaussian_learned", "likelihood_scale": "softplus", "scale_floor": 0.01}"#,
      .table(
        [.init(name: "age", type: .real), .init(name: "height", type: .real), .init(name: "weight", type: .real)],
        scaling: .init(offset: [40, 170, 70], scale: [20, 10, 15]))),
    FamilyExample(
      "gaussian of fixed deviation, wide enough for several threads", "vae",
      #"{"latent": 8, "hidden": [256], "activation": "relu", "scale": "exp", "likelihood": "gaussian", "deviation": 0.7}"#, .vector(256)),
  ]

  /// A model whose every number, running averages included, differs from a fresh one's.
  func model(seed: UInt64 = 1) throws -> any ModelFamily {
    let type = try #require(Catalogue.family(named: family))
    return try make(type, RandomKey(seed: seed))
  }

  private func make<Family: ModelFamily>(_: Family.Type, _ key: RandomKey) throws -> Family {
    let configuration = try StrictJSON.decode(Family.Configuration.self, from: Array(configuration.utf8))
    var model = try Family(configuration, signature: signature, key: key.split("weights"))
    var number = 0
    model.network = model.network.mapping { _, tensor in
      number += 1
      return tensor + (key.split(number).uniform(tensor.shape) - 0.5) * 0.1
    }
    return model
  }

  /// Items as a client would send them, in model units: levels of images, normal numbers elsewhere.
  func items(_ count: Int, seed: UInt64 = 2) -> Tensor {
    let key = RandomKey(seed: seed)
    if signature.kind == .image {
      let raw = key.uniform([count, signature.width])
      return signature.toModel(Tensor(shape: raw.shape, scalars: raw.scalars.map { ($0 * 255).rounded() }))
    }
    return key.normal([count, signature.width])
  }
}

/// The bits of some rows, in which 0 and -0 differ and NaN equals itself.
func bits(_ tensor: Tensor, rows: Range<Int>? = nil) -> [UInt32] {
  let rows = rows ?? 0..<tensor.shape[0]
  let width = tensor.count / max(tensor.shape[0], 1)
  return tensor.scalars[rows.lowerBound * width..<rows.upperBound * width].map(\.bitPattern)
}

/// Mean and standard error.
func average(_ values: [Float]) -> (mean: Double, error: Double) {
  let n = Double(values.count)
  let mean = values.reduce(0.0) { $0 + Double($1) } / n
  let variance = values.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / (n - 1)
  return (mean, (variance / n).squareRoot())
}
