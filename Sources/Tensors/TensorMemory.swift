internal import CKernels

/// Settings of the allocator for a server, which stays up for long and should hold no more than it needs.
package enum TensorMemory {
  /// Gives freed blocks back to the system; glibc keeps them for the next allocation otherwise.
  package static func returnFreedBlocks() { kernel_return_freed_blocks() }
}
