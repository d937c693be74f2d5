internal import CKernels

/// The products of a convolution, or of its transpose: an item at a time with channels last, where a patch is a few contiguous runs of memory.
///
/// Each is the other's adjoint. Their order is that of `kernel_gemm`, so an item's answer has the same bits in any batch. The image side is the larger one, the grid side the smaller one.
struct ChannelsLast: Sendable {
  let geometry: ConvolutionGeometry
  let image: (height: Int, width: Int)
  let imageChannels: Int
  let grid: (height: Int, width: Int)
  let gridChannels: Int

  private var pixels: Int { image.height * image.width }
  private var places: Int { grid.height * grid.width }
  private var patch: Int { imageChannels * geometry.kernel.height * geometry.kernel.width }
  /// Places computed together, few enough for their patches to stay in the cache; the cut changes no bit.
  private var tile: Int { min(places, max(16, min(128, 65_536 / max(patch, 1)))) }

  private func isWorthThreads(_ items: Int) -> Bool { 2 * items * gridChannels * patch * places > 400_000 }

  /// grid[place, :] = activation(W[:, patch] · patch(place) + bias)
  func convolution(of images: Tensor, weight: PackedMatrix, bias: Tensor?, _ activation: Activation) -> Tensor {
    let items = images.shape[0]
    let fused = activation.fused ?? kernel_identity
    let grids = Tensor(shape: [items, gridChannels, grid.height, grid.width]) { y in
      images.withScalars { x in
        withOptionalScalars(of: bias) { bias in
          Parallelism.perform(blocks: items, worthwhile: isWorthThreads(items)) { item in
            withScratch(pixels * imageChannels + tile * (patch + gridChannels)) { last in
              let patches = last + pixels * imageChannels
              let product = patches + tile * patch
              kernel_transpose(x + item * imageChannels * pixels, imageChannels, pixels, last, imageChannels)
              for first in stride(from: 0, to: places, by: tile) {
                let count = min(tile, places - first)
                kernel_patches(
                  last, imageChannels, image.height, image.width, geometry.kernel.height, geometry.kernel.width, geometry.stride.height,
                  geometry.stride.width, geometry.padding.height, geometry.padding.width, grid.width, first, count, patches)
                packedProduct(patches, weight.base, m: count, n: gridChannels, k: patch, bias: bias, activation: fused, into: product)
                kernel_transpose(product, count, gridChannels, y + item * gridChannels * places + first, places)
              }
            }
          }
        }
      }
    }
    return activation.fused == nil ? activation(grids) : grids
  }

  /// images = activation(bias + Σ over places of Wᵀ[patch, :] · grid[place, :], each patch added where it lies), places in ascending order.
  func transposedConvolution(of grids: Tensor, weight: PackedMatrix, bias: Tensor?, _ activation: Activation) -> Tensor {
    let items = grids.shape[0]
    let images = Tensor(shape: [items, imageChannels, image.height, image.width]) { y in
      grids.withScalars { x in
        withOptionalScalars(of: bias) { bias in
          Parallelism.perform(blocks: items, worthwhile: isWorthThreads(items)) { item in
            withScratch(places * gridChannels + tile * patch + pixels * imageChannels) { last in
              let patches = last + places * gridChannels
              let sum = patches + tile * patch
              kernel_transpose(x + item * gridChannels * places, gridChannels, places, last, gridChannels)
              for pixel in 0..<pixels {
                let place = sum + pixel * imageChannels
                if let bias { place.update(from: bias, count: imageChannels) } else { place.update(repeating: 0, count: imageChannels) }
              }
              for first in stride(from: 0, to: places, by: tile) {
                let count = min(tile, places - first)
                packedProduct(
                  last + first * gridChannels, weight.base, m: count, n: patch, k: gridChannels, bias: nil, activation: kernel_identity, into: patches
                )
                kernel_add_patches(
                  patches, imageChannels, image.height, image.width, geometry.kernel.height, geometry.kernel.width, geometry.stride.height,
                  geometry.stride.width, geometry.padding.height, geometry.padding.width, grid.width, first, count, sum)
              }
              let result = y + item * imageChannels * pixels
              kernel_transpose(sum, pixels, imageChannels, result, pixels)
              activation.apply(result, imageChannels * pixels)
            }
          }
        }
      }
    }
    return activation.fused == nil ? activation(images) : images
  }

