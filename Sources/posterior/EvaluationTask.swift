import Families
import Data
import Evaluation
import Formats
import Foundation
import ModelFiles
import Modelling
import Registry
import Service

/// What an evaluation measures: enough to measure it again.
struct EvaluationTask {
  let data: EvaluationData
  /// What maps of clusters to classes, and probes, are fitted on; nil for the evaluated items alone.
  let fit: EvaluationData?
  /// Of the importance-weighted bound; 0 for no bounds.
  let draws: Int
  /// Whose modes are counted, of data whose modes are known.
  let samples: Int
  let seed: UInt64
  /// What is hidden of images, whose likelihood given the rest is measured; nil for the bounds of whole items.
  let mask: PixelMask?
  /// Whether classes are read off the codes.
  let probes: Bool

  init(_ data: EvaluationData, fit: EvaluationData?, draws: Int, samples: Int, seed: UInt64, mask: PixelMask?, probes: Bool) {
    self.data = data
    self.fit = fit
    self.draws = draws
    self.samples = samples
    self.seed = seed
    self.mask = mask
    self.probes = probes
  }

  /// As a run recorded it; the mirror image of `parameters`.
  init(of run: Run) throws {
    let parameters = run.description.parameters
    guard let data = try EvaluationData(parameters, prefix: ""), let draws = parameters["k"].flatMap({ Int($0) }) else {
      throw CommandError("Run \(run.id) was recorded by a build that did not write down where its data came from; it can't be replayed.")
    }
    self.init(
      data, fit: try EvaluationData(parameters, prefix: "fit_"), draws: draws,
      samples: parameters["samples"].flatMap { Int($0) } ?? JobRequest.standardSamples, seed: run.description.seed,
      mask: try parameters["masks"].map { text throws(Fault) in try PixelMask(text) }, probes: parameters["probe"] == "true")
  }

  func parameters(modelFile: String, subject: EvaluationSubject) -> [String: String] {
    // Absolute, so that the run can be replayed from any folder.
    var parameters = [
      "data": subject.items.name, "items": String(subject.items.count), "k": String(draws),
      "model_file": Self.absolute(modelFile),
    ]
    parameters["masks"] = mask?.description
    if probes { parameters["probe"] = "true" }
    if countsModes(of: subject.model) { parameters["samples"] = String(samples) }
    parameters.merge(data.parameters(prefix: "", items: subject.items)) { own, _ in own }
    if let fit, let items = subject.fit {
      parameters.merge(fit.parameters(prefix: "fit_", items: items)) { own, _ in own }
      parameters["fit_data_digest"] = items.digest.description
    }
    return parameters
  }

  /// Whether the clusters or classes of a model are compared with those of the items.
  private func comparesClasses(of model: any ModelFamily) -> Bool {
    data.hasLabels && (Capability.clustering.of(model) != nil || Capability.classifying.of(model) != nil)
  }

  /// Whether the samples of a model are held against the modes of the data.
  private func countsModes(of model: any ModelFamily) -> Bool { Capability.sampling.of(model) != nil && data.modes != nil && mask == nil }

  func load(modelFile: String) throws -> EvaluationSubject {
    let model = try ModelFile.load(path: modelFile, families: Catalogue.families).model
    let name = type(of: model).name
    let (comparesClasses, countsModes) = (comparesClasses(of: model), countsModes(of: model))
    guard data.labels == nil || comparesClasses || probes else {
      let other = Capability.encoding.of(model) == nil ? "" : ", or read classes off its codes with --probe"
      throw CommandError("the family \(name) has no clusters or classes to compare with labels: leave --labels out\(other)")
    }
    if probes {
      guard Capability.encoding.of(model) != nil else { throw CommandError("--probe reads classes off codes, and the family \(name) has none") }
      guard data.hasLabels else { throw CommandError("--labels is missing: it says where the classes stand that a probe reads off codes") }
      guard fit != nil else { throw CommandError("--fit-data is missing: a probe is fitted on other items than it is tested on") }
    }
    if mask != nil {
      guard Capability.conditionalScoring.of(model) != nil else { throw CommandError("the family \(name) can't score hidden pixels") }
    } else if draws > 0 {
      guard Capability.scoring.of(model) != nil || comparesClasses || countsModes || probes else {
        throw CommandError("the family \(name) can't score")
      }
    } else if !comparesClasses, !countsModes, !probes {
      throw CommandError(
        "--k is 0, and there is nothing else to measure: \(data.source) has no classes, or the family \(name) neither clusters nor classifies")
    }
    let items = try data.load(for: model, withLabels: comparesClasses || probes)
    let isFitted = probes || (comparesClasses && model is any Clustering)
    return EvaluationSubject(model: model, items: items, fit: isFitted ? try fit?.load(for: model, withLabels: true) : nil)
  }

