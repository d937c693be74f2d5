internal import Dispatch
internal import Synchronization
internal import Tensors

/// The stay of a model's weights in memory: when the last owner of this object has gone, their memory goes back to the system.
///
/// glibc keeps freed blocks for the next allocation; after a model that is a lot that nobody may ever want again.
final class Residence: Sendable {
  private static let isTrimming = Atomic(false)

  deinit {
    // Several that end together are one trim; a moment later, when what was freed with this object is free.
    guard !Self.isTrimming.exchange(true, ordering: .acquiringAndReleasing) else { return }
    DispatchQueue.global(qos: .utility).asyncAfter(deadline: .now() + .milliseconds(50)) {
      Self.isTrimming.store(false, ordering: .releasing)
      TensorMemory.returnFreedBlocks()
    }
  }
}
