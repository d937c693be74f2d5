internal import Data
internal import Formats
internal import Foundation
internal import Learning
internal import ModelFiles
internal import Modelling
internal import Optimisation
internal import Registry
internal import Robustness

/// A job as it will be done: checked as far as that goes without reading the data.
struct JobPlan: Sendable {
  let description: RunDescription
  /// The request with all that was left open, as JSON.
  let specification: String
  /// What is laid out, and in which folder of the run's.
  let datasets: [(dataset: Dataset, folder: String)]

  init(_ asked: JobRequest, in store: ModelStore, _ options: Application.Options) throws {
    var asked = asked
    let dataset = try Self.dataset(asked.dataset, in: store)
    let facts = try dataset.map(Self.facts)
    var datasets: [(Dataset, String)] = dataset.map { [($0, JobFolders.main)] } ?? []
    switch asked.kind {
    case .train:
      var recipe = try Self.recipe(asked, dataset, facts, options)
      if let seed = asked.seed { recipe.seed = UInt64(seed) }
      try recipe.validate()
      try Self.check(recipe, dataset, options)
      asked.recipe = try JSONValue(parsing: Array(recipe.canonicalText().utf8))
      (asked.family, asked.reading, asked.seed) = (nil, nil, nil)
      description = RunDescription(
        kind: .train, family: recipe.family, model: asked.publish?.model ?? recipe.name, configuration: try recipe.canonicalText(),
        parameters: try recipe.parameters().merging(Self.parameters(dataset)) { own, _ in own }, seed: recipe.seed,
        dataDigest: Self.isMain(recipe.data.source, of: dataset) ? facts?.digest : nil, build: .current)
    case .evaluate:
      let version = try store.resolve(asked.model ?? "")
      asked.model = version.id
      asked.file = try Self.measuredFile(asked, dataset)
      if let fit = try Self.dataset(asked.fitDataset, in: store) { datasets.append((fit, JobFolders.fit)) }
      var parameters = ["k": "\(asked.k)"].merging(Self.parameters(dataset)) { own, _ in own }
      parameters["data"] = asked.dataset
      parameters["limit"] = asked.limit.map(String.init)
      parameters["masks"] = asked.masks?.description
      let trained = EvaluationParameters.of(training: try store.training(of: version.digest))
      description = RunDescription(
        kind: .evaluate, family: version.facts.family, model: version.name, version: version.version, modelDigest: version.digest,
        configuration: "{}", parameters: parameters.merging(trained) { own, _ in own },
        seed: UInt64(asked.seed ?? 0), dataDigest: facts?.digest, build: .current)
    case .robustness:
      let version = try store.resolve(asked.model ?? "")
      asked.model = version.id
      asked.file = try Self.measuredFile(asked, dataset)
      guard let family = options.families.named(version.facts.family), AuditRequest.capability.isOffered(by: family) else {
        throw Fault(field: "model", given: "\(version.id) of the family \(version.facts.family)", expected: "a model that can be audited")
      }
      guard asked.items ?? JobRequest.standardItems <= options.limits.auditItems else {
        throw Fault(field: "items", given: "\(asked.items ?? 0)", expected: "at most \(options.limits.auditItems)")
      }
      let plan = asked.attack ?? AuditPlan()
      var parameters = try AuditRequest.parameters(of: plan).merging(Self.parameters(dataset)) { own, _ in own }
      parameters["data"] = asked.dataset
      description = RunDescription(
        kind: .robustness, family: version.facts.family, model: version.name, version: version.version, modelDigest: version.digest,
        configuration: try AuditRequest.text(of: plan), parameters: parameters, seed: UInt64(asked.seed ?? 0), dataDigest: facts?.digest,
        build: .current)
    case .impute:
      guard let facts, facts.kind == .table else {
        throw Fault(field: "dataset", given: facts?.kind.rawValue ?? "nothing", expected: "a table, which has holes to fill in")
      }
      asked.file = try Self.file(asked.file, of: dataset)
      var parameters = ["mode": asked.mode.rawValue].merging(Self.parameters(dataset)) { own, _ in own }
      parameters["draws"] = asked.draws.map(String.init)
      description = RunDescription(
        kind: .impute, family: asked.family ?? "stacking", model: asked.publish?.model, configuration: try asked.text, parameters: parameters,
        seed: UInt64(asked.seed ?? 0), dataDigest: facts.digest, build: .current)
    }
    specification = try asked.text
    self.datasets = datasets
  }

  /// nil also for a data set that every build knows by its name.
  static func dataset(_ name: String?, in store: ModelStore) throws -> Dataset? {
    guard let name else { return nil }
    do { return try store.dataset(named: name) } catch StoreError.unknownDataset {
      guard NamedDataSet.named(name) == nil else { return nil }
      throw StoreError.unknownDataset(name: name, existing: try store.datasets().map(\.name))
    }
  }

  static func facts(_ dataset: Dataset) throws -> DataFacts { try StrictJSON.decode(DataFacts.self, from: Array(dataset.description.utf8)) }

