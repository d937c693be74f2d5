internal import CKernels

/// What the arithmetic of this process runs on: the class of machines on which the same seed is promised the same bytes.
package enum Machine {
  /// The kernels' instruction set: `avx512`, `avx2`, `neon` or `portable`.
  package static var instructionSet: String { String(cString: kernel_isa()) }

  /// The one without fused multiply-add, whose numbers are not those of the others.
  package static let portable = "portable"

  /// All that this processor has kernels for, the best first.
  package static var instructionSets: [String] {
    var names: [String] = []
    while let name = kernel_isa_at(Int32(names.count)) { names.append(String(cString: name)) }
    return names
  }

  /// The variable of the environment that names one of them, in place of the best.
  package static let instructionSetVariable = KERNEL_ISA_VARIABLE

  /// What stands in it, where this processor has no such instruction set.
  package static var missingInstructionSet: String? { kernel_isa_missing().map { String(cString: $0) } }
}
