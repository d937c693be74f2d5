internal import CKernels

/// Settings of the allocator for training, where every step asks for the same large blocks again.
package enum TrainingMemory {
  /// Keeps freed blocks for the next step instead of giving them back to the system, which would have to clear every page anew.
  package static func keepFreedBlocks() { kernel_keep_freed_blocks() }
}
