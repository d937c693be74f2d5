internal import Modelling
package import Networks
internal import Tensors

/// p(x|z) pixel by pixel, Π p(x_i | x_<i, z) in the order of reading: the gated PixelCNN (van den Oord et al. 2016), conditioned on a code.
///
/// Two stacks go through the image, so that every pixel sees all that was read before it and nothing else: the vertical one sees the rows above, the
/// horizontal one the pixels on the left and what the vertical one found. Layer l, with g(a, b) = tanh(a) σ(b) of the two halves of its argument:
///
///     u = vertical(v) + code(s)               s: the code as maps of a quarter of the image's extents
///     w = horizontal(h) + link(u)
///     v' = g(u)    h' = h + residual(g(w))    in the first layer h' = g(w), and v and h are the image
///
/// The channels of one pixel are independent given the pixels before it.
package struct GatedPixelCNN: Module {
  package struct GatedLayer: Module {
    /// At row y it sees rows up to y, in the first layer up to y - 1.
    package var vertical: Convolution
    /// At column x it sees columns up to x, in the first layer up to x - 1.
    package var horizontal: Convolution
    package var link: Convolution
    package var code: Convolution
    package var residual: Convolution?

    package static let fields: [Field<Self>] = [
      .child("vertical", \.vertical), .child("horizontal", \.horizontal), .child("link", \.link), .child("code", \.code),
      .child("residual", \.residual),
    ]

    fileprivate init(_ inputs: Int, _ channels: Int, reach: Int, isFirst: Bool, _ source: ParameterSource) {
      // The first layer stops before the pixel itself, so it needs no weight for it; the others see three columns, and one row and column behind.
      let (rows, columns, left) = isFirst ? (reach, 2 * reach + 1, reach) : (2, 3, 2)
      let padding = isFirst ? reach : 1
      vertical = Convolution(
        inputs, 2 * channels, ConvolutionGeometry(kernel: (rows, columns), padding: (padding, columns / 2)), source["vertical"])
      horizontal = Convolution(inputs, 2 * channels, ConvolutionGeometry(kernel: (1, left), padding: (0, padding)), source["horizontal"])
      link = Convolution(2 * channels, 2 * channels, .single, bias: false, source["link"])
      code = Convolution(channels, 2 * channels, .single, bias: false, source["code"])
      residual = isFirst ? nil : Convolution(channels, channels, .single, source["residual"])
    }
  }

  /// From z to maps.
  package var code: Linear
  package var layers: [GatedLayer]
  package var hidden: Convolution
  package var output: Convolution
  let size: Size

  package static let fields: [Field<Self>] = [
    .child("code", \.code), .child("layers", \.layers), .child("hidden", \.hidden), .child("output", \.output),
  ]

  /// Extents of the images, and channels of features.
  struct Size: Sendable {
    let height: Int
    let width: Int
    let channels: Int
    let features: Int

    /// Pixels of the image, each way, that one place of the code's maps stands for.
    static let block = 4
    var grid: (height: Int, width: Int) { ((height + Self.block - 1) / Self.block, (width + Self.block - 1) / Self.block) }
    var pixels: Int { height * width }
    /// Channels of the image and one of ones, which tells an image's black from what is outside of it.
    var inputs: Int { channels + 1 }
  }

  /// - Parameters:
  ///   - codes: width of z.
  ///   - reach: rows above and pixels to the left and right that the first layer sees.
  ///   - heads: numbers that p is given by for every channel of a pixel.
  init(_ picture: Picture, codes: Int, features: Int, layers count: Int, reach: Int, heads: Int, _ source: ParameterSource) {
    size = Size(height: picture.height, width: picture.width, channels: picture.channels, features: features)
    code = Linear(codes, features * size.grid.height * size.grid.width, source["code"])
    let inputs = size.inputs
    layers = (0..<count).map { GatedLayer($0 == 0 ? inputs : features, features, reach: reach, isFirst: $0 == 0, source["layers"][$0]) }
    hidden = Convolution(features, features, .single, source["hidden"])
    output = Convolution(features, heads * picture.channels, .single, source["output"])
  }
}

extension ConvolutionGeometry {
  fileprivate static let single = ConvolutionGeometry(kernel: 1)
}

// MARK: - Of whole images

extension GatedPixelCNN {
  /// The parameters of every p(x_i | x_<i, z); x: [n, width], z: [n, codes] -> [n, heads · channels, height, width].
  func callAsFunction(_ x: Tensor, _ z: Tensor, _ mode: Mode) -> Tensor {
    let (n, height, width) = (x.shape[0], size.height, size.width)
    let maps = maps(z, mode)
    let image = Tensor.concatenated([x.reshaped([n, size.channels, height, width]), .ones([n, 1, height, width])], axis: 1)
    var (v, h) = (image, image)
    for (index, layer) in layers.enumerated() {
      let code = layer.code(maps, mode).upsampledNearest(factor: Size.block).slice(2, 0..<height).slice(3, 0..<width)
      let u = layer.vertical(v, mode).slice(2, 0..<height) + code
      let w = layer.horizontal(h, mode).slice(3, 0..<width) + layer.link(u, mode)
      let step = Self.gated(w)
      h = layer.residual.map { h + $0(step, mode) } ?? step
      if index + 1 < layers.count { v = Self.gated(u) }
    }
    return output(hidden(h.relu(), mode, activation: .relu), mode)
  }

  /// The code as maps: [n, features, grid].
  func maps(_ z: Tensor, _ mode: Mode) -> Tensor {
    code(z, mode, activation: .relu).reshaped([z.shape[0], size.features, size.grid.height, size.grid.width])
  }

  /// tanh(a) σ(b) of the two halves of the channels.
  static func gated(_ x: Tensor) -> Tensor {
    let halves = x.split(1, into: 2)
    return halves[0].tanh() * halves[1].sigmoid()
  }

  /// Multiplications of one image, once through.
  var multiplications: Int {
    let perPixel = layers.reduce(hidden.weight.shape.count + output.weight.shape.count) { sum, layer in
      sum + layer.vertical.weight.shape.count + layer.horizontal.weight.shape.count + layer.link.weight.shape.count
        + (layer.residual?.weight.shape.count ?? 0)
    }
    return size.pixels * perPixel
  }
}
