internal import Dispatch
internal import Foundation
internal import Glibc
internal import Locking
package import Tensors

/// The system's OpenBLAS, a library that others compute with; loaded when a benchmark first asks for it, and by nothing else.
package struct OpenBLAS: Sendable {
  /// c = a bᵀ of row-major float32 matrices; the arguments are those of CBLAS.
  private typealias Product =
    @convention(c) @Sendable (
      _ order: Int32, _ transA: Int32, _ transB: Int32, _ m: Int32, _ n: Int32, _ k: Int32, _ alpha: Float, _ a: UnsafePointer<Float>?,
      _ lda: Int32, _ b: UnsafePointer<Float>?, _ ldb: Int32, _ beta: Float, _ c: UnsafeMutablePointer<Float>?, _ ldc: Int32
    ) -> Void
  private typealias Text = @convention(c) () -> UnsafePointer<CChar>?
  private typealias SetThreads = @convention(c) (Int32) -> Void

  private let product: Product
  /// The first words of its description, such as "OpenBLAS 0.3.21".
  package let version: String
  /// The processor whose kernels it chose, such as "Haswell".
  package let core: String

  /// Nil where the system has none.
  package static let installed = OpenBLAS()

  private init?() {
    guard let library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL),
      let product = dlsym(library, "cblas_sgemm"), let configuration = dlsym(library, "openblas_get_config"),
      let core = dlsym(library, "openblas_get_corename"), let setThreads = dlsym(library, "openblas_set_num_threads")
    else { return nil }
    // Every thread of a measurement calls it for itself.
    unsafeBitCast(setThreads, to: SetThreads.self)(1)
    func text(_ symbol: UnsafeMutableRawPointer) -> String { unsafeBitCast(symbol, to: Text.self)().map { String(cString: $0) } ?? "unknown" }
    self.product = unsafeBitCast(product, to: Product.self)
    version = text(configuration).split(separator: " ").prefix(2).joined(separator: " ")
    self.core = text(core)
  }

  /// How often a second `threads` threads, each for itself, compute all of `products`; for about `seconds`.
  package func rate(_ products: [ProductShape], threads: Int, seconds: Double) -> Double {
    precondition(!products.isEmpty && threads > 0, "\(products.count) products on \(threads) threads")
    let total = Protected(0.0)
    DispatchQueue.concurrentPerform(iterations: threads) { _ in
      let rate = passes(products, seconds: seconds)
      total.withLock { $0 += rate }
    }
    return total.withLock { $0 }
  }

  private func passes(_ products: [ProductShape], seconds: Double) -> Double {
    let (rowMajor, plain, transposed): (Int32, Int32, Int32) = (101, 111, 112)
    let operands = products.map { shape in
      (a: [Float](repeating: 0.5, count: shape.rows * shape.inner), b: [Float](repeating: 0.25, count: shape.outputs * shape.inner))
    }
    var c = [Float](repeating: 0, count: products.map { $0.rows * $0.outputs }.max() ?? 0)
    func pass() {
      for (shape, (a, b)) in zip(products, operands) {
        let (rows, outputs, inner) = (Int32(shape.rows), Int32(shape.outputs), Int32(shape.inner))
        // The weight is [outputs, inner], as a Linear layer has it.
        product(rowMajor, plain, transposed, rows, outputs, inner, 1, a, inner, b, inner, 0, &c, outputs)
      }
    }
    // Caches, page faults, and OpenBLAS's own buffers.
    pass()
    let start = ContinuousClock.now
    var (count, elapsed) = (0, Duration.zero)
    repeat {
      pass()
      count += 1
      elapsed = ContinuousClock.now - start
    } while elapsed < .seconds(seconds)
    return Double(count) / (elapsed / .seconds(1))
  }
}

extension OpenBLAS {
  /// Why it is slower than this processor allows, as far as can be told; nil where nothing was found.
  package var heldBack: String? {
    Self.heldBack(core: core, instructionSet: Machine.instructionSet, environment: ProcessInfo.processInfo.environment)
  }

  /// A variable that chooses its kernels, or kernels for narrower registers than the processor's.
  package static func heldBack(core: String, instructionSet: String, environment: [String: String]) -> String? {
    if let chosen = environment["OPENBLAS_CORETYPE"] {
      return "the variable OPENBLAS_CORETYPE=\(chosen) chooses its kernels: unset it for a fair comparison"
    }
    let best =
      switch instructionSet {
      case "avx512": (name: "AVX-512", cores: ["skylakex", "cooperlake", "sapphirerapids"])
      case "avx2": (name: "AVX2", cores: ["haswell", "zen", "excavator"])
      default: (name: "", cores: [core.lowercased()])
      }
    return best.cores.contains(core.lowercased()) ? nil : "it runs its kernels for \(core), and this processor has \(best.name)"
  }
}
