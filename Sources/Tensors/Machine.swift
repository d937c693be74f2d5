internal import CKernels

/// What the arithmetic of this process runs on: the class of machines on which the same seed is promised the same bytes.
package enum Machine {
  /// The kernels' instruction set: `avx512`, `avx2`, `neon` or `portable`.
  package static var instructionSet: String { String(cString: kernel_isa()) }
}