  /// dW[gridChannels, imageChannels, kh, kw] = Σ over items of grid[gridChannels, places] · patches[places, patch].
  ///
  /// Blocks of eight items are summed in ascending order, whatever the number of threads.
  func weightGradient(images: Tensor, grids: Tensor) -> Tensor {
    let items = images.shape[0]
    let blockItems = 8
    let blocks = max((items + blockItems - 1) / blockItems, 1)
    let size = gridChannels * patch
    let panels = (patch + panelWidth - 1) / panelWidth * panelWidth * places
    let partial = Tensor(shape: [blocks, size]) { d in
      d.update(repeating: 0, count: blocks * size)
      images.withScalars { x in
        grids.withScalars { g in
          Parallelism.perform(blocks: blocks, worthwhile: isWorthThreads(items)) { block in
            withScratch(panels + places * patch + pixels * imageChannels + size) { packed in
              let patches = packed + panels
              let last = patches + places * patch
              let product = last + pixels * imageChannels
              for item in block * blockItems..<min((block + 1) * blockItems, items) {
                kernel_transpose(x + item * imageChannels * pixels, imageChannels, pixels, last, imageChannels)
                kernel_patches(
                  last, imageChannels, image.height, image.width, geometry.kernel.height, geometry.kernel.width, geometry.stride.height,
                  geometry.stride.width, geometry.padding.height, geometry.padding.width, grid.width, 0, places, patches)
                kernel_pack_panels(patches, places, patch, 0, 0, patch, packed)
                kernel_panel_product(
                  g + item * gridChannels * places, gridChannels, places, packed, patch, nil, kernel_identity, product, patch)
                kernel_accumulate(product, 1, d + block * size, size)
              }
            }
          }
        }
      }
    }
    return partial.columnSums().reshaped([gridChannels, geometry.kernel.height, geometry.kernel.width, imageChannels]).transposed([0, 3, 1, 2])
  }
}

// The three products with their histories: each is linear in both operands, and their derivatives are the other two.
extension ChannelsLast {
  /// images, weight -> grids
  func grids(_ images: Tensor, _ weight: Tensor) -> Tensor {
    convolution(of: images, weight: weight.packing(.convolution), bias: nil, .identity).recorded(by: images, weight, keeping: .inputs) { step in
      [step.asked[0] ? self.images(step.g, step.x[1]) : nil, step.asked[1] ? weights(images: step.x[0], grids: step.g) : nil]
    }
  }

  /// grids, weight -> images
  func images(_ grids: Tensor, _ weight: Tensor) -> Tensor {
    transposedConvolution(of: grids, weight: weight.packing(.transposedConvolution), bias: nil, .identity)
      .recorded(by: grids, weight, keeping: .inputs) { step in
        [step.asked[0] ? self.grids(step.g, step.x[1]) : nil, step.asked[1] ? weights(images: step.g, grids: step.x[0]) : nil]
      }
  }

  /// images, grids -> weight
  func weights(images: Tensor, grids: Tensor) -> Tensor {
    weightGradient(images: images, grids: grids).recorded(by: images, grids, keeping: .inputs) { step in
      [step.asked[0] ? self.images(step.x[1], step.g) : nil, step.asked[1] ? self.grids(step.x[0], step.g) : nil]
    }
  }
}

extension Activation {
  /// In place, for the activations that products can be fused with.
  fileprivate func apply(_ y: UnsafeMutablePointer<Float>, _ count: Int) {
    switch self {
    case .relu: kernel_relu(y, y, count)
    case .tanh: kernel_tanh(y, y, count)
    case .sigmoid: kernel_sigmoid(y, y, count)
    case .softplus: kernel_softplus(y, y, count)
    case .leakyReLU: kernel_leaky_relu(y, 0.01, y, count)
    case .identity, .elu, .silu, .gelu: break
    }
  }
}
