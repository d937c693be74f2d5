internal import CKernels

/// A matrix in row-major memory, perhaps to be read as its transpose.
struct MatrixOperand {
  let base: UnsafePointer<Float>
  let transposed: Bool
}

/// c[m, n] = activation(op(a)[m, k] · op(b)[k, n] + bias), every element fused multiply-adds over k ascending.
///
/// The work is cut by columns of c: a thread packs the part of b that it needs and reads all of a. The cut changes no bit.
func panelProduct(
  _ a: MatrixOperand, _ b: MatrixOperand, m: Int, n: Int, k: Int, bias: UnsafePointer<Float>? = nil, activation: kernel_activation = kernel_identity,
  into c: UnsafeMutablePointer<Float>
) {
  guard m > 0, n > 0 else { return }
  guard !a.transposed else {
    return withScratch(m * k) { rows in
      // Rows of the stored operand in strips of sixteen, which the transposition takes whole.
      Parallelism.performParts((k + 15) / 16, cost: 16 * m) { strip, count in
        let (first, end) = (strip * 16, min((strip + count) * 16, k))
        kernel_transpose(a.base + first * m, end - first, m, rows + first, k)
      }
      panelProduct(MatrixOperand(base: rows, transposed: false), b, m: m, n: n, k: k, bias: bias, activation: activation, into: c)
    }
  }
  let panels = (n + panelWidth - 1) / panelWidth
  let width = 2 * m * n * k > 400_000 ? Parallelism.width : 1
  if width > 1, panels < width {
    // Too few columns for every thread: all read the same panels, each for its rows.
    return withScratch(panels * panelWidth * k) { packed in
      kernel_pack_panels(b.base, k, n, b.transposed ? 1 : 0, 0, n, packed)
      let rows = ((m + width - 1) / width + 15) / 16 * 16
      Parallelism.perform(blocks: (m + rows - 1) / rows) { block in
        let start = block * rows
        kernel_panel_product(a.base + start * k, min(rows, m - start), k, packed, n, bias, activation, c + start * n, n)
      }
    }
  }
  // Two blocks a thread where there is enough to do, so that a thread that is held up leaves work to the others.
  let blocks = panels >= 4 * width ? 2 * width : width
  Parallelism.perform(blocks: blocks, worthwhile: width > 1) { block in
    let first = block * panels / blocks * panelWidth
    let end = min((block + 1) * panels / blocks * panelWidth, n)
    withScratch((end - first + panelWidth - 1) / panelWidth * panelWidth * k) { packed in
      kernel_pack_panels(b.base, k, n, b.transposed ? 1 : 0, first, end, packed)
      kernel_panel_product(a.base, m, k, packed, end - first, bias.map { $0 + first }, activation, c + first, n)
    }
  }
}

/// Columns of a panel of `kernel_pack`.
let panelWidth = 32

extension Tensor {
  /// The matrix product self · other, each perhaps transposed first; [m, k] · [k, n] -> [m, n], or the same for every item of two equal leading axes.
  ///
  /// It is row-stable, as `linear` is: a row's answer has the same bits in any batch, with history or without.
  package func matrixProduct(_ other: Tensor, transposingSelf: Bool = false, transposingOther: Bool = false) -> Tensor {
    let inner = shape[transposingSelf ? -2 : -1]
    ProductRecorder.note(rows: count / Swift.max(inner, 1), outputs: other.shape[transposingOther ? -2 : -1], inner: inner)
    return product(other, transposingSelf: transposingSelf, transposingOther: transposingOther) { a, b, m, n, k, c in
      rowStableGemm(a, b, m: m, n: n, k: k, bias: nil, activation: kernel_identity, into: c)
    }
  }

  /// The product that pullbacks compute with: every element adds its terms in ascending order.
  func pulledBack(_ other: Tensor, transposingSelf: Bool = false, transposingOther: Bool = false) -> Tensor {
    product(other, transposingSelf: transposingSelf, transposingOther: transposingOther) { a, b, m, n, k, c in
      panelProduct(a, b, m: m, n: n, k: k, into: c)
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
    let product = Tensor(shape: Shape(leading + [m, n])) { c in
      withScalars { a in
        other.withScalars { b in
          // Small products go an item a thread, large ones are cut themselves; the cut changes no bit.
          Parallelism.perform(blocks: items, worthwhile: items >= Parallelism.width && 2 * items * m * n * k > 400_000) { item in
            multiply(
              MatrixOperand(base: a + item * m * k, transposed: transposingSelf), MatrixOperand(base: b + item * k * n, transposed: transposingOther),
              m, n, k, c + item * m * n)
          }
        }
      }
    }
    return product.recorded(by: self, other, keeping: .inputs) { step in
      let (g, a, b) = (step.g, step.x[0], step.x[1])
      // C = A B: dA = G Bᵀ, dB = Aᵀ G, each in the layout that its operand is stored in.
      let dA =
        !step.asked[0]
        ? nil
        : transposingSelf
          ? b.pulledBack(g, transposingSelf: transposingOther, transposingOther: true)
          : g.pulledBack(b, transposingOther: !transposingOther)
      let dB =
        !step.asked[1]
        ? nil
        : transposingOther
          ? g.pulledBack(a, transposingSelf: true, transposingOther: transposingSelf)
          : a.pulledBack(g, transposingSelf: !transposingSelf)
      return [dA, dB]
    }
  }
}

/// c = activation(op(a) · op(b) + bias), every element accumulated in one order that follows from the shape of op(b) alone (`kernel_gemm`).
///
/// b is [n, k] when `transposed`, as PyTorch stores a Linear weight, else [k, n]; it is packed for this one product.
func rowStableGemm(
  _ a: MatrixOperand, _ b: MatrixOperand, m: Int, n: Int, k: Int, bias: UnsafePointer<Float>?, activation: kernel_activation,
  into c: UnsafeMutablePointer<Float>
) {
  guard kernel_is_narrow(k, n) != 0 else { return panelProduct(a, b, m: m, n: n, k: k, bias: bias, activation: activation, into: c) }
  withScratch(kernel_packed_size(k, n)) { packed in
    kernel_pack(b.base, k, n, b.transposed ? 1 : 0, packed)
    if !a.transposed { return packedProduct(a.base, packed, m: m, n: n, k: k, bias: bias, activation: activation, into: c) }
    withScratch(m * k) { rows in
      kernel_transpose(a.base, k, m, rows, k)
      packedProduct(rows, packed, m: m, n: n, k: k, bias: bias, activation: activation, into: c)
    }
  }
}
