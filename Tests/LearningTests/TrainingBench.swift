import Data
import Families
import Formats
import Foundation
import Learning
import ModelFiles
import Modelling
import Synchronization
import TemporaryFolders
import Tensors

/// Small data and short runs in a folder of their own.
struct TrainingBench: Sendable {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  var output: String { folder.path + "/model.safetensors" }
  var checkpoint: String { folder.path + "/checkpoint" }

  /// Images of side x side in which each row and each column is a bar with probability 1/4.
  func bars(_ count: Int, side: Int = 8, seed: UInt64 = 1, name: String = "bars.idx") throws -> String {
    let u = RandomKey(seed: seed).uniform([count, 2 * side]).scalars
    let pixels = (0..<count).flatMap { item in
      (0..<side * side).map { pixel -> UInt8 in
        let (row, column) = (u[item * 2 * side + pixel / side], u[item * 2 * side + side + pixel % side])
        return row < 0.25 || column < 0.25 ? 255 : 0
      }
    }
    return try folder.file(name, IDX.encode(pixels, dimensions: [count, side, side]))
  }

  func recipe(_ text: String) throws -> Recipe { try Recipe(parsing: Array(text.utf8)) }

  /// Everything that has a state: batch normalisation, dynamic binarisation, a schedule, clipping, Adam, a last batch that is smaller.
  func recipe(data: String, seed: Int = 5) throws -> Recipe {
    try recipe(
      #"""
      {"family": "vae", "data": {"source": "\#(data)"}, "epochs": 3, "batch_size": 10, "validation": 16, "seed": \#(seed),
       "configuration": {"latent": 2, "hidden": [12], "batch_norm": true, "binarisation": "dynamic"}, "training": {"kl_warm_up_epochs": 2},
       "optimiser": {"rate": 0.01}, "schedule": {"kind": "cosine", "warm_up_epochs": 1}, "clip": {"norm": 5}}
      """#)
  }

  /// Runs until the end, or until `steps` steps are done.
  func run(
    _ recipe: Recipe, resumes: Bool = false, keepsCheckpoint: Bool = false, steps: Int = .max, recorder: (any RunRecorder)? = nil,
    families: [any ModelFamily.Type] = Catalogue.families, data: DataSet? = nil, observe: @escaping (TrainingEvent) -> Void = { _ in }
  ) throws -> Training.Result {
    let done = Atomic<Int>(0)
    return try Training(
      recipe, families: families,
      options: Training.Options(output: output, checkpoint: checkpoint, resumes: resumes, keepsCheckpoint: keepsCheckpoint), data: data,
      recorder: recorder,
      build: BuildInformation(gitRevision: "r", compiler: "c", cpu: "p", blas: "b")
    ).run(observe: observe, shouldStop: { done.wrappingAdd(1, ordering: .relaxed).oldValue >= steps })
  }

  func clear() throws {
    for path in [output, checkpoint] where FileManager.default.fileExists(atPath: path) { try FileManager.default.removeItem(atPath: path) }
  }
}

/// Keeps what it is told, in order.
final class RecorderDouble: RunRecorder {
  struct Account: Sendable {
    var runs: [RunDescription] = []
    var metrics: [RunMetric] = []
    var documents: [String: [UInt8]] = [:]
    var outcomes: [RunOutcome] = []
  }
  private let stored = Mutex(Account())
  let id = RunID.generate()

  var account: Account { stored.withLock { $0 } }

  func start(_ run: RunDescription) throws -> RunID {
    stored.withLock { $0.runs.append(run) }
    return id
  }

  func record(_ metrics: [RunMetric], in run: RunID) throws { stored.withLock { $0.metrics += metrics } }

  func attach(_ name: String, mediaType: String, bytes: [UInt8], to run: RunID) throws { stored.withLock { $0.documents[name] = bytes } }

  func finish(_ run: RunID, _ outcome: RunOutcome) throws { stored.withLock { $0.outcomes.append(outcome) } }
}
