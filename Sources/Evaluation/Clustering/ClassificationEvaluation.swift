package import Data
internal import Foundation
package import ModelFiles
package import Modelling
internal import Tensors

/// How a classifier does on items of the classes that it learnt; clusters beside the classes are wrong answers to them.
package struct ClassificationEvaluation: Findings {
  /// Items of a class that the model knows, and evaluated items of other known classes.
  package let items: Int
  package let strangers: Int
  package let classCount: Int
  package let componentCount: Int
  package let accuracy: Double
  /// Share of these items whose likeliest component is none of the classes.
  package let takenForNew: Double
  package let calibrationError: Double
  package let negativeLogLikelihood: Double

  /// - Throws: `DataError` where no item has a class that the model knows.
  package init(of model: any Classifying, on data: DataSet, labels: Labels, progress: (Int) -> Void = { _ in }) throws {
    let known = model.signature.classes ?? []
    let own = labels.recoded(known)
    let rows = own.codes.indices.filter { own.codes[$0] >= 0 }
    guard !rows.isEmpty else {
      throw DataError("none of the classes \(labels.names.joined(separator: ", ")) is one that the model knows: \(known.joined(separator: ", "))")
    }
    var (confidences, areRight, new, likelihood) = ([Float](), [Bool](), 0, NegativeLogLikelihood())
    let block = 500
    for start in stride(from: 0, to: rows.count, by: block) {
      let part = Array(rows[start..<min(start + block, rows.count)])
      let classes = part.map { own.codes[$0] }
      let q = model.logits(data.batch(part)).softmax()
      let assignment = ComponentAssignment(q)
      likelihood.add(q, classes: classes)
      confidences += assignment.probabilities
      areRight += zip(assignment.components, classes).map { $0 == $1 }
      new += assignment.components.count { $0 >= known.count }
      progress(start + part.count)
    }
    (items, classCount, componentCount) = (rows.count, known.count, model.componentCount)
    strangers = labels.codes.count { $0 >= 0 } - rows.count
    accuracy = Double(areRight.count { $0 }) / Double(rows.count)
    takenForNew = Double(new) / Double(rows.count)
    calibrationError = Calibration(confidences: confidences, areRight: areRight).expectedError
    negativeLogLikelihood = likelihood.mean
  }

  package var metrics: [RunMetric] {
    [
      ("accuracy.known_classes", accuracy), ("taken_for_new", takenForNew), ("ece", calibrationError), ("nll_nats", negativeLogLikelihood),
    ].map { RunMetric(name: $0, value: $1, step: 0) }
  }

  package var lines: [String] {
    [
      "classes that the model knows: \(classCount) of \(componentCount) components, \(items) items; \(strangers) items are of other classes",
      String(format: "  accuracy %.4f, taken for a new cluster %.4f", accuracy, takenForNew),
      String(format: "  calibration error (15 bins) %.4f, negative log-likelihood %.4f nats", calibrationError, negativeLogLikelihood),
    ]
  }
}
