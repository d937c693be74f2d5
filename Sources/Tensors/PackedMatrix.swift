internal import CKernels

/// How a weight becomes the matrix of a product.
package enum WeightLayout: Sendable {
  /// [out, in], as a linear layer has it.
  case matrix
  /// [out, in, kh, kw] -> [out, kh kw in]: a patch has its channels last.
  case convolution
  /// [in, out, kh, kw] -> [kh kw out, in].
  case transposedConvolution

  /// The order of the weight's axes in the matrix.
  fileprivate var order: [Int] {
    switch self {
    case .matrix: [0, 1]
    case .convolution: [0, 2, 3, 1]
    case .transposedConvolution: [2, 3, 1, 0]
    }
  }

  /// Axes of the reordered weight that number the outputs of the product.
  fileprivate var outputAxes: Int { self == .transposedConvolution ? 3 : 1 }
}

/// A weight laid out once for `kernel_gemm`, so that no request has to do it again.
///
/// Safe because: the memory is written in `init`, before anybody else has it, and only read afterwards.
final class PackedMatrix: @unchecked Sendable {
  let inputs: Int
  let outputs: Int
  let layout: WeightLayout
  /// The weight's extents in the order of the matrix.
  private let extents: [Int]
  /// On a cache line's boundary; `kernel_packed_size` numbers.
  let base: UnsafePointer<Float>
  private let ownBytes: Int
  /// The same weight laid out for the product of its input's gradient; nil where nobody asked for gradients.
  let reverse: PackedMatrix?
  /// Whose memory `base` is, where it isn't this one's.
  private let owner: PackedMatrix?

  /// Bytes of all layouts.
  var byteCount: Int { ownBytes + (reverse?.byteCount ?? 0) }

  init(_ weight: Tensor, _ layout: WeightLayout) {
    precondition(weight.shape.rank == layout.order.count, "a weight of shape \(weight.shape) is no \(layout)")
    let ordered = layout == .matrix ? weight.detached : weight.detached.transposed(layout.order)
    let (outputs, inputs) = (
      ordered.shape.dimensions.prefix(layout.outputAxes).reduce(1, *), ordered.shape.dimensions.dropFirst(layout.outputAxes).reduce(1, *)
    )
    (self.outputs, self.inputs, self.layout) = (outputs, inputs, layout)
    extents = ordered.shape.dimensions
    (reverse, owner) = (nil, nil)
    ownBytes = kernel_packed_size(inputs, outputs) * MemoryLayout<Float>.stride
    let memory = UnsafeMutableRawPointer.allocate(byteCount: max(ownBytes, 1), alignment: 64).assumingMemoryBound(to: Float.self)
    ordered.withScalars { kernel_pack($0, inputs, outputs, 1, memory) }
    base = UnsafePointer(memory)
  }

  /// `owner`'s memory with the reverse layout beside it.
  private init(_ owner: PackedMatrix, reverse: PackedMatrix) {
    (inputs, outputs, layout, extents) = (owner.inputs, owner.outputs, owner.layout, owner.extents)
    (base, ownBytes, self.reverse, self.owner) = (owner.base, owner.ownBytes, reverse, owner)
  }

  deinit { if owner == nil { UnsafeMutableRawPointer(mutating: base).deallocate() } }

  /// This with its reverse, of the weight that it was made of.
  func reversible(_ weight: Tensor) -> PackedMatrix {
    guard reverse == nil else { return self }
    switch layout {
    case .matrix:
      // Of a narrow product the packed kernel adds in another order than the pullback of a weight that is not packed.
      guard kernel_is_narrow(outputs, inputs) == 0 else { return self }
      return PackedMatrix(self, reverse: PackedMatrix(weight.detached.transposed([1, 0]), .matrix))
    case .convolution: return PackedMatrix(self, reverse: PackedMatrix(weight, .transposedConvolution))
    case .transposedConvolution: return PackedMatrix(self, reverse: PackedMatrix(weight, .convolution))
    }
  }

  /// The numbers in the order in which they were given.
  var scalars: [Float] {
    let count = inputs * outputs
    let ordered = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      if let to = buffer.baseAddress, count > 0 { kernel_unpack(base, inputs, outputs, 1, to) }
      initialized = count
    }
    if layout == .matrix { return ordered }
    let order = layout.order
    return Tensor(shape: Shape(extents), scalars: ordered).transposed(order.indices.map { order.firstIndex(of: $0) ?? 0 }).scalars
  }
}

extension Tensor {
  /// The same weight kept in the layout of products alone: its layer reads it without packing it, everything else unpacks it first.
  package func packed(_ layout: WeightLayout = .matrix) -> Tensor {
    packing?.layout == layout ? self : Tensor(shape: shape, packing: PackedMatrix(self, layout))
  }

  /// The same weight packed for the product of its layer and for that of the gradient of its layer's input.
  package func packedBothWays(_ layout: WeightLayout = .matrix) -> Tensor {
    guard let packing = packed(layout).packing else { return self }
    return Tensor(shape: shape, packing: packing.reversible(self))
  }

  /// This weight ready for products, packed for the occasion where it is not kept so.
  func packing(_ layout: WeightLayout) -> PackedMatrix {
    if let packing, packing.layout == layout { return packing }
    if let reverse = packing?.reverse, reverse.layout == layout { return reverse }
    return PackedMatrix(self, layout)
  }

  /// Whether the numbers are kept in the layout of products.
  package var isPacked: Bool { packing != nil }

  /// Bytes that the numbers take, whatever their layout.
  package var byteCount: Int { packing?.byteCount ?? count * MemoryLayout<Float>.stride }
}

/// c = activation(a · B + bias) for a packed B, every element accumulated in one order that follows from B's shape alone.
///
/// The work is cut over the threads, few rows by columns, so that each thread reads its part of B alone, and many by rows; the cut changes no bit.
func packedProduct(
  _ a: UnsafePointer<Float>, _ packed: UnsafePointer<Float>, m: Int, n: Int, k: Int, bias: UnsafePointer<Float>?, activation: kernel_activation,
  into c: UnsafeMutablePointer<Float>
) {
  let width = Parallelism.width
  guard width > 1, 2 * m * n * k > 400_000 else { return kernel_gemm(a, m, k, packed, n, bias, activation, c) }
  if m <= 192, n >= 2 * width * panelWidth {
    let columns = ((n + width - 1) / width + panelWidth - 1) / panelWidth * panelWidth
    Parallelism.perform(blocks: (n + columns - 1) / columns) { block in
      kernel_gemm_columns(a, m, k, packed, n, block * columns, min((block + 1) * columns, n), bias, activation, c)
    }
  } else {
    // As many blocks a thread, so that none works alone at the end.
    let blocks = ((m + 95) / 96 + width - 1) / width * width
    let rows = ((m + blocks - 1) / blocks + 15) / 16 * 16
    Parallelism.perform(blocks: (m + rows - 1) / rows) { block in
      let start = block * rows
      kernel_gemm(a + start * k, min(rows, m - start), k, packed, n, bias, activation, c + start * n)
    }
  }
}
