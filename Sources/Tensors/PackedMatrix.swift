internal import CKernels

/// A weight laid out once for `kernel_gemm`, so that no request has to do it again.
///
/// Safe because: the memory is written in `init`, before anybody else has it, and only read afterwards.
final class PackedMatrix: @unchecked Sendable {
  let inputs: Int
  let outputs: Int
  /// On a cache line's boundary; `kernel_packed_size` numbers.
  let base: UnsafePointer<Float>
  let byteCount: Int

  /// weight: [outputs, inputs], as PyTorch stores a linear layer's.
  init(_ weight: Tensor) {
    precondition(weight.shape.rank == 2, "a weight of shape \(weight.shape) is no matrix")
    let (outputs, inputs) = (weight.shape[0], weight.shape[1])
    (self.outputs, self.inputs) = (outputs, inputs)
    byteCount = kernel_packed_size(inputs, outputs) * MemoryLayout<Float>.stride
    let memory = UnsafeMutableRawPointer.allocate(byteCount: max(byteCount, 1), alignment: 64).assumingMemoryBound(to: Float.self)
    weight.withScalars { kernel_pack($0, inputs, outputs, 1, memory) }
    base = UnsafePointer(memory)
  }

  deinit { UnsafeMutableRawPointer(mutating: base).deallocate() }

  /// The numbers as they were given: [outputs, inputs].
  var scalars: [Float] {
    let count = inputs * outputs
    return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      if let to = buffer.baseAddress, count > 0 { kernel_unpack(base, inputs, outputs, 1, to) }
      initialized = count
    }
  }
}

extension Tensor {
  /// The same matrix kept in the layout of products alone: `linear` reads it without packing it, everything else unpacks it first.
  package func packed() -> Tensor { packing == nil ? Tensor(shape: shape, packing: PackedMatrix(self)) : self }

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
  let panel = 32
  if m <= 192, n >= 2 * width * panel {
    let columns = ((n + width - 1) / width + panel - 1) / panel * panel
    Parallelism.perform(blocks: (n + columns - 1) / columns) { block in
      kernel_gemm_columns(a, m, k, packed, n, block * columns, min((block + 1) * columns, n), bias, activation, c)
    }
  } else {
    let rows = min(96, ((m + width - 1) / width + 15) / 16 * 16)
    Parallelism.perform(blocks: (m + rows - 1) / rows) { block in
      let start = block * rows
      kernel_gemm(a + start * k, min(rows, m - start), k, packed, n, bias, activation, c + start * n)
    }
  }
}
