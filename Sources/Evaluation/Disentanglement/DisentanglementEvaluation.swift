package import Data
internal import Distributions
internal import Foundation
package import ModelFiles
package import Modelling
internal import Tensors

/// How far the latent dimensions of a model stand each for one factor of its items.
package struct DisentanglementEvaluation: Findings {
  package let items: Int
  package let dimensions: Int
  package let seed: UInt64
  package let mig: MutualInformationGap
  package let sap: SeparatedAttributePredictability
  package let dci: DisentanglementCompletenessInformativeness
  /// TC(q(z)) with q(z) the mixture of the posteriors of all items, of one draw an item; too high by an amount that falls with their number.
  package let totalCorrelation: Estimate
  private let factors: [String]

  /// Measures posterior means, of one layer or of all of them side by side.
  ///
  /// - Parameters:
  ///   - model: whose codes are Gaussian.
  ///   - known: what the items were made of.
  ///   - layer: 0 is nearest the data; nil takes all.
  package init(
    of model: any Encoding, on data: DataSet, factors known: [FactorTable.Factor], layer: Int?, seed: UInt64, progress: (Int) -> Void = { _ in }
  ) {
    var (means, deviations) = ([Tensor](), [Tensor]())
    let block = 256
    for start in stride(from: 0, to: data.count, by: block) {
      let rows = start..<min(start + block, data.count)
      let posteriors = model.encode(data.batch(rows)).compactMap(\.normal)
      let chosen = layer.map { [posteriors[$0]] } ?? posteriors
      means.append(Tensor.concatenated(chosen.map(\.mean), axis: 1))
      deviations.append(Tensor.concatenated(chosen.map(\.deviation), axis: 1))
      progress(rows.upperBound)
    }
    let mean = Tensor.concatenated(means)
    let columns = mean.transposed().scalars
    items = data.count
    dimensions = mean.shape[1]
    self.seed = seed
    factors = known.map(\.name)
    let (count, width) = (data.count, mean.shape[1])
    let table = FactorTable(
      codes: (0..<width).map { dimension in (0..<count).map { Double(columns[dimension * count + $0]) } }, factors: known)
    mig = MutualInformationGap(table)
    sap = SeparatedAttributePredictability(table)
    dci = DisentanglementCompletenessInformativeness(table)
    totalCorrelation = Self.totalCorrelation(Normal(mean: mean, deviation: Tensor.concatenated(deviations)), seed: seed)
  }

  private static func totalCorrelation(_ posteriors: Normal, seed: UInt64) -> Estimate {
    let count = posteriors.mean.shape[0]
    let draws = posteriors.sample(RowKeys(RandomKey(seed: seed).split("draw"), rows: 0..<count))
    let aggregate = AggregatePosterior(of: posteriors)
    var values: [Double] = []
    for start in stride(from: 0, to: count, by: 64) {
      let (joint, marginals) = aggregate.logProbabilities(of: draws.slice(0, start..<min(start + 64, count)))
      values += (joint - marginals.rowSums()).scalars.map(Double.init)
    }
    return Estimate(values)
  }

  package var metrics: [RunMetric] {
    func metric(_ name: String, _ value: Double) -> RunMetric { RunMetric(name: name, value: value, step: 0) }
    let whole = [
      metric("mig", mig.value), metric("sap", sap.value), metric("dci.disentanglement", dci.disentanglement),
      metric("dci.completeness", dci.completeness), metric("dci.informativeness", dci.informativeness),
    ]
    let each = factors.enumerated().flatMap { place, name in
      [("mig", mig.gaps), ("sap", sap.gaps), ("dci.predictability", dci.predictability)].map { metric("\($0).\(name)", $1[place]) }
    }
    return whole + each + totalCorrelation.metrics("total_correlation_nats")
  }

  package var lines: [String] {
    func padded(_ name: String) -> String { name.padding(toLength: 44, withPad: " ", startingAt: 0) }
    func row(_ name: String, _ values: [Double], _ mean: Double) -> String {
      padded(name) + ([mean] + values).map { String(format: "%9.4f", $0) }.joined()
    }
    let header = padded("") + (["all"] + factors).map { String(repeating: " ", count: 9 - $0.count) + $0 }.joined()
    return [
      header, row("MIG (20 bins)", mig.gaps, mig.value), row("SAP (R²; shape: thresholds between means)", sap.gaps, sap.value),
      row("DCI informativeness (boosted trees, R²)", dci.predictability, dci.informativeness),
      row("DCI disentanglement", [], dci.disentanglement), row("DCI completeness", [], dci.completeness),
      totalCorrelation.line("total correlation"),
    ]
  }
}
