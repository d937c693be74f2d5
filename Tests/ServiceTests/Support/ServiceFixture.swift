import Families
import Formats
import Foundation
import HTTP
import ModelFiles
import Modelling
import Networks
import Registry
import Service
import Tensors

/// A store in a folder of its own, with models in it, and the service over it; the folder goes when the fixture does.
final class ServiceFixture: Sendable {
  static let key = "an-admin-key-for-tests"

  let directory: String
  let store: ModelStore
  let application: Application
  let handler: any Handler
  private let ownsDirectory: Bool

  /// - Parameter directory: an existing store to open again.
  init(
    directory: String? = nil, lanes: Int = 2, limits: ServiceLimits = ServiceLimits(), requiresKeys: Bool = false, models: Bool = true,
    recordingOptions: InferenceRecorder.Options = InferenceRecorder.Options()
  ) throws {
    ownsDirectory = directory == nil
    self.directory = directory ?? NSTemporaryDirectory() + "posterior-service-\(UUID().uuidString)"
    store = try ModelStore(directory: self.directory)
    application = try Self.application(store, lanes, limits, requiresKeys, recordingOptions)
    handler = application.handler
    if ownsDirectory, models {
      for (name, bytes) in ModelFiles.all { try publish(bytes, as: name) }
    }
  }

  /// The service over a store that is only read.
  init(reading directory: String) throws {
    ownsDirectory = false
    self.directory = directory
    store = try ModelStore.reading(directory: directory)
    application = try Self.application(store, 2, ServiceLimits(), false)
    handler = application.handler
  }

  private static func application(
    _ store: ModelStore, _ lanes: Int, _ limits: ServiceLimits, _ requiresKeys: Bool,
    _ recording: InferenceRecorder.Options = InferenceRecorder.Options()
  ) throws -> Application {
    var options = Application.Options(lanes: lanes, families: Catalogue.families)
    options.limits = limits
    options.requiresKeys = requiresKeys
    options.families = [ToyFamily.self] + Catalogue.families + [ToyClassifier.self, ToyLadder.self, ToyText.self]
    options.recording = recording
    return Application(store: store, adminKey: try AdminKey(secret: key), options: options)
  }

  deinit {
    // A temporary folder that stays behind is no failure.
    if ownsDirectory { try? FileManager.default.removeItem(atPath: directory) }
  }

  @discardableResult
  func publish(_ bytes: [UInt8], as name: String) throws -> ModelVersion {
    let staged = try store.stageUpload()
    try staged.write(bytes)
    let families = application.options.families
    return try store.publish(staged, as: name, alias: "live", actor: "test") { path in
      try ModelFacts(ofModelFile: path, model: LoadedModel.load(path: path, families: families).family)
    }.version
  }

  /// With the models that have clusters.
  static func clustering(directory: String? = nil, lanes: Int = 2, limits: ServiceLimits = ServiceLimits()) throws -> ServiceFixture {
    let fixture = try ServiceFixture(directory: directory, lanes: lanes, limits: limits)
    if directory == nil { for (name, bytes) in ModelFiles.clustering { try fixture.publish(bytes, as: name) } }
    return fixture
  }

  /// What the store holds: models, versions, aliases, and files of any kind.
  var content: [String] {
    get throws {
      let models = try store.models().items.map { "\($0.name): \($0.versions.map(\.id)) \($0.aliases.map { "\($0.name)=\($0.version)" })" }
      let files = FileManager.default.enumerator(atPath: directory)?.compactMap { $0 as? String } ?? []
      return models + files.filter { !$0.hasPrefix("posterior.sqlite") }.sorted()
    }
  }
}

/// Small models with random weights.
enum ModelFiles {
  static let all: [(String, [UInt8])] = [("pictures", pictures), ("colours", colours), ("table", table), ("toy", toy), ("vector", vector)]

