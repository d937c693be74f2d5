internal import Data
internal import Formats
internal import Foundation
internal import ModelFiles
internal import Modelling
internal import Networks
internal import Optimisation
internal import Tensors

// A checkpoint is one safetensors file: the leaves of the learner's state, the best network so far, and one JSON text about where the run stands.
extension TrainingLoop {
  private static var metadataKey: String { "posterior_checkpoint" }
  /// 1 had one network and its optimiser's slots instead of a learner's state.
  private static var format: Int { 2 }

  private struct Position: Codable {
    let format: Int
    /// Of the recipe but for its epochs.
    let recipe: Digest
    let epochs: Int
    let data: Digest
    let labels: Digest?
    let epoch: Int
    let batch: Int
    let bestEpoch: Int?
    let bestValue: Double?
    let sums: TermSums
  }

  private struct FormatOnly: Decodable { let format: Int }

  /// Writes the state in one piece: a reader finds the old checkpoint or the new one.
  func save(to path: String) throws {
    var tensors = state.learner.leaves.map { (name: "state." + $0.leaf.path, tensor: $0.tensor) }
    if let best = state.best { tensors += best.network.leaves.map { ("best." + $0.leaf.path, $0.tensor) } }
    let position = Position(
      format: Self.format, recipe: try recipe.digestWithoutEpochs(), epochs: recipe.epochs, data: data.digest, labels: data.labels?.digest,
      epoch: state.epoch, batch: state.batch, bestEpoch: state.best?.epoch, bestValue: state.best?.value, sums: state.sums)
    let text = String(decoding: try JSONEncoder().encode(position), as: UTF8.self)
    try ModelFile.write(SafeTensors.encode(tensors: tensors, metadata: [Self.metadataKey: text]), to: path)
  }

  /// Takes the state from a checkpoint of the same recipe on the same data; the number of epochs may differ where the schedule doesn't hang on it.
  mutating func restore(from path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else {
      throw TrainingError.unusableCheckpoint(
        path: path, reason: "there is no such file; a run that ends well keeps its checkpoint with --keep-checkpoint only")
    }
    do { state = try restored(from: path) } catch let error as TrainingError { throw error } catch {
      throw TrainingError.unusableCheckpoint(path: path, reason: "\(error)")
    }
  }

  private func restored(from path: String) throws -> TrainingState<Family> {
    func unusable(_ reason: String) -> TrainingError { .unusableCheckpoint(path: path, reason: reason) }
    let file = try SafeTensors(path: path)
    guard let text = file.metadata[Self.metadataKey] else { throw unusable("it is not a training checkpoint") }
    let format = try JSONDecoder().decode(FormatOnly.self, from: Data(text.utf8)).format
    guard format == Self.format else {
      let origin = format < Self.format ? "an older" : "a newer"
      throw unusable("its format is \(format), expected \(Self.format): it is of \(origin) version of posterior, with which the run can go on")
    }
    let position = try StrictJSON.decode(Position.self, from: Array(text.utf8))
    try check(position, path)
    let tensors = try file.tensors
    func part(_ prefix: String) -> [String: Tensor] {
      tensors.reduce(into: [:]) { part, entry in if entry.key.hasPrefix(prefix) { part[String(entry.key.dropFirst(prefix.count))] = entry.value } }
    }
    var restored = TrainingState<Family>(learner: try state.learner.loading(part("state.")))
    restored.epoch = position.epoch
    restored.batch = position.batch
    restored.sums = position.sums
    if let epoch = position.bestEpoch, let value = position.bestValue {
      restored.best = TrainingState.Best(network: try learner.model(state.learner).network.loading(part("best.")), epoch: epoch, value: value)
    }
    return restored
  }

  private func check(_ position: Position, _ path: String) throws {
    func unusable(_ reason: String) -> TrainingError { .unusableCheckpoint(path: path, reason: reason) }
    guard position.recipe == (try recipe.digestWithoutEpochs()) else { throw unusable("it belongs to another recipe") }
    guard position.epochs == recipe.epochs || !recipe.schedule.spreadsOverEpochs else {
      throw unusable(
        "its \(recipe.schedule.kind.rawValue) schedule is spread over \(position.epochs) epochs and can't go on to \(recipe.epochs): "
          + "only runs with a constant or step schedule can")
    }
    guard position.data == data.digest else { throw unusable("the data have changed since: \(data.digest) instead of \(position.data)") }
    guard position.labels == data.labels?.digest else { throw unusable("the labels have changed since") }
    guard (0...recipe.epochs).contains(position.epoch), (0..<steps).contains(position.batch) else {
      throw unusable("epoch \(position.epoch), batch \(position.batch) is no place in \(recipe.epochs) epochs of \(steps) batches")
    }
    guard position.sums.isEmpty == (position.batch == 0) else { throw unusable("its sums do not fit its place in the epoch") }
  }
}

extension Recipe {
  fileprivate func digestWithoutEpochs() throws -> Digest {
    var recipe = self
    recipe.epochs = 1
    return SHA256.digest(Array(try recipe.canonicalText().utf8))
  }
}
