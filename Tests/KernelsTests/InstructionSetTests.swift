import CKernels
import CKernels.Testing
import Testing

@Test("the chosen instruction set is one this CPU can run") func chosen() {
  let isa = kernel_isa()
  #expect(kernel_table_for(isa) != nil)
  #expect(kernel_table_for("z80") == nil)
}
