internal import CKernels

/// Settings of the allocator for a server, which stays up for long and should hold no more than it needs.
package enum TensorMemory {
  /// Gives freed blocks back to the system; glibc keeps them for the next allocation otherwise.
  package static func returnFreedBlocks() { kernel_return_freed_blocks() }
}

/// Lends memory for `count` numbers on a cache line's boundary, where packed panels are read fastest.
func withScratch(_ count: Int, _ body: (UnsafeMutablePointer<Float>) -> Void) {
  withUnsafeTemporaryAllocation(byteCount: max(count, 1) * MemoryLayout<Float>.stride, alignment: 64) { buffer in
    if let base = buffer.baseAddress { body(base.assumingMemoryBound(to: Float.self)) }
  }
}
