#if canImport(Glibc)
  internal import Glibc

  /// Settings of the allocator for training, where every step asks for the same large blocks again.
  package enum TrainingMemory {
    /// Keeps freed blocks for the next step instead of giving them back to the system, which would have to clear every page anew.
    package static func keepFreedBlocks() {
      // M_MMAP_THRESHOLD and M_TRIM_THRESHOLD of malloc.h.
      _ = mallopt(-3, 1 << 30)
      _ = mallopt(-1, Int32.max)
    }
  }
#endif
