package import Distributions
package import Modelling
package import Networks
package import Tensors

/// The variational autoencoder with arbitrary conditioning (Ivanov et al. 2019) for tables of mixed columns.
///
/// With b marking what is hidden, p(x_b | x_1-b) = E p(x_b | z, x_1-b, b) over z ~ p(z | x_1-b, b). Three networks: the proposal q(z | x, b), which sees
/// everything; the prior p(z | x_1-b, b); and the generative network, which decodes z beside the prior network's features.
package struct VAEAC: ModelFamily {
  package static let name = "vaeac"
  package static let summary =
    "Variational autoencoder with arbitrary conditioning: imputes any missing cells of a table of numbers, counts and categories."
  package static let purpose = FamilyPurpose(.imputation, choose: "for large tables whose columns go together in ways that a mixture misses")

  /// A linear layer into the width, residual layers h + LeakyReLU(W h + b), and a linear layer out of it.
  package struct Residual: Module {
    package var input: Linear
    package var blocks: [Linear]
    package var output: Linear

    package static let fields: [Field<Self>] = [.child("input", \.input), .child("blocks", \.blocks), .child("output", \.output)]

    /// - Parameters:
    ///   - width: of what the residual layers see.
    ///   - readout: of what the last layer sees.
    init(_ inputs: Int, hidden: Int, layers: Int, of width: Int, readout: Int, _ outputs: Int, _ source: ParameterSource) {
      input = Linear(inputs, hidden, source["input"])
      blocks = (0..<layers).map { Linear(width, hidden, source["blocks"][$0]) }
      output = Linear(readout, outputs, source["output"])
    }
  }

  package struct Network: Module {
    package var proposal: Residual
    package var prior: Residual
    package var generative: Residual

    package static let fields: [Field<Self>] = [
      .child("proposal", \.proposal), .child("prior", \.prior), .child("generative", \.generative),
    ]
  }

  package let configuration: Configuration
  package let signature: Signature
  package var network: Network
  package let coding: Coding

  package init(_ configuration: Configuration, signature: Signature, source: ParameterSource) throws(Fault) {
    try configuration.validate()
    try signature.check()
    guard signature.space.isRow else {
      throw Fault(
        field: "signature.kind", given: signature.space.kind.rawValue, expected: "a table or vectors: this family has no network for images yet")
    }
    (self.configuration, self.signature, coding) = (configuration, signature, Coding(signature))
    let (hidden, layers, moments) = (configuration.hidden, configuration.blocks, 2 * configuration.latent)
    let evidence = coding.inputs + coding.columns
    network = Network(
      proposal: Residual(
        evidence + coding.columns, hidden: hidden, layers: layers, of: hidden, readout: hidden, moments, source["proposal"]),
      prior: Residual(evidence, hidden: hidden, layers: layers, of: hidden, readout: hidden, moments, source["prior"]),
      generative: Residual(
        configuration.latent, hidden: hidden, layers: layers + 1, of: 2 * hidden, readout: hidden + evidence, coding.outputs, source["generative"]))
  }
}

// MARK: The three networks

extension VAEAC {
  /// What the prior network hands to the generative one beside z.
  package struct Evidence {
    package let prior: Normal
    /// The coded observed cells and the mask: [n, inputs].
    let input: Tensor
    /// The input of every residual layer and the output of the last: [n, hidden] each.
    let features: [Tensor]
  }

  /// p(z | x_1-b, b); `hidden` is 1 where a cell is to be generated: [n, columns].
  package func evidence(_ network: Network, _ x: Tensor, hidden: Tensor) -> Evidence {
    let input = Tensor.concatenated([coding.coded(x, hidden: hidden), hidden], axis: 1)
    var h = network.prior.input(input, activation: .leakyReLU)
    var features = [h]
    for block in network.prior.blocks {
      h = h.residualLinear(weight: block.weight, bias: block.bias, activation: .leakyReLU)
      features.append(h)
    }
    return Evidence(prior: ArbitraryConditioning.normal(network.prior.output(h, .evaluation)), input: input, features: features)
  }

  /// q(z | x, b), which sees every cell that is not natively missing.
  func proposal(_ network: Network, _ x: Tensor, missing: Tensor, hidden: Tensor) -> Normal {
    var h = network.proposal.input(Tensor.concatenated([coding.coded(x, hidden: missing), missing, hidden], axis: 1), activation: .leakyReLU)
    for block in network.proposal.blocks { h = h + block(h, activation: .leakyReLU) }
    return ArbitraryConditioning.normal(network.proposal.output(h, .evaluation))
  }

  /// The parameters of p(x_b | z, x_1-b, b): [n, coding.outputs]; z may hold several draws of all rows, one draw after the other.
  func decode(_ network: Network, _ z: Tensor, _ evidence: Evidence) -> Tensor {
    var h = network.generative.input(z, activation: .leakyReLU)
    // The last feature of the prior network meets the first layer here.
    for (block, feature) in zip(network.generative.blocks, evidence.features.reversed()) {
      h = h.residualLinear(beside: feature, weight: block.weight, bias: block.bias, activation: .leakyReLU)
    }
    return network.generative.output(h.joined(beside: evidence.input), .evaluation)
  }

  /// Rows that the generative network decodes together at the least, so that its weights are not read for a few; more would not stay in a core's cache.
  private static let fewestRows = 128

  /// The heads of so many latent draws from the prior, one draw after the other: [draws n, coding.outputs].
  func heads(_ evidence: Evidence, draws: Int, keys: RowKeys) -> Tensor {
    let n = evidence.input.shape[0]
    let together = min(draws, max(1, Self.fewestRows / max(n, 1)))
    return Tensor.concatenated(
      stride(from: 0, to: draws, by: together).map { first in
        let count = min(together, draws - first)
        let noise = RowKeys.joined((first..<first + count).map { keys.split($0) }).normal(configuration.latent)
        return decode(network, evidence.prior.mean.repeated(count) + noise * evidence.prior.deviation.repeated(count), evidence)
      })
  }
}

// MARK: What it can do

extension VAEAC: Imputing {
  package func impute(_ x: Tensor, draws: Int, keys: RowKeys, wanted: Imputation.Parts) -> Imputation {
    // Only what is missing is hidden: the share that training hides beside it is no part of the question.
    let missing = coding.missing(x)
    let evidence = evidence(network, x, hidden: missing)
    let heads = heads(evidence, draws: max(draws, 1), keys: keys.split("latent"))
    return observation.imputation(heads, draws: max(draws, 1), missing: missing, keys: keys.split("cells"), wanted: wanted)
  }

  package var observation: CellObservation { CellObservation(configuration, coding) }

  /// ln p of every cell given a latent draw's heads, in raw units, 0 where it is missing; x in model units: [n, columns] each, without history.
  package func cellLogProbabilities(of x: Tensor, _ heads: Tensor) -> Tensor {
    observation.cellLogProbabilities(of: x, heads) - signature.space.logVolumes(x)
  }
}
