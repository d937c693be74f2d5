internal import CKernels
internal import COpenBLAS

/// What the arithmetic of this process runs on: the class of machines on which the same seed is promised the same bytes.
package enum Machine {
  /// The kernels' instruction set: `avx512`, `avx2`, `neon` or `portable`.
  package static var instructionSet: String { String(cString: kernel_isa()) }

  /// OpenBLAS's version and the core it is tuned for.
  package static var blas: String { String(cString: openblas_get_config()) + " " + String(cString: openblas_get_corename()) }
}

extension Machine {
  /// Mean time of one pass of OpenBLAS's sgemm over linear layers of these sizes, on one thread: the yardstick of a decoder, in microseconds.
  package static func sgemmMicroseconds(rows: Int, layers: [(inputs: Int, outputs: Int)], calls: Int) -> Double {
    _ = Parallelism.singleThreadedBLAS
    let weights = layers.map { Tensor.full([$0.outputs, $0.inputs], 0.01) }
    let inputs = layers.map { Tensor.full([rows, $0.inputs], 0.5) }
    var outputs = layers.map { Tensor.zeros([rows, $0.outputs]) }
    func pass() {
      for (index, layer) in layers.enumerated() {
        outputs[index].update { c in
          inputs[index].withScalars { a in
            weights[index].withScalars { b in
              cblas_sgemm(
                CblasRowMajor, CblasNoTrans, CblasTrans, blasint(rows), blasint(layer.outputs), blasint(layer.inputs), 1, a, blasint(layer.inputs), b,
                blasint(layer.inputs), 0, c, blasint(layer.outputs))
            }
          }
        }
      }
    }
    pass()
    let start = ContinuousClock.now
    for _ in 0..<calls { pass() }
    return (ContinuousClock.now - start) / .microseconds(1) / Double(max(calls, 1))
  }
}
