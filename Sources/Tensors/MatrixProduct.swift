internal import CKernels
internal import COpenBLAS

/// A matrix in row-major memory, perhaps to be read as its transpose.
struct MatrixOperand {
  let base: UnsafePointer<Float>
  let transposed: Bool
}

/// c[m, n] = activation(op(a)[m, k] · op(b)[k, n] + bias), by OpenBLAS in blocks whose number depends on the shape alone.
///
/// The cut runs along the longer side of c, so that the operand which every block has to pack again is the shorter one.
/// Bias and activation are done block by block, while the block is in its core's cache.
func gemm(
  _ a: MatrixOperand, _ b: MatrixOperand, m: Int, n: Int, k: Int, bias: UnsafePointer<Float>? = nil, activation: UnaryKernel? = nil,
  into c: UnsafeMutablePointer<Float>
) {
  guard m > 0, n > 0 else { return }
  _ = Parallelism.singleThreadedBLAS
  let cutsRows = m > n
  let extent = cutsRows ? m : n
  let blocks = min(blockCount(work: 2 * m * n * k), max(1, extent / 16))
  let size = (extent + blocks - 1) / blocks
  Parallelism.perform(blocks: blocks) { block in
    let start = block * size
    let length = min(size, extent - start)
    guard length > 0 else { return }
    let (rows, columns) = cutsRows ? (length, n) : (m, length)
    let aStart = cutsRows ? (a.transposed ? start : start * k) : 0
    let bStart = cutsRows ? 0 : (b.transposed ? start * k : start)
    let c = c + (cutsRows ? start * n : start)
    if let bias {
      // The bias goes in first and the product adds to it.
      for row in 0..<rows { (c + row * n).update(from: bias + (cutsRows ? 0 : start), count: columns) }
    } else if k == 0 {
      for row in 0..<rows { (c + row * n).update(repeating: 0, count: columns) }
    }
    if k > 0 {
      cblas_sgemm(
        CblasRowMajor, a.transposed ? CblasTrans : CblasNoTrans, b.transposed ? CblasTrans : CblasNoTrans,
        blasint(rows), blasint(columns), blasint(k), 1,
        a.base + aStart, blasint(a.transposed ? m : k), b.base + bStart, blasint(b.transposed ? k : n), bias == nil ? 0 : 1,
        c, blasint(n))
    }
    guard let activation else { return }
    if columns == n { activation(c, c, rows * n) } else { for row in 0..<rows { activation(c + row * n, c + row * n, columns) } }
  }
}

/// Blocks for a product of so many floating-point operations: enough to use a few cores, few enough that a wake-up pays.
private func blockCount(work: Int) -> Int {
  switch work {
  case ..<8_000_000: 1
  case ..<400_000_000: 2
  case ..<2_000_000_000: 4
  default: 8
  }
}

extension Tensor {
  /// The matrix product self · other, each perhaps transposed first; [m, k] · [k, n] -> [m, n], or the same for every item of two equal leading axes.
  ///
  /// Without history the product is row-stable, as in `linear`: a row's answer has the same bits in any batch. With history it is OpenBLAS's.
  package func matrixProduct(_ other: Tensor, transposingSelf: Bool = false, transposingOther: Bool = false) -> Tensor {
    let isRecorded = isWatched || other.isWatched
    if transposingSelf, !isRecorded { return transposed().matrixProduct(other, transposingOther: transposingOther) }
    let inner = shape[transposingSelf ? -2 : -1]
    ProductRecorder.note(rows: count / Swift.max(inner, 1), outputs: other.shape[transposingOther ? -2 : -1], inner: inner)
    if isRecorded { return recordedProduct(other, transposingSelf: transposingSelf, transposingOther: transposingOther) }
    return product(other, transposingOther: transposingOther) { a, b, m, n, k, c in
      rowStableGemm(a.base, b, m: m, n: n, k: k, bias: nil, activation: kernel_identity, into: c)
    }
  }

  /// The product by OpenBLAS, without history: what pullbacks compute with.
  func fastProduct(_ other: Tensor, transposingSelf: Bool = false, transposingOther: Bool = false) -> Tensor {
    product(other, transposingSelf: transposingSelf, transposingOther: transposingOther) { a, b, m, n, k, c in
      gemm(a, b, m: m, n: n, k: k, into: c)
    }
  }

  private func product(
    _ other: Tensor, transposingSelf: Bool = false, transposingOther: Bool = false,
    _ multiply: (_ a: MatrixOperand, _ b: MatrixOperand, _ m: Int, _ n: Int, _ k: Int, _ c: UnsafeMutablePointer<Float>) -> Void
  ) -> Tensor {
    precondition(shape.rank == other.shape.rank && (shape.rank == 2 || shape.rank == 3), "a product of shapes \(shape) and \(other.shape)")
    let items = shape.rank == 3 ? shape[0] : 1
    precondition(shape.rank == 2 || other.shape[0] == items, "a product of shapes \(shape) and \(other.shape)")
    let (m, k) = transposingSelf ? (shape[-1], shape[-2]) : (shape[-2], shape[-1])
    let (inner, n) = transposingOther ? (other.shape[-1], other.shape[-2]) : (other.shape[-2], other.shape[-1])
    precondition(k == inner, "a product of shapes \(shape) and \(other.shape): \(k) columns meet \(inner) rows")
    let leading = shape.rank == 3 ? [items] : []
    return Tensor(shape: Shape(leading + [m, n])) { c in
      withScalars { a in
        other.withScalars { b in
          for item in 0..<items {
            multiply(
              MatrixOperand(base: a + item * m * k, transposed: transposingSelf), MatrixOperand(base: b + item * k * n, transposed: transposingOther),
              m, n, k, c + item * m * n)
          }
        }
      }
    }
  }

  private func recordedProduct(_ other: Tensor, transposingSelf: Bool, transposingOther: Bool) -> Tensor {
    let product = fastProduct(other, transposingSelf: transposingSelf, transposingOther: transposingOther)
    let (a, b) = (detached, other.detached)
    let (needsA, needsB) = (isWatched, other.isWatched)
    return product.recording(self, other) { g in
      // C = A B: dA = G Bᵀ, dB = Aᵀ G, each in the layout that its operand is stored in.
      let dA =
        !needsA
        ? nil
        : transposingSelf
          ? b.fastProduct(g, transposingSelf: transposingOther, transposingOther: true)
          : g.fastProduct(b, transposingOther: !transposingOther)
      let dB =
        !needsB
        ? nil
        : transposingOther
          ? g.fastProduct(a, transposingSelf: true, transposingOther: transposingSelf)
          : a.fastProduct(g, transposingSelf: !transposingSelf)
      return [dA, dB]
    }
  }
}

/// c = activation(a · op(b) + bias), every element accumulated in one order that follows from the shape of b alone (`kernel_gemm`).
///
/// b is [n, k] when `transposed`, as PyTorch stores a Linear weight, else [k, n]; it is packed for this one product.
func rowStableGemm(
  _ a: UnsafePointer<Float>, _ b: MatrixOperand, m: Int, n: Int, k: Int, bias: UnsafePointer<Float>?, activation: kernel_activation,
  into c: UnsafeMutablePointer<Float>
) {
  withUnsafeTemporaryAllocation(of: Float.self, capacity: max(1, kernel_packed_size(k, n))) { packed in
    guard let panel = packed.baseAddress else { return }
    kernel_pack(b.base, k, n, b.transposed ? 1 : 0, panel)
    packedProduct(a, panel, m: m, n: n, k: k, bias: bias, activation: activation, into: c)
  }
}
