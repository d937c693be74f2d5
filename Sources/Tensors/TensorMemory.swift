internal import CKernels

/// Settings of the allocator for a server, which stays up for long and should hold no more than it needs.
package enum TensorMemory {
  /// Gives freed blocks back to the system; glibc keeps them for the next allocation otherwise.
  package static func returnFreedBlocks() { kernel_return_freed_blocks() }

  /// Lets glibc keep no large block that was freed, so that what requests hold is about what the process has.
  package static func boundFreedBlocks() { kernel_bound_freed_blocks() }
}

/// Lends memory for `count` numbers on a cache line's boundary, where packed panels are read fastest.
func withScratch(_ count: Int, _ body: (UnsafeMutablePointer<Float>) -> Void) {
  let scratch = kernel_take_scratch(count)
  guard let scratch else { preconditionFailure("memory that is taken has an address") }
  defer { kernel_give_scratch(scratch) }
  body(scratch)
}