  static let pictures = vae(.image(height: 4, width: 5), Observation(.bernoulli))
  static let colours = vae(.image(height: 2, width: 3, channels: 3), Observation(.bernoulli))
  static let table = vae(
    .table(
      ["age", "height", "weight"].map { TableSpace.Column(name: $0, type: .real) },
      scaling: Scaling(offset: [40, 170, 70], scale: [10, 8, 12])),
    Observation(.gaussian))
  static let vector = vae(.vector(3), Observation(.gaussian))
  /// Columns with holes: not among `all`, so that other tests keep the store that they expect.
  static let mixed = encoded {
    try VAEAC(
      .init(latent: 2, hidden: 8, blocks: 1),
      signature: .table(
        [
          .init(name: "age", type: .real), .categorical("colour", ["red", "green", "other, or none"]), .init(name: "weight", type: .real),
          .categorical("answer", ["1", "2", "other"], unknown: .other),
        ], scaling: .init(offset: [40, 0, 70, 0], scale: [10, 1, 12, 1])), key: RandomKey(seed: 4))
  }
  /// A column of every type.
  static let types = encoded {
    try VAEAC(
      .init(latent: 2, hidden: 8, blocks: 1),
      signature: .table(
        [
          .init(name: "age", type: .real, minimum: 0, maximum: 120), .init(name: "income", type: .positive), .init(name: "visits", type: .count),
          .init(name: "grade", type: .ordinal, categories: ["low", "middle", "high"]),
          .init(name: "smokes", type: .binary, categories: ["no", "yes"]),
          .categorical("colour", ["red", "green", "blue"]),
        ], scaling: .init(offset: [40, 10, 1.5, 0, 0, 0], scale: [20, 0.5, 0.8, 1, 1, 1])), key: RandomKey(seed: 6))
  }
  static let inpainter = encoded {
    try VAEACImage(.init(latent: 2, hidden: 6, channels: [2, 3]), signature: .image(height: 8, width: 8), key: RandomKey(seed: 6))
  }
  static let levelledInpainter = encoded {
    let configuration = InpaintingHVAE.Configuration(channels: [2, 3], hidden: 6, latent: 2)
    var model = try InpaintingHVAE(configuration, signature: .image(height: 8, width: 8), key: RandomKey(seed: 6))
    // Else every level would be a standard normal that no pixel hangs on.
    model.network = model.network.mapping { $0.isTrainable ? $1 + RandomKey(seed: 5).split($1.count).normal($1.shape) * 0.3 : $1 }
    return model
  }
  static let colourInpainter = encoded {
    try VAEACImage(
      .init(latent: 2, hidden: 6, channels: [2, 3], likelihood: .gaussianLearned), signature: .image(height: 4, width: 8, channels: 3),
      key: RandomKey(seed: 7))
  }
  /// A table with marks of its own for missing cells.
  static let marked = encoded {
    try VAEAC(
      .init(latent: 2, hidden: 8, blocks: 1),
      signature: .table([.init(name: "a", type: .real), .init(name: "b", type: .real)], missing: ["-999", "none"]), key: RandomKey(seed: 4))
  }
  /// Models with clusters: not among `all` either.
  static let ladder = encoded { try ToyLadder(.init(), signature: .image(height: 4, width: 5), key: RandomKey(seed: 8)) }
  static let ladderOfRows = encoded { try ToyLadder(.init(), signature: .vector(3), key: RandomKey(seed: 9)) }
  static let classifier = encoded {
    var signature = Signature.vector(3)
    signature.classes = ["cat", "dog, or wolf"]
    return try ToyClassifier(.init(components: 4), signature: signature, key: RandomKey(seed: 10))
  }
  /// Decisions that can be attacked.
  static let decider = encoded {
    var signature = Signature.vector(3)
    signature.classes = ["cat", "dog, or wolf"]
    let configuration = #"{"latent": 2, "hidden": [6], "components": 2, "likelihood": "gaussian"}"#
    return try GMDGM(
      StrictJSON.decode(GMDGM.Configuration.self, from: Array(configuration.utf8)), signature: signature, key: RandomKey(seed: 10))
  }
  static let unlabelled = encoded { try ToyClassifier(.init(components: 4), signature: .vector(3), key: RandomKey(seed: 10)) }
  static let clustering: [(String, [UInt8])] = [
    ("classifier", classifier), ("ladder", ladder), ("ladder-of-rows", ladderOfRows), ("unlabelled", unlabelled),
  ]
  static let toy = encoded { try ToyFamily(.init(latent: 2), signature: .vector(3), key: RandomKey(seed: 5)) }

  static func vae(_ signature: Signature, _ observation: Observation, seed: UInt64 = 3) -> [UInt8] {
    encoded { try VAE(.init(latent: 2, hidden: [8], observation: observation), signature: signature, key: RandomKey(seed: seed)) }
  }

  static func encoded(_ model: () throws -> any ModelFamily) -> [UInt8] {
    do {
      return try ModelFile.encode(try model(), provenance: Provenance(seed: 3))
    } catch {
      preconditionFailure("a model for tests: \(error)")
    }
  }
}
