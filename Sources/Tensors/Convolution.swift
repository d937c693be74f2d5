internal import CKernels

/// The geometry of a two-dimensional convolution: kernel, stride and zero padding, each (vertical, horizontal).
package struct ConvolutionGeometry: Sendable, Hashable {
  package let kernel: (height: Int, width: Int)
  package let stride: (height: Int, width: Int)
  package let padding: (height: Int, width: Int)

  package init(kernel: (height: Int, width: Int), stride: (height: Int, width: Int) = (1, 1), padding: (height: Int, width: Int) = (0, 0)) {
    precondition(kernel.height > 0 && kernel.width > 0 && stride.height > 0 && stride.width > 0, "kernel \(kernel), stride \(stride)")
    precondition(padding.height >= 0 && padding.width >= 0, "padding \(padding)")
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
  }

  package init(kernel: Int, stride: Int = 1, padding: Int = 0) {
    self.init(kernel: (kernel, kernel), stride: (stride, stride), padding: (padding, padding))
  }

  /// (in + 2 padding - kernel) / stride + 1, rounded down; PyTorch's `Conv2d`. Zero where the kernel is larger than the padded image.
  package func outputSize(_ input: (height: Int, width: Int)) -> (height: Int, width: Int) {
    let (rows, columns) = (input.height + 2 * padding.height - kernel.height, input.width + 2 * padding.width - kernel.width)
    return (rows < 0 ? 0 : rows / stride.height + 1, columns < 0 ? 0 : columns / stride.width + 1)
  }

  /// (in - 1) stride - 2 padding + kernel + output padding; PyTorch's `ConvTranspose2d`.
  package func transposedOutputSize(_ input: (height: Int, width: Int), outputPadding: (height: Int, width: Int)) -> (height: Int, width: Int) {
    (
      (input.height - 1) * stride.height - 2 * padding.height + kernel.height + outputPadding.height,
      (input.width - 1) * stride.width - 2 * padding.width + kernel.width + outputPadding.width
    )
  }

  package static func == (a: Self, b: Self) -> Bool { a.kernel == b.kernel && a.stride == b.stride && a.padding == b.padding }

  package func hash(into hasher: inout Hasher) {
    for (height, width) in [kernel, stride, padding] {
      hasher.combine(height)
      hasher.combine(width)
    }
  }
}

/// One convolution from an image of `channels` x `image` to columns: the image side is the larger one, the grid side the one that strides shrink.
private struct Unfolding: Sendable {
  let geometry: ConvolutionGeometry
  let channels: Int
  let image: (height: Int, width: Int)
  let grid: (height: Int, width: Int)

  /// Rows of the column matrix: channels x kernel height x kernel width.
  var patch: Int { channels * geometry.kernel.height * geometry.kernel.width }
  var places: Int { grid.height * grid.width }
  var pixels: Int { channels * image.height * image.width }

  /// columns[patch, places]
  func unfold(_ x: UnsafePointer<Float>, into columns: UnsafeMutablePointer<Float>) {
    kernel_im2col(
      x, channels, image.height, image.width, geometry.kernel.height, geometry.kernel.width, geometry.stride.height, geometry.stride.width,
      geometry.padding.height, geometry.padding.width, grid.height, grid.width, columns)
  }

  /// The transpose of `unfold`: pixels are overwritten.
  func fold(_ columns: UnsafePointer<Float>, into x: UnsafeMutablePointer<Float>) {
    kernel_col2im(
      columns, channels, image.height, image.width, geometry.kernel.height, geometry.kernel.width, geometry.stride.height, geometry.stride.width,
      geometry.padding.height, geometry.padding.width, grid.height, grid.width, x)
  }

  /// Items are computed one by one, so an item's result never depends on its neighbours.
  ///
  /// grid[n, outer, places] = W[outer, patch] · unfold(images[n])
  func toGrid(_ images: Tensor, weight: Tensor, outer: Int) -> Tensor {
    let items = images.shape[0]
    return Tensor(shape: [items, outer, grid.height, grid.width]) { y in
      images.withScalars { x in
        weight.withScalars { w in
          Parallelism.perform(blocks: items, worthwhile: 2 * items * outer * patch * places > 1_000_000) { item in
            withScratch(patch * places) { columns in
              unfold(x + item * pixels, into: columns)
              serialGemm(w, MatrixOperand(base: columns, transposed: false), m: outer, n: places, k: patch, into: y + item * outer * places)
            }
          }
        }
      }
    }
  }

  /// images[n] = fold(Wᵀ[patch, outer] · grid[n, outer, places])
  func toImages(_ grids: Tensor, weight: Tensor, outer: Int) -> Tensor {
    let items = grids.shape[0]
    let transposedWeight = weight.detached.reshaped([outer, patch]).transposed()
    return Tensor(shape: [items, channels, image.height, image.width]) { y in
      grids.withScalars { g in
        transposedWeight.withScalars { w in
          Parallelism.perform(blocks: items, worthwhile: 2 * items * outer * patch * places > 1_000_000) { item in
            withScratch(patch * places) { columns in
              serialGemm(w, MatrixOperand(base: g + item * outer * places, transposed: false), m: patch, n: places, k: outer, into: columns)
              fold(columns, into: y + item * pixels)
            }
          }
        }
      }
    }
  }

