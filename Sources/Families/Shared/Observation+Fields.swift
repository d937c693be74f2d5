package import Modelling
internal import Tensors

extension Observation {
  /// Reads the fields of `configurationFields`, which stand among a family's own.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func value<T: Decodable>(_ key: CodingKeys, _ standard: T) throws -> T { try values.decodeIfPresent(T.self, forKey: key) ?? standard }
    self.init(
      try value(.likelihood, .bernoulli), binarisation: try value(.binarisation, .none), deviation: try value(.deviation, 1),
      scale: try value(.scale, .exp), activation: try value(.activation, .identity))
  }

  package static let configurationFields: [ConfigurationField] = [
    ConfigurationField("likelihood", choices(Likelihood.allCases), default: "\"bernoulli\"", "p(x|z)."),
    ConfigurationField("binarisation", choices(Binarisation.allCases), default: "\"none\"", "How pixels become the bits of a Bernoulli."),
    ConfigurationField("deviation", "number", default: "1", "Of the fixed Gaussian or Laplace, in model units."),
    ConfigurationField(
      "likelihood_scale", choices(ScaleReading.allCases), default: "\"exp\"", "How the scale head of a learned Gaussian or logistic is read."),
    ConfigurationField("output_activation", choices(Activation.allCases), default: "\"identity\"", "On the mean of a Gaussian, Laplace or logistic."),
  ]
}
