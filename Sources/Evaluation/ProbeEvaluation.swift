package import Data
internal import Distributions
internal import Foundation
package import ModelFiles
package import Modelling
internal import Tensors

/// How well known classes are read off a model's codes by a line: logistic regression, fitted on other items than it is tested on (Alain and Bengio
/// 2016).
///
/// Features are the means of Gaussian codes, the probabilities of categorical ones, the choices of maps of codes as zeros and ones, and
/// values as they are.
package struct ProbeEvaluation: Findings {
  package struct Probe: Sendable {
    /// Of the code; nil for all layers together.
    package let layer: Int?
    package let features: Int
    /// Share of the tested items whose class is named right, and its standard error; nil where there are more features than a probe takes.
    package let accuracy: Estimate?
  }

  /// Features of one probe.
  package static let mostFeatures = 4096

  package let fitted: Int
  package let tested: Int
  package let classCount: Int
  /// One a layer, and one of all layers where there are several.
  package let probes: [Probe]

  /// - Throws: `DataError` where items of fewer than two classes are known, or none of them among the tested ones.
  package init(
    of model: any Encoding, on data: DataSet, _ labels: Labels, fit: DataSet, _ fitLabels: Labels, progress: (Int) -> Void = { _ in }
  ) throws {
    let present = Set(fitLabels.codes.filter { $0 >= 0 })
    let names = fitLabels.names.indices.filter(present.contains).map { fitLabels.names[$0] }
    guard names.count > 1 else {
      let present = names.first.map { "the class \($0) alone" } ?? "none"
      throw DataError("a probe tells classes apart: \(fit.name) has \(present)")
    }
    let (train, test) = (Self.known(fitLabels, names), Self.known(labels, names))
    guard !test.isEmpty else { throw DataError("no item of \(data.name) has one of the classes of \(fit.name): \(names.joined(separator: ", "))") }
    let fitFeatures = Self.features(of: model, fit, train.map(\.row)) { _ in }
    let testFeatures = Self.features(of: model, data, test.map(\.row), progress)
    func probe(_ layer: Int?, _ train: Tensor?, _ test: Tensor?, _ right: [Int], _ classes: [Int], width: Int) -> Probe {
      guard let train, let test else { return Probe(layer: layer, features: width, accuracy: nil) }
      let told = LinearProbe(train, classes, classCount: names.count).classes(of: test)
      return Probe(layer: layer, features: width, accuracy: Estimate(zip(told, right).map { $0 == $1 ? 1 : 0 }))
    }
    let (classes, right) = (train.map(\.name), test.map(\.name))
    let widths = model.codeForms.map(Self.width)
    var probes = widths.indices.map { probe($0, fitFeatures[$0], testFeatures[$0], right, classes, width: widths[$0]) }
    let whole = widths.reduce(0, +)
    if widths.count > 1, whole <= Self.mostFeatures {
      let (a, b) = (Tensor.concatenated(fitFeatures.compactMap { $0 }, axis: 1), Tensor.concatenated(testFeatures.compactMap { $0 }, axis: 1))
      probes.append(probe(nil, a, b, right, classes, width: whole))
    }
    (fitted, tested, classCount, self.probes) = (train.count, test.count, names.count, probes)
  }

  /// Rows of these classes.
  private static func known(_ labels: Labels, _ names: [String]) -> [(row: Int, name: Int)] {
    labels.recoded(names).codes.enumerated().compactMap { $0.element >= 0 ? (row: $0.offset, name: $0.element) : nil }
  }

  private static func width(of form: Code.Form) -> Int {
    switch form {
    case .gaussian(let width), .point(let width): width
    case .categorical(let places, let choices), .codes(let places, let choices): places * choices
    }
  }

  /// Of every layer: [rows, features]; nil where that is more than a probe takes.
  private static func features(of model: any Encoding, _ data: DataSet, _ rows: [Int], _ progress: (Int) -> Void) -> [Tensor?] {
    let widths = model.codeForms.map(width)
    var parts: [[Tensor]] = widths.map { _ in [] }
    let block = 500
    for start in stride(from: 0, to: rows.count, by: block) {
      let part = Array(rows[start..<min(start + block, rows.count)])
      for (layer, code) in model.encode(data.batch(part)).enumerated() where widths[layer] <= mostFeatures { parts[layer].append(features(of: code)) }
      progress(start + part.count)
    }
    return parts.map { $0.isEmpty ? nil : .concatenated($0) }
  }

  private static func features(of code: Code) -> Tensor {
    switch code {
    case .gaussian(let q): return q.mean
    case .categorical(_, let probabilities): return probabilities.flattened()
    case .point(let values): return values
    case .codes(let codes, let choices):
      var scalars = [Float](repeating: 0, count: codes.count * choices)
      for (place, choice) in codes.scalars.enumerated() { scalars[place * choices + Int(choice)] = 1 }
      return Tensor(shape: [codes.shape[0], codes.shape[1] * choices], scalars: scalars)
    }
  }

  package var metrics: [RunMetric] {
    let several = probes.count > 1
    return probes.flatMap { probe in probe.accuracy?.metrics((several ? probe.layer.map { "layer_\($0)." } ?? "" : "") + "probe_accuracy") ?? [] }
  }

  package var lines: [String] {
    ["linear probe: \(classCount) classes, fitted on \(fitted) items, tested on \(tested)"]
      + probes.map { probe in
        let name = probe.layer.map { "layer \($0)" } ?? "all layers"
        guard let accuracy = probe.accuracy else { return "  \(name): \(probe.features) features, a probe takes at most \(Self.mostFeatures)" }
        return String(format: "  %@: accuracy %.4f +- %.4f of %ld features", name, accuracy.mean, accuracy.standardError, probe.features)
      }
  }
}
