import Benchmarking
import Tensors
import Testing

@Suite("OpenBLAS as a yardstick") struct OpenBLASTests {
  @Test("It measures any list of products")
  func rate() throws {
    let library = try #require(OpenBLAS.installed, "deploy/install.sh installs libopenblas0")
    let products = [ProductShape(rows: 3, outputs: 5, inner: 7), ProductShape(rows: 1, outputs: 1, inner: 1)]
    #expect(library.rate(products, threads: 2, seconds: 0.01) > 0)
    #expect(library.version.hasPrefix("OpenBLAS") && !library.core.isEmpty)
  }

  @Test(
    "What holds it back is named: a variable, or kernels for narrower registers than the processor has",
    arguments: [
      ("Haswell", "avx512", [:], "kernels for Haswell, and this processor has AVX-512"), ("SkylakeX", "avx512", [:], nil),
      ("Cooperlake", "avx512", [:], nil), ("Zen", "avx2", [:], nil), ("Haswell", "avx2", ["OPENBLAS_NUM_THREADS": "1"], nil),
      ("Nehalem", "avx2", [:], "kernels for Nehalem, and this processor has AVX2"), ("Nehalem", "portable", [:], nil),
      ("neoversen1", "neon", [:], nil), ("SkylakeX", "avx512", ["OPENBLAS_CORETYPE": "SkylakeX"], "OPENBLAS_CORETYPE=SkylakeX"),
    ] as [(String, String, [String: String], String?)])
  func heldBack(core: String, instructionSet: String, environment: [String: String], reason: String?) {
    let found = OpenBLAS.heldBack(core: core, instructionSet: instructionSet, environment: environment)
    if let reason { #expect(found?.contains(reason) == true, "\(found ?? "nothing")") } else { #expect(found == nil) }
  }
}
