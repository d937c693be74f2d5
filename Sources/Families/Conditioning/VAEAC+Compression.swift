internal import Coding
internal import Distributions
package import Modelling
internal import Tensors

extension VAEAC: TableCompressing {
  package func rowCoding() throws(Fault) -> any RowCoding { Rows(self) }

  /// With all cells hidden it is a variational autoencoder: one prior for every row, and cells that follow from z alone.
  private struct Rows: RowCoding {
    let model: VAEAC
    /// Of a row of which nothing is seen.
    let evidence: Evidence

    init(_ model: VAEAC) {
      let nothing = Tensor.zeros([1, model.coding.columns])
      self.model = model
      evidence = model.evidence(model.network, nothing, hidden: .ones(nothing.shape))
    }

    var prior: Normal { evidence.prior }

    func posterior(of x: Tensor) -> Normal {
      model.proposal(model.network, x, missing: model.coding.missing(x), hidden: .ones(x.shape))
    }

    func cells(given z: Tensor) -> [[CellDistribution]] {
      let (n, observation, heads) = (z.shape[0], model.observation, model.decode(model.network, z, evidence))
      var rows = [[CellDistribution]](repeating: [], count: n)
      let (normals, counts) = (observation.normalCount, observation.countCount)
      let numbers = normals > 0 ? observation.normals(heads) : nil
      let negativeBinomials = counts > 0 ? observation.negativeBinomials(heads) : nil
      for kind in model.coding.layout {
        switch kind {
        case .normal(let number):
          guard let p = numbers else { continue }
          for row in 0..<n {
            let place = row * normals + number
            rows[row].append(.normal(mean: p.mean.scalars[place], deviation: p.deviation.scalars[place]))
          }
        case .count(let number):
          guard let p = negativeBinomials else { continue }
          for row in 0..<n {
            let place = row * counts + number
            rows[row].append(.count(mean: p.mean.scalars[place], dispersion: p.dispersion.scalars[place]))
          }
        case .choice(let choice, let categories, let logits):
          let logits = observation.logProbabilities(heads, choice, categories, at: logits).scalars
          for row in 0..<n { rows[row].append(.category(logits: Array(logits[row * categories..<(row + 1) * categories]))) }
        }
      }
      return rows
    }
  }
}
