internal import Dispatch
internal import Synchronization
internal import Tensors

/// The stay of a model's weights in memory: when the last owner of this object has gone, their memory goes back to the system.
final class Residence: Sendable {
  deinit { Self.returnMemorySoon() }

  private static let isPlanned = Atomic(false)

  /// glibc keeps freed blocks for the next allocation; after a model came or went that is as much as a model, which nobody may ever want again.
  ///
  /// Several calls are one, a moment later, when what their callers still held is free as well.
  static func returnMemorySoon() {
    guard !isPlanned.exchange(true, ordering: .acquiringAndReleasing) else { return }
    DispatchQueue.global(qos: .utility).asyncAfter(deadline: .now() + .milliseconds(50)) {
      isPlanned.store(false, ordering: .releasing)
      TensorMemory.returnFreedBlocks()
    }
  }
}
