/// Why a run ends without a model.
package enum TrainingError: Error, Equatable, CustomStringConvertible {
  case invalid(String)
  /// The loss is no number any more.
  case diverged(epoch: Int, step: Int)
  /// The user asked to stop; the checkpoint is saved.
  case stopped
  case unusableCheckpoint(path: String, reason: String)

  package var description: String {
    switch self {
    case .invalid(let reason): reason
    case .diverged(let epoch, let step):
      "the loss is not finite at epoch \(epoch), step \(step): lower optimiser.rate, set clip.norm, or raise scale_floor"
    case .stopped: "stopped; go on with --resume"
    case .unusableCheckpoint(let path, let reason): "the checkpoint \(path) can't be used: \(reason)"
    }
  }
}