  private static func parameters(_ dataset: Dataset?) -> [String: String] {
    dataset.map { ["dataset": $0.name, "dataset_digest": $0.digest.description] } ?? [:]
  }

  /// The file that a model is measured on; nil for a folder of pictures, and for a data set that every build knows by its name.
  private static func measuredFile(_ asked: JobRequest, _ dataset: Dataset?) throws -> String? {
    guard let dataset, asked.file != nil || Pictures(dataset.files.map(\.path)) == nil else { return nil }
    return try file(asked.file, of: dataset)
  }

  /// The file that is meant.
  static func file(_ name: String?, of dataset: Dataset?) throws -> String {
    guard let dataset else { throw Fault(field: "dataset", given: "nothing", expected: "the name of a registered data set") }
    if let name {
      guard dataset.files.contains(where: { $0.path == name }) else {
        throw Fault(field: "file", given: "\"\(name.prefix(80))\"", expected: "one of \(Items.list(dataset.files.map(\.path)))")
      }
      return name
    }
    guard dataset.files.count == 1 else {
      throw Fault(
        field: "file", given: "nothing", expected: "one of the \(dataset.files.count) of \(dataset.name): \(Items.list(dataset.files.map(\.path)))")
    }
    return dataset.files[0].path
  }

  /// Whether a path is the data set as a whole.
  private static func isMain(_ source: String, of dataset: Dataset?) -> Bool { dataset?.files.count == 1 && dataset?.files[0].path == source }

  private static func recipe(_ asked: JobRequest, _ dataset: Dataset?, _ facts: DataFacts?, _ options: Application.Options) throws -> Recipe {
    if let given = asked.recipe {
      do { return try Recipe(parsing: given.text) } catch { throw Fault(error).inside("recipe") }
    }
    guard let facts else {
      throw Fault(
        field: "recipe", given: "nothing", expected: "a recipe: \(asked.dataset ?? "nothing") is no registered data set that one could be chosen for")
    }
    let pictures = asked.file == nil ? dataset.flatMap { Pictures($0.files.map(\.path)) }?.folder : nil
    var source = DataSource(source: try pictures.map { $0.isEmpty ? "." : $0 } ?? file(asked.file, of: dataset)).readAnew
    // As the command line names it, so that the model file has the same bytes.
    if facts.kind == .table {
      source.format = .csv
    } else if facts.kind == .texts, source.source.lowercased().hasSuffix(".txt") {
      source.format = .text
    }
    if source.source.lowercased().hasSuffix(".npy"), facts.kind == .images { source.range = facts.range }
    source.reading = asked.reading ?? source.reading
    guard let choose = options.chooseRecipe else { throw Fault(field: "recipe", given: "nothing", expected: "a recipe") }
    return try choose(facts, asked.family, source)
  }

  /// What can be told without the data: the family, its settings, and that no path leads out of the data set.
  private static func check(_ recipe: Recipe, _ dataset: Dataset?, _ options: Application.Options) throws {
    guard let family = options.families.named(recipe.family), let trainable = family.trainable else {
      let able = options.families.filter { $0.trainable != nil }.map { $0.name }
      throw Fault(field: "recipe.family", given: "\"\(recipe.family.prefix(60))\"", expected: "one of \(Items.list(able))")
    }
    try check(trainable, recipe)
    let paths = [
      ("source", NamedDataSet.named(recipe.data.source) == nil ? recipe.data.source : nil), ("target", recipe.data.target),
      ("labels.source", recipe.data.labels?.source),
    ]
    for case (let name, let path?) in paths {
      let field = "recipe.data.\(name)"
      guard let dataset else {
        throw Fault(field: field, given: "\"\(path.prefix(80))\"", expected: "a known data set, or a file of a registered one: give dataset")
      }
      let isFolder = path == "." || dataset.files.contains { $0.path.hasPrefix(path + "/") }
      guard dataset.files.contains(where: { $0.path == path }) || (isFolder && Dataset.accepts(path: path == "." ? "a" : path)) else {
        throw Fault(field: field, given: "\"\(path.prefix(80))\"", expected: "a file of \(dataset.name): \(Items.list(dataset.files.map(\.path)))")
      }
    }
  }

  private static func check<Family: Trainable>(_ family: Family.Type, _ recipe: Recipe) throws {
    func read<Value: Settings>(_ type: Value.Type, _ part: String, _ value: JSONValue) throws {
      do { try StrictJSON.decode(type, from: value).validate() } catch let error as JSONError {
        throw Fault(error).inside("recipe.\(part)")
      } catch let error as Fault {
        throw error.inside("recipe.\(part)")
      }
    }
    try read(Family.Configuration.self, "configuration", recipe.configuration)
    try read(Family.TrainingOptions.self, "training", recipe.training)
  }
}

/// The folders below that of a run's data: what a job learns from or is measured on, and what clusters are mapped to classes by.
package enum JobFolders {
  package static let main = "main"
  package static let fit = "fit"
}
