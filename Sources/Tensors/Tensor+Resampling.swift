// Pooling and upsampling of images [n, c, h, w]; planes are independent of each other.
extension Tensor {
  /// The largest of every window; the gradient goes to the first of equals. Windows that would cross the border are left out, as in PyTorch.
  package func maxPooled(kernel: Int, stride: Int? = nil) -> Tensor {
    let windows = Windows(shape, kernel: kernel, stride: stride ?? kernel)
    var positions = [Int](repeating: 0, count: windows.output.count)
    withScalars { x in
      windows.forEach { out, origin in
        var best = origin
        for row in 0..<kernel {
          for column in 0..<kernel {
            let candidate = origin + row * windows.width + column
            if x[candidate] > x[best] || x[candidate].isNaN { best = candidate }
          }
        }
        positions[out] = best
      }
    }
    return reshaped([count]).gather(positions).reshaped(windows.output)
  }

  /// The mean of every window.
  package func meanPooled(kernel: Int, stride: Int? = nil) -> Tensor {
    let windows = Windows(shape, kernel: kernel, stride: stride ?? kernel)
    let (source, share) = (shape, 1 / Float(kernel * kernel))
    return through(
      LinearMap { x in
        Tensor(shape: windows.output) { y in
          x.withScalars { x in
            windows.forEach { out, origin in
              var total: Float = 0
              for row in 0..<kernel { for column in 0..<kernel { total += x[origin + row * windows.width + column] } }
              y[out] = total * share
            }
          }
        }
      } adjoint: { g in
        Tensor(shape: source) { d in
          d.update(repeating: 0, count: source.count)
          g.withScalars { g in
            windows.forEach { out, origin in
              for row in 0..<kernel { for column in 0..<kernel { d[origin + row * windows.width + column] += g[out] * share } }
            }
          }
        }
      })
  }

  /// Every pixel repeated `factor` times both ways.
  package func upsampledNearest(factor: Int) -> Tensor {
    precondition(shape.rank == 4 && factor > 0, "upsampling of a tensor of shape \(shape) by \(factor)")
    let (rows, width) = (shape[0] * shape[1] * shape[2], shape[3])
    return reshaped([rows, 1, width, 1]).expanded(to: [rows, factor, width, factor]).reshaped([shape[0], shape[1], shape[2] * factor, width * factor])
  }

  /// Bilinear interpolation with half-pixel centres (PyTorch's `align_corners=False`).
  package func upsampledBilinear(factor: Int) -> Tensor {
    resampled(rows: .linear(shape[2], factor: factor), columns: .linear(shape[3], factor: factor))
  }

  /// Pixels put around every image on all four sides; a reflection needs a side longer than the padding.
  package func padded(by padding: Int, _ edges: EdgePadding) -> Tensor {
    precondition(shape.rank == 4 && padding >= 0, "\(padding) pixels around a tensor of shape \(shape)")
    let (source, planes) = (shape, shape[0] * shape[1])
    let (rows, columns) = (edges.places(shape[2], padding), edges.places(shape[3], padding))
    let (target, area): (Shape, Int) = ([shape[0], shape[1], rows.count, columns.count], shape[2] * shape[3])
    /// The pixel behind every pixel of an image that is padded; -1 for a zero.
    let places = rows.flatMap { row in columns.map { column in row < 0 || column < 0 ? -1 : row * source[3] + column } }
    return through(
      LinearMap { x in
        Tensor(shape: target) { y in
          x.withScalars { x in
            for plane in 0..<planes {
              let (x, y) = (x + plane * area, y + plane * places.count)
              for (index, place) in places.enumerated() { y[index] = place < 0 ? 0 : x[place] }
            }
          }
        }
      } adjoint: { g in
        Tensor(shape: source) { d in
          d.update(repeating: 0, count: source.count)
          g.withScalars { g in
            for plane in 0..<planes {
              let (d, g) = (d + plane * area, g + plane * places.count)
              for (index, place) in places.enumerated() where place >= 0 { d[place] += g[index] }
            }
          }
        }
      })
  }

