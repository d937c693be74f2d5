internal import Distributions
internal import Modelling
internal import Networks
internal import Tensors

/// Moments of a layer's Gaussians before they have a shape of rows: [n, latent, h, w] each.
package struct LatentMap {
  let mean: Tensor
  let logDeviation: Tensor

  /// The two maps added: what one says, moved by the other.
  static func + (a: LatentMap, b: LatentMap) -> LatentMap { LatentMap(mean: a.mean + b.mean, logDeviation: a.logDeviation + b.logDeviation) }

  /// [n, latent h w]
  var normal: Normal { Normal(mean: mean.flattened(), logDeviation: logDeviation.flattened()) }
}

/// Where the way down stands before a layer.
package struct DownState {
  /// The sum so far: [n, hidden, h, w].
  let sum: Tensor
  /// p(z_l | z_>l)
  let prior: LatentMap
  /// q(z_l | z_>l, x) is what the way up says, moved by this.
  let shift: LatentMap
  let features: Tensor
}

extension HiLLoC.Network {
  /// What is added to a sum of features, relative to a layer's output.
  private static var share: Float { 0.1 }

  /// What x says of every layer, the one nearest the data first; x: [n, channels, height, width] of even extents, on [-1/2, 1/2].
  func evidence(of x: Tensor, _ mode: Mode) -> [LatentMap] {
    var sum = input(x, mode)
    return up.map { layer in
      let parts = Self.parts(layer.first(sum.elu(), mode), maps: 1, latent: latent)
      sum = sum + layer.second(parts.features.elu(), mode) * Self.share
      return parts.maps[0]
    }
  }

  /// The way down before its first layer, the furthest from the data.
  func start(rows: Int, height: Int, width: Int, _ mode: Mode) -> DownState {
    state(top.reshaped([1, top.count, 1, 1]).expanded(to: [rows, top.count, height, width]), down.count - 1, mode)
  }

  /// The sum of features below a layer whose latent variables are known: [n, hidden, h, w].
  func sum(below layer: Int, _ state: DownState, _ z: Tensor, _ mode: Mode) -> Tensor {
    state.sum + down[layer].second(Tensor.concatenated([z, state.features], axis: 1).elu(), mode) * Self.share
  }

  /// The way down before a layer.
  func state(_ sum: Tensor, _ layer: Int, _ mode: Mode) -> DownState {
    let parts = Self.parts(down[layer].first(sum.elu(), mode), maps: 2, latent: latent)
    return DownState(sum: sum, prior: parts.maps[0], shift: parts.maps[1], features: parts.features)
  }

  /// p(x | z): means of [n, channels, 2 h, 2 w].
  func means(_ sum: Tensor, _ mode: Mode) -> Tensor { output(sum.elu(), mode) }

  var latent: Int { (down[0].first.bias.count - top.count) / 4 }

  private static func parts(_ x: Tensor, maps: Int, latent: Int) -> (maps: [LatentMap], features: Tensor) {
    let moments = (0..<2 * maps).map { x.slice(1, $0 * latent..<($0 + 1) * latent) }
    return (
      (0..<maps).map { LatentMap(mean: moments[2 * $0], logDeviation: moments[2 * $0 + 1]) }, x.slice(1, 2 * maps * latent..<x.shape[1])
    )
  }
}

/// Images as the network takes them: bytes, channels first, both extents even.
struct ByteImages {
  let channels: Int
  let height: Int
  let width: Int

  /// Places of the latent maps.
  var grid: (height: Int, width: Int) { ((height + 1) / 2, (width + 1) / 2) }

  /// Model units k / 255 -> bytes k, each the nearest.
  static func bytes(_ x: Tensor) -> Tensor { Tensor(shape: x.shape, scalars: x.scalars.map { min(max(($0 * 255).rounded(), 0), 255) }) }

  /// Bytes of rows [n, width] as images on [-1/2, 1/2]; of an odd extent the last row or column is there twice.
  func images(_ bytes: Tensor) -> Tensor {
    let (n, grid) = (bytes.shape[0], grid)
    let (tall, wide) = (2 * grid.height, 2 * grid.width)
    let x = ByteLogistic.middles(of: bytes)
    if (tall, wide) == (height, width) { return x.reshaped([n, channels, height, width]) }
    return Tensor(shape: [n, channels, tall, wide]) { y in
      x.withScalars { x in
        for line in 0..<n * channels * tall {
          let from = x + (line / tall * height + min(line % tall, height - 1)) * width
          (y + line * wide).update(from: from, count: width)
          if wide > width { y[line * wide + width] = from[width - 1] }
        }
      }
    }
  }

  /// The rows and columns that are the image's own: [n, channels, 2 h, 2 w] -> [n, width].
  func rows(_ images: Tensor) -> Tensor { images.slice(2, 0..<height).slice(3, 0..<width).flattened() }
}