  func evaluate(_ subject: EvaluationSubject, progress: (Int) -> Void = { _ in }) throws -> (findings: any Findings, documents: [FindingsDocument]) {
    let (model, items) = (subject.model, subject.items)
    var (parts, documents): ([any Findings], [FindingsDocument]) = ([], [])
    if let mask, let model = Capability.conditionalScoring.of(model) {
      parts.append(try HiddenPixelEvaluation(of: model, under: mask, on: items, draws: draws, seed: seed, progress: progress))
    } else if draws > 0, let model = Capability.scoring.of(model) {
      parts.append(LikelihoodEvaluation(of: model, on: items, draws: draws, seed: seed, progress: progress))
      if let able = Capability.inferring.of(model) { parts.append(LatentUseEvaluation(of: able, on: items, seed: seed)) }
      if let able = Capability.categoricallyEncoding.of(model) { parts.append(LatentUseEvaluation(of: able, on: items, seed: seed)) }
      if let able = model as? any Encoding & Scoring, let use = CodeUseEvaluation(of: able, on: items, seed: seed) { parts.append(use) }
    }
    if let clusterer = Capability.clustering.of(model), let labels = items.labels {
      let assignments = ClusterAssignments(of: clusterer, on: items, progress: progress)
      let fit = subject.fit.flatMap { fit in
        fit.labels.map { (assignments: ClusterAssignments(of: clusterer, on: fit, progress: progress), labels: $0) }
      }
      let clustering = try ClusteringEvaluation(assignments, of: labels, fit: fit)
      parts.append(clustering)
      documents = clustering.documents
      for layer in assignments.layers.indices {
        guard let grid = try ClusterGrid(assignments, layer: layer, of: clusterer, on: items) else { continue }
        documents.append(FindingsDocument(name: "clusters-\(layer).png", mediaType: "image/png", bytes: try grid.png))
      }
    }
    if let classifier = Capability.classifying.of(model), let labels = items.labels {
      parts.append(try ClassificationEvaluation(of: classifier, on: items, labels: labels, progress: progress))
    }
    if probes, let encoder = Capability.encoding.of(model), let labels = items.labels, let fit = subject.fit, let fitLabels = fit.labels {
      parts.append(try ProbeEvaluation(of: encoder, on: items, labels, fit: fit, fitLabels, progress: progress))
    }
    if countsModes(of: model), let sampler = Capability.sampling.of(model), let modes = data.modes {
      let evaluation = try ModeEvaluation(of: sampler, on: modes, samples: samples, seed: seed)
      parts.append(evaluation)
      documents.append(evaluation.document)
    }
    return (JoinedFindings(parts), documents)
  }

  /// Refuses data that are no longer those of a run.
  func check(_ subject: EvaluationSubject, of run: Run) throws {
    var digests: [(String, String?, Digest?)] = [
      (subject.items.name, run.description.dataDigest?.description, subject.items.digest),
      ("the labels of \(subject.items.name)", run.description.parameters["labels_digest"], subject.items.labels?.digest),
    ]
    if let fit = subject.fit {
      digests += [
        (fit.name, run.description.parameters["fit_data_digest"], fit.digest),
        ("the labels of \(fit.name)", run.description.parameters["fit_labels_digest"], fit.labels?.digest),
      ]
    }
    for (name, expected, given) in digests {
      guard let expected, given?.description != expected else { continue }
      throw CommandError(
        "\(name) is \(given?.description ?? "not there") now, but run \(run.id) was on \(expected): put the data of then in its place.")
    }
  }

  /// So that a run can be replayed from any folder.
  static func absolute(_ path: String) -> String { path.absolutePath }

  /// Calls `body` with the path of the evaluated model file: in the store, which keeps it until then, else where it was.
  static func readingModelFile<Value>(of run: Run, in store: ModelStore, _ body: (_ path: String) throws -> Value) throws -> Value {
    guard let digest = run.description.modelDigest else { throw CommandError("Run \(run.id) names no model file.") }
    if let version = store.version(holding: digest, preferring: run.description.model, run.description.version) {
      return try store.reading(version, body)
    }
    guard let path = run.description.parameters["model_file"], FileManager.default.fileExists(atPath: path) else {
      throw CommandError("The model file \(digest) of run \(run.id) is not in the store; name it with --input.")
    }
    return try body(path)
  }
}

/// A model and the items that it is evaluated on.
struct EvaluationSubject {
  let model: any ModelFamily
  let items: DataSet
  /// What maps of clusters to classes, and probes, are fitted on.
  let fit: DataSet?
}