  private func resampled(rows: Interpolation, columns: Interpolation) -> Tensor {
    precondition(shape.rank == 4, "upsampling of a tensor of shape \(shape)")
    let (source, planes) = (shape, shape[0] * shape[1])
    let (height, width) = (shape[2], shape[3])
    let (outHeight, outWidth) = (rows.taps.count, columns.taps.count)
    let target: Shape = [shape[0], shape[1], outHeight, outWidth]
    return through(
      LinearMap { x in
        Tensor(shape: target) { y in
          x.withScalars { x in
            for plane in 0..<planes {
              let x = x + plane * height * width
              let y = y + plane * outHeight * outWidth
              for (i, r) in rows.taps.enumerated() {
                for (j, c) in columns.taps.enumerated() {
                  let upper = x[r.low * width + c.low] * (1 - c.weight) + x[r.low * width + c.high] * c.weight
                  let lower = x[r.high * width + c.low] * (1 - c.weight) + x[r.high * width + c.high] * c.weight
                  y[i * outWidth + j] = upper * (1 - r.weight) + lower * r.weight
                }
              }
            }
          }
        }
      } adjoint: { g in
        Tensor(shape: source) { d in
          d.update(repeating: 0, count: source.count)
          g.withScalars { g in
            for plane in 0..<planes {
              let d = d + plane * height * width
              let g = g + plane * outHeight * outWidth
              for (i, r) in rows.taps.enumerated() {
                for (j, c) in columns.taps.enumerated() {
                  let upper = g[i * outWidth + j] * (1 - r.weight)
                  let lower = g[i * outWidth + j] * r.weight
                  d[r.low * width + c.low] += upper * (1 - c.weight)
                  d[r.low * width + c.high] += upper * c.weight
                  d[r.high * width + c.low] += lower * (1 - c.weight)
                  d[r.high * width + c.high] += lower * c.weight
                }
              }
            }
          }
        }
      })
  }
}

/// Where the windows of a pooling lie.
private struct Windows: Sendable {
  let output: Shape
  let width: Int
  private let plane: Int
  private let stride: Int

  init(_ shape: Shape, kernel: Int, stride: Int) {
    precondition(shape.rank == 4 && kernel > 0 && stride > 0, "pooling of a tensor of shape \(shape)")
    precondition(shape[2] >= kernel && shape[3] >= kernel, "a window of \(kernel) on an image of shape \(shape)")
    output = [shape[0], shape[1], (shape[2] - kernel) / stride + 1, (shape[3] - kernel) / stride + 1]
    width = shape[3]
    plane = shape[2] * shape[3]
    self.stride = stride
  }

  /// Calls `body` with the index of every output and of its window's first pixel.
  func forEach(_ body: (_ out: Int, _ origin: Int) -> Void) {
    var out = 0
    for plane in 0..<output[0] * output[1] {
      for row in 0..<output[2] {
        for column in 0..<output[3] {
          body(out, plane * self.plane + row * stride * width + column * stride)
          out += 1
        }
      }
    }
  }
}

/// For every output place along one axis, the two inputs it lies between and the weight of the second.
private struct Interpolation: Sendable {
  let taps: [(low: Int, high: Int, weight: Float)]

  static func linear(_ extent: Int, factor: Int) -> Interpolation {
    precondition(factor > 0, "a factor of \(factor)")
    return Interpolation(
      taps: (0..<extent * factor).map { place in
        let position = max(0, (Float(place) + 0.5) / Float(factor) - 0.5)
        let low = min(Int(position), extent - 1)
        return (low, min(low + 1, extent - 1), position - Float(low))
      })
  }
}

/// What stands beyond the edges of an image: PyTorch's `ZeroPad2d`, `ReplicationPad2d` and `ReflectionPad2d`.
package enum EdgePadding: String, Sendable, Codable, CaseIterable {
  case zeros
  /// The nearest pixel of the edge.
  case replicate
  /// The image mirrored at the middle of its edge pixels.
  case reflect

  /// For every place of an axis that is padded the place before; -1 for a zero.
  fileprivate func places(_ extent: Int, _ padding: Int) -> [Int] {
    precondition(self != .reflect || padding < extent, "a reflection of \(padding) in \(extent)")
    return (-padding..<extent + padding).map { place in
      switch self {
      case .zeros: (0..<extent).contains(place) ? place : -1
      case .replicate: Swift.min(Swift.max(place, 0), extent - 1)
      case .reflect: place < 0 ? -place : place < extent ? place : 2 * (extent - 1) - place
      }
    }
  }
}
