internal import CKernels

extension Tensor {
  /// self + activation([self, other] Wᵀ + b); x: [rows, width], weight: [width, width + other's], bias: [width] -> [rows, width].
  ///
  /// Row i stands beside row i % r of an `other` of r rows: several versions of the same rows, one after the other, share what stands beside them.
  /// It is row-stable, and has the bits of the formula.
  package func residualLinear(beside other: Tensor? = nil, weight: Tensor, bias: Tensor?, activation: Activation) -> Tensor {
    let (rows, width, beside) = (shape[0], shape[1], other?.shape[1] ?? 0)
    precondition(
      weight.shape == [width, width + beside] && other.map { $0.shape[0] > 0 && rows % $0.shape[0] == 0 } ?? true,
      "a residual layer of weight \(weight.shape) on an input \(shape) beside \(String(describing: other?.shape))")
    let isWatched = isWatched || other?.isWatched == true || weight.isWatched || bias?.isWatched == true
    guard !isWatched, let fused = activation.fused, kernel_is_narrow(width + beside, width) == 0 else {
      return self + joined(beside: other).linear(weight: weight, bias: bias, activation: activation)
    }
    ProductRecorder.note(rows: rows, outputs: width, inner: width + beside)
    let (packing, otherRows) = (weight.packing(.matrix), other?.shape[0] ?? 1)
    return Tensor(shape: shape) { y in
      withScalars { x in
        withOptionalScalars(of: other) { other in
          withOptionalScalars(of: bias) { bias in
            let isLarge = 2 * rows * width * (width + beside) > 400_000
            let parts = isLarge ? min(Parallelism.width, (rows + 15) / 16) : 1
            let length = (rows + parts - 1) / parts
            Parallelism.perform(blocks: parts, worthwhile: parts > 1) { part in
              let start = min(part * length, rows)
              kernel_gemm_residual(
                x + start * width, min(length, rows - start), width, other, beside, otherRows, start, packing.base, bias, fused, y + start * width)
            }
          }
        }
      }
    }
  }

  /// [self, other] of every row, where the rows of `other` repeat.
  package func joined(beside other: Tensor?) -> Tensor {
    guard let other else { return self }
    let times = other.shape[0] == 0 ? 1 : shape[0] / other.shape[0]
    return Tensor.concatenated([self, other.repeated(times)], axis: 1)
  }

  /// The rows of a tensor several times, one version after the other.
  package func repeated(_ times: Int) -> Tensor { times == 1 ? self : Tensor.concatenated([Tensor](repeating: self, count: times)) }
}
