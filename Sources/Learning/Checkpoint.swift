internal import Data
internal import Formats
internal import Foundation
internal import ModelFiles
internal import Networks
internal import Tensors

// A checkpoint is one safetensors file: the networks, the optimiser's slots, and one JSON text about where the run stands.
extension TrainingLoop {
  private static var metadataKey: String { "posterior_checkpoint" }

  private struct Position: Codable {
    let format: Int
    let recipe: Digest
    let data: Digest
    let labels: Digest?
    let epoch: Int
    let batch: Int
    let step: Int
    let bestEpoch: Int?
    let bestBound: Double?
    let sums: [TrainingState<Family>.Sum]
  }

  /// Writes the state in one piece: a reader finds the old checkpoint or the new one.
  func save(to path: String) throws {
    var tensors = state.network.leaves.map { (name: "network." + $0.leaf.path, tensor: $0.tensor) } + state.optimiser.tensors
    if let best = state.best { tensors += best.network.leaves.map { ("best." + $0.leaf.path, $0.tensor) } }
    let position = Position(
      format: 1, recipe: try recipeDigest(), data: data.digest, labels: data.labels?.digest,
      epoch: state.epoch, batch: state.batch, step: state.optimiser.step,
      bestEpoch: state.best?.epoch, bestBound: state.best?.bound, sums: state.sums)
    let text = String(decoding: try JSONEncoder().encode(position), as: UTF8.self)
    try ModelFile.write(SafeTensors.encode(tensors: tensors, metadata: [Self.metadataKey: text]), to: path)
  }

  /// Takes the state from a checkpoint of the same recipe on the same data.
  mutating func restore(from path: String) throws {
    do { state = try restored(from: path) } catch let error as TrainingError { throw error } catch {
      throw TrainingError.unusableCheckpoint(path: path, reason: "\(error)")
    }
  }

  private func restored(from path: String) throws -> TrainingState<Family> {
    func unusable(_ reason: String) -> TrainingError { .unusableCheckpoint(path: path, reason: reason) }
    let file = try SafeTensors(path: path)
    guard let text = file.metadata[Self.metadataKey] else { throw unusable("it is not a training checkpoint") }
    let position = try StrictJSON.decode(Position.self, from: Array(text.utf8))
    guard position.format == 1 else { throw unusable("its format is \(position.format), expected 1") }
    guard position.recipe == (try recipeDigest()) else { throw unusable("it belongs to another recipe") }
    guard position.data == data.digest else { throw unusable("the data have changed since: \(data.digest) instead of \(position.data)") }
    guard position.labels == data.labels?.digest else { throw unusable("the labels have changed since") }
    guard (0...recipe.epochs).contains(position.epoch), (0..<steps).contains(position.batch), position.step == position.epoch * steps + position.batch
    else {
      throw unusable(
        "epoch \(position.epoch), batch \(position.batch), step \(position.step) is no place in \(recipe.epochs) epochs of \(steps) batches")
    }
    guard position.sums.isEmpty == (position.batch == 0) else { throw unusable("its sums do not fit its place in the epoch") }
    let tensors = try file.tensors
    func part(_ prefix: String) -> [String: Tensor] {
      tensors.reduce(into: [:]) { part, entry in if entry.key.hasPrefix(prefix) { part[String(entry.key.dropFirst(prefix.count))] = entry.value } }
    }
    guard let optimiser = state.optimiser.restored(from: tensors, step: position.step) else { throw unusable("the optimiser's state does not fit") }
    var restored = TrainingState<Family>(network: try state.network.loading(part("network.")), optimiser: optimiser)
    restored.epoch = position.epoch
    restored.batch = position.batch
    restored.sums = position.sums
    if let epoch = position.bestEpoch, let bound = position.bestBound {
      restored.best = TrainingState.Best(network: try state.network.loading(part("best.")), epoch: epoch, bound: bound)
    }
    return restored
  }

  private func recipeDigest() throws -> Digest { SHA256.digest(Array(try recipe.canonicalText().utf8)) }
}
