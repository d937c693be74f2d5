package import Coding
package import Distributions
package import Modelling
internal import Networks
package import Tensors

extension VAE: LatentCompressing {
  package var codeWidth: Int { configuration.latent }

  package func levels() throws(Fault) -> Int { try Self.levels(of: configuration) }

  package static func lackOfCodecs(in configuration: Configuration) -> Fault? {
    do throws(Fault) { _ = try levels(of: configuration) } catch { return error }
    return nil
  }

  private static func levels(of configuration: Configuration) throws(Fault) -> Int {
    try checkPrior(of: configuration)
    return try configuration.observation.levels()
  }

  package func coder(of items: Levels) throws(CodingError) -> any ItemCoder {
    guard let latents = configuration.latents else { return try latentCoder(of: items) }
    return CategoricalCoder(
      model: self, levels: items, variables: latents.variables, classes: latents.classes,
      logits: { x in
        guard case .categorical(let q) = belief(network, configuration.observation.shown(x), .evaluation) else {
          preconditionFailure("these codes are Gaussian")
        }
        return q.logits
      },
      likelihood: { code throws(CodingError) in
        let z = latents.oneHot(Tensor(shape: [1, code.count], scalars: code.map { Float($0) }))
        return try likelihoods(given: z)[0]
      })
  }

  private static func checkPrior(of configuration: Configuration) throws(Fault) {
    guard !configuration.isPriorLearned else {
      throw Fault(
        field: "prior", given: "\(configuration.prior ?? .normal)", expected: "normal: the dimensions of a learned prior are not independent")
    }
  }

  package func codes(of x: Tensor) -> Normal { posterior(network, configuration.observation.shown(x), .evaluation) }

  package func likelihoods(given z: Tensor) throws(CodingError) -> [SymbolCodec] {
    try configuration.observation.codecs(decode(network, z, .evaluation))
  }
}

extension VAE: TableCompressing {
  package func rowCoding() throws(Fault) -> any RowCoding {
    if let lack = Self.lackOfRowCodecs(in: configuration) { throw lack }
    return Rows(model: self)
  }

  package static func lackOfRowCodecs(in configuration: Configuration) -> Fault? {
    do throws(Fault) {
      try checkPrior(of: configuration)
      if configuration.latents != nil {
        throw Fault(field: "latents", given: "categorical latent variables", expected: "Gaussian ones: the rows of tables have codecs by those alone")
      }
      try configuration.observation.checkCells()
    } catch { return error }
    return nil
  }

  private struct Rows: RowCoding {
    let model: VAE

    var prior: Normal { .standard(rows: 1, dimensions: model.configuration.latent) }
    func posterior(of x: Tensor) -> Normal { model.codes(of: x) }
    func cells(given z: Tensor) -> [[CellDistribution]] {
      model.configuration.observation.cells(model.decode(model.network, z, .evaluation))
    }
  }
}
