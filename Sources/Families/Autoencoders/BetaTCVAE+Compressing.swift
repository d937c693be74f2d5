package import Coding
package import Distributions
package import Modelling
package import Tensors

extension BetaTCVAE: LatentCompressing {
  package var codeWidth: Int { base.codeWidth }
  package func levels() throws(Fault) -> Int { try base.levels() }
  package static func lackOfCodecs(in configuration: VAE.Configuration) -> Fault? { VAE.lackOfCodecs(in: configuration) }
  package func codes(of x: Tensor) -> Normal { base.codes(of: x) }
  package func likelihoods(given z: Tensor) throws(CodingError) -> [SymbolCodec] { try base.likelihoods(given: z) }
}

extension BetaTCVAE: TableCompressing {
  package func rowCoding() throws(Fault) -> any RowCoding { try base.rowCoding() }
  package static func lackOfRowCodecs(in configuration: VAE.Configuration) -> Fault? { VAE.lackOfRowCodecs(in: configuration) }
}