  /// dW[outer, patch] = Σ_n grid[n] · unfold(images[n])ᵀ. Blocks of eight items are summed in ascending order, whatever the number of threads.
  func weightGradient(images: Tensor, grids: Tensor, outer: Int) -> Tensor {
    let items = images.shape[0]
    let blockItems = 8
    let blocks = (items + blockItems - 1) / blockItems
    let size = outer * patch
    let partial = Tensor(shape: [max(blocks, 1), size]) { d in
      d.update(repeating: 0, count: max(blocks, 1) * size)
      images.withScalars { x in
        grids.withScalars { g in
          Parallelism.perform(blocks: blocks) { block in
            withScratch(patch * places + size) { columns in
              let product = columns + patch * places
              for item in block * blockItems..<min((block + 1) * blockItems, items) {
                unfold(x + item * pixels, into: columns)
                serialGemm(
                  g + item * outer * places, MatrixOperand(base: columns, transposed: true), m: outer, n: patch, k: places, into: product)
                kernel_accumulate(product, 1, d + block * size, size)
              }
            }
          }
        }
      }
    }
    return partial.columnSums()
  }
}

/// The row-stable product on the calling thread.
private func serialGemm(_ a: UnsafePointer<Float>, _ b: MatrixOperand, m: Int, n: Int, k: Int, into c: UnsafeMutablePointer<Float>) {
  withScratch(kernel_packed_size(k, n)) { panel in
    kernel_pack(b.base, k, n, b.transposed ? 1 : 0, panel)
    kernel_gemm(a, m, k, panel, n, nil, kernel_identity, c)
  }
}

extension Tensor {
  /// activation of the cross-correlation; self: [n, in, h, w], weight: [out, in, kh, kw] (OIHW), bias: [out] -> [n, out, h', w'].
  package func convolved(weight: Tensor, bias: Tensor?, _ geometry: ConvolutionGeometry, activation: Activation = .identity) -> Tensor {
    precondition(shape.rank == 4 && weight.shape.rank == 4 && shape[1] == weight.shape[1], "a convolution of weight \(weight.shape) on \(shape)")
    precondition(weight.shape[2] == geometry.kernel.height && weight.shape[3] == geometry.kernel.width, "weight \(weight.shape), \(geometry.kernel)")
    let image = (height: shape[2], width: shape[3])
    let grid = geometry.outputSize(image)
    precondition(grid.height > 0 && grid.width > 0, "a kernel of \(geometry.kernel) with padding \(geometry.padding) on images of \(image)")
    let patch = weight.shape[1] * geometry.kernel.height * geometry.kernel.width
    ProductRecorder.note(rows: shape[0] * grid.height * grid.width, outputs: weight.shape[0], inner: patch)
    guard isWatched || weight.isWatched || bias?.isWatched == true else {
      let layer = ChannelsLast(geometry: geometry, image: image, imageChannels: shape[1], grid: grid, gridChannels: weight.shape[0])
      return layer.convolution(of: self, weight: weight.packing(.convolution), bias: bias, activation)
    }
    let unfolding = Unfolding(geometry: geometry, channels: shape[1], image: image, grid: grid)
    let outer = weight.shape[0]
    let (x, w) = (detached, weight.detached)
    let (needsX, needsW) = (isWatched, weight.isWatched)
    let product = unfolding.toGrid(x, weight: w, outer: outer).recording(self, weight) { g in
      [
        needsX ? unfolding.toImages(g, weight: w, outer: outer) : nil,
        needsW ? unfolding.weightGradient(images: x, grids: g, outer: outer).reshaped(w.shape) : nil,
      ]
    }
    return activation(bias.map { product.addingChannels($0) } ?? product)
  }

  /// The transpose of `convolved`; self: [n, in, h, w], weight: [in, out, kh, kw] as in PyTorch -> [n, out, h', w'].
  package func convolvedTransposed(
    weight: Tensor, bias: Tensor?, _ geometry: ConvolutionGeometry, outputPadding: (height: Int, width: Int) = (0, 0),
    activation: Activation = .identity
  ) -> Tensor {
    precondition(shape.rank == 4 && weight.shape.rank == 4 && shape[1] == weight.shape[0], "a transposed convolution of \(weight.shape) on \(shape)")
    precondition(weight.shape[2] == geometry.kernel.height && weight.shape[3] == geometry.kernel.width, "weight \(weight.shape), \(geometry.kernel)")
    let grid = (height: shape[2], width: shape[3])
    let image = geometry.transposedOutputSize(grid, outputPadding: outputPadding)
    precondition(image.height > 0 && image.width > 0, "padding \(geometry.padding) leaves nothing of a transposed convolution on \(shape)")
    let patch = weight.shape[1] * geometry.kernel.height * geometry.kernel.width
    ProductRecorder.note(rows: shape[0] * grid.height * grid.width, outputs: patch, inner: weight.shape[0])
    guard isWatched || weight.isWatched || bias?.isWatched == true else {
      let layer = ChannelsLast(geometry: geometry, image: image, imageChannels: weight.shape[1], grid: grid, gridChannels: shape[1])
      return layer.transposedConvolution(of: self, weight: weight.packing(.transposedConvolution), bias: bias, activation)
    }
    let unfolding = Unfolding(geometry: geometry, channels: weight.shape[1], image: image, grid: grid)
    let outer = weight.shape[0]
    let (x, w) = (detached, weight.detached)
    let (needsX, needsW) = (isWatched, weight.isWatched)
    let product = unfolding.toImages(x, weight: w, outer: outer).recording(self, weight) { g in
      [
        needsX ? unfolding.toGrid(g, weight: w, outer: outer) : nil,
        needsW ? unfolding.weightGradient(images: g, grids: x, outer: outer).reshaped(w.shape) : nil,
      ]
    }
    return activation(bias.map { product.addingChannels($0) } ?? product)
  }

  /// self[n, c, h, w] + bias[c].
  private func addingChannels(_ bias: Tensor) -> Tensor {
    self + bias.reshaped([1, bias.count, 1, 1])
  }
}
