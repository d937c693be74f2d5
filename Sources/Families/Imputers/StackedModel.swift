internal import Distributions
internal import Formats
internal import Modelling
internal import Networks
internal import Optimisation
internal import Tensors

/// A model that is part of a combination.
enum StackedModel: Sendable {
  case mixture(Mixture)
  case vaeac(VAEAC)

  /// Its tensors.
  enum Network: Module {
    case mixture(Mixture.Network)
    case vaeac(VAEAC.Network)

    mutating func visit(_ path: String, _ body: (Leaf, inout Tensor) -> Void) {
      switch self {
      case .mixture(var network):
        network.visit(path, body)
        self = .mixture(network)
      case .vaeac(var network):
        network.visit(path, body)
        self = .vaeac(network)
      }
    }
  }

  init(_ member: Stacking.Configuration.Member, _ signature: Signature, _ source: ParameterSource) throws(Fault) {
    switch member.family {
    case Mixture.name: self = .mixture(try Self.model(member, signature, source))
    case VAEAC.name: self = .vaeac(try Self.model(member, signature, source))
    default: throw Self.stranger(member)
    }
  }

  private static func stranger(_ member: Stacking.Configuration.Member) -> Fault {
    Fault(field: "family", given: "\"\(member.family.prefix(60))\"", expected: "\(Mixture.name) or \(VAEAC.name)")
  }

  private static func model<Family: Trainable>(
    _ member: Stacking.Configuration.Member, _ signature: Signature, _ source: ParameterSource
  ) throws(Fault) -> Family {
    let (configuration, options) = (try decode(Family.self, member), try options(Family.self, member))
    let model = try inField("configuration") { () throws(Fault) in try Family(configuration, signature: signature, source: source) }
    try inField("training") { () throws(Fault) in try model.check(options) }
    return model
  }

  private static func inField<Result>(_ part: String, _ body: () throws(Fault) -> Result) throws(Fault) -> Result {
    do { return try body() } catch { throw error.field.hasPrefix("signature.") ? error : error.inside(part) }
  }

  private static func decode<Family: ModelFamily>(_: Family.Type, _ member: Stacking.Configuration.Member) throws(Fault) -> Family.Configuration {
    do throws(JSONError) { return try StrictJSON.decode(Family.Configuration.self, from: member.configuration) } catch {
      throw Fault(error).inside("configuration")
    }
  }

  static func options<Family: Trainable>(_: Family.Type, _ member: Stacking.Configuration.Member) throws(Fault) -> Family.TrainingOptions {
    do throws(JSONError) { return try StrictJSON.decode(Family.TrainingOptions.self, from: member.training) } catch {
      throw Fault(error).inside("training")
    }
  }

  var network: Network {
    get {
      switch self {
      case .mixture(let model): .mixture(model.network)
      case .vaeac(let model): .vaeac(model.network)
      }
    }
    set {
      switch (self, newValue) {
      case (.mixture(var model), .mixture(let network)):
        model.network = network
        self = .mixture(model)
      case (.vaeac(var model), .vaeac(let network)):
        model.network = network
        self = .vaeac(model)
      case (.mixture, .vaeac), (.vaeac, .mixture): preconditionFailure("the tensors of another family")
      }
    }
  }

  /// Whether numbers depend on each other within a component or given a latent variable's prior.
  var isJoint: Bool {
    switch self {
    case .mixture(let model): model.configuration.isFull
    case .vaeac: true
    }
  }

  var isExact: Bool { if case .mixture = self { true } else { false } }

  func beliefs(_ x: Tensor, draws: Int, keys: RowKeys, wanted: Imputation.Parts = .all) -> CellBeliefs {
    switch self {
    case .mixture(let model): model.beliefs(x, draws: draws, keys: keys, wanted: wanted)
    case .vaeac(let model): model.beliefs(x, draws: draws, keys: keys, wanted: wanted)
    }
  }

  /// ln p(targets | given), or a bound of it: [n].
  func score(_ x: Tensor, targets: Tensor, draws: Int, estimator: ConditionalEstimator, keys: RowKeys) -> Tensor {
    switch self {
    case .mixture(let model): model.score(x, targets: targets, draws: draws, estimator: estimator, keys: keys)[.exact]
    case .vaeac(let model): model.score(x, targets: targets, draws: draws, estimator: estimator, keys: keys)[.iwae]
    }
  }
}

extension VAEAC: CellBelieving {
  /// Latent draws that beliefs are averaged over where fewer draws of cells are asked for.
  private static let fewestLatents = 10

  func beliefs(_ x: Tensor, draws: Int, keys: RowKeys, wanted: Imputation.Parts) -> CellBeliefs {
    let missing = coding.missing(x)
    let evidence = evidence(network, x, hidden: missing)
    let latents = wanted == .draws ? draws : max(draws, Self.fewestLatents)
    return observation.beliefs(
      heads(evidence, draws: latents, keys: keys.split("latent")), parts: latents, missing: missing, keys: keys.split("cells"),
      MixtureCoordinates(signature), draws: wanted.contains(.draws) ? draws : 0)
  }
}
