internal import Distributions
internal import Foundation
internal import Modelling
internal import Networks
internal import Tensors

extension InpaintingHVAE {
  /// What the extractor found in some canvases: maps [n, channels, height, width], the largest first, and the hidden layer [n, hidden, 1, 1].
  struct Evidence {
    let maps: [Tensor]
    let hidden: Tensor

    func rows(_ range: Range<Int>) -> Evidence { Evidence(maps: maps.map { $0.slice(0, range) }, hidden: hidden.slice(0, range)) }
  }

  /// One level of latent variables as maps.
  struct LevelNormal {
    let mean: Tensor
    let deviation: Tensor

    /// The same, a row an item.
    var normal: Normal { Normal(mean: mean.flattened(), deviation: deviation.flattened()) }
  }

  /// The way down from the border: p of every level given the draws above, the draws, and p(pixels | z) of the window.
  struct Descent {
    /// The level nearest the data first.
    let priors: [Normal]
    let pixels: ByteGaussian
  }
}

extension InpaintingHVAE.Head {
  /// A standard normal at its start: softplus(0 + ln(e - 1)) = 1. A deviation is 1e-3 at least, so that no divergence explodes.
  func callAsFunction(_ h: Tensor, _ mode: Mode) -> InpaintingHVAE.LevelNormal {
    let parts = convolution(h, mode).split(1, into: 2)
    return InpaintingHVAE.LevelNormal(
      mean: parts[0], deviation: ArbitraryConditioning.deviation(parts[1].affine(scale: 1, shift: Float(log(M_E - 1))), floor: 1e-3))
  }
}

extension InpaintingHVAE {
  /// x: [n, channels + 1, height, width] of canvases.
  func evidence(_ network: Network, _ x: Tensor, _ mode: Mode) -> Evidence {
    var maps: [Tensor] = []
    for convolution in network.features.convolutions {
      let h = configuration.activation(convolution(maps.last ?? x, mode))
      maps.append(maps.isEmpty ? h : h.maxPooled(kernel: 2))
    }
    let hidden = configuration.activation(network.features.hidden(maps[maps.count - 1].flattened(), mode))
    return Evidence(maps: maps, hidden: hidden.reshaped([hidden.shape[0], configuration.hidden, 1, 1]))
  }

  /// q(z_l | x) of all levels, from what the extractor found in whole images.
  func posteriors(_ network: Network, _ whole: Evidence, _ mode: Mode) -> [Normal] {
    let top = configuration.channels.count - 1
    return network.posterior.enumerated().map { level, head in
      let h = level > top ? whole.hidden : level == top ? whole.maps[top] : Self.middle(whole.maps[level])
      return head(h, mode).normal
    }
  }

  /// The prior from the top down, each level at a draw that `choose` makes of its prior.
  func descent(_ network: Network, _ border: Evidence, _ mode: Mode, choose: (_ level: Int, _ prior: Normal) -> Tensor) -> Descent {
    let (activation, top, n) = (configuration.activation, configuration.channels.count - 1, border.hidden.shape[0])
    var priors: [Normal] = []
    func draw(_ level: Int, _ h: Tensor) -> Tensor {
      let p = network.prior[level](h, mode)
      priors.insert(p.normal, at: 0)
      return choose(level, p.normal).reshaped(p.mean.shape)
    }
    var z = draw(top + 1, border.hidden)
    var h = activation(network.expand(Tensor.concatenated([border.hidden, z], axis: 1).flattened(), mode)).reshaped(border.maps[top].shape)
    z = draw(top, h)
    for level in (0..<top).reversed() {
      h = activation(network.down[level](Tensor.concatenated([h, z], axis: 1).upsampledBilinear(factor: 2), mode))
      // The first level that is cut comes from one that is not.
      h = level == top - 1 ? Self.middle(h) : activation(network.border[level](Self.ringed(h, by: border.maps[level]), mode))
      z = draw(level, h)
    }
    h = activation(network.merge(Tensor.concatenated([h, z], axis: 1), mode))
    let (size, colours) = (canvas.window.height * canvas.window.width, picture.channels)
    // Location and width of a colour in turn.
    let heads = network.output(h, mode).reshaped([n, colours, 2, size]).split(2, into: 2).map { $0.reshaped([n, colours * size]) }
    return Descent(priors: priors, pixels: ByteGaussian(location: heads[0], width: heads[1].softplus()))
  }

  /// The middle half of a map's height and width.
  static func middle(_ map: Tensor) -> Tensor { centre(map, height: map.shape[2] / 2, width: map.shape[3] / 2) }

  private static func centre(_ map: Tensor, height: Int, width: Int) -> Tensor {
    let (top, left) = ((map.shape[2] - height) / 2, (map.shape[3] - width) / 2)
    return map.slice(2, top..<top + height).slice(3, left..<left + width)
  }

  /// A map of the window in a ring, one place wide, of the border's map around it.
  static func ringed(_ map: Tensor, by border: Tensor) -> Tensor {
    let (height, width) = (map.shape[2] + 2, map.shape[3] + 2)
    let ring = Tensor(shape: [1, 1, height, width]) { y in
      for place in 0..<height * width {
        let (row, column) = (place / width, place % width)
        y[place] = row == 0 || row == height - 1 || column == 0 || column == width - 1 ? 1 : 0
      }
    }
    return map.padded(by: 1, .zeros) + centre(border, height: height, width: width) * ring
  }

  // MARK: Canvases

  /// Canvases over rows of numbers, on [-1, 1] where `isKnown`, 0 elsewhere, with a last channel that is 1 there: [rows, channels + 1, height, width].
  ///
  /// - Parameter isKnown: of a number of a row.
  func canvases(_ x: Tensor, _ holes: [HoleWindow], isKnown: (_ row: Int, _ number: Int) -> Bool) -> Tensor {
    let (n, colours, pixels, area) = (holes.count, picture.channels, picture.height * picture.width, canvas.height * canvas.width)
    return Tensor(shape: [n, colours + 1, canvas.height, canvas.width]) { y in
      y.update(repeating: 0, count: n * (colours + 1) * area)
      x.withScalars { x in
        for (row, hole) in holes.enumerated() {
          let y = y + row * (colours + 1) * area
          for place in 0..<area {
            let (line, column) = (hole.top + place / canvas.width, hole.left + place % canvas.width)
            let pixel = line * picture.width + column
            let isInside = (0..<picture.height).contains(line) && (0..<picture.width).contains(column)
            guard isInside, (0..<colours).allSatisfy({ isKnown(row, $0 * pixels + pixel) }) else {
              y[colours * area + place] = 1
              continue
            }
            for colour in 0..<colours { y[colour * area + place] = 2 * x[row * colours * pixels + colour * pixels + pixel] - 1 }
          }
        }
      }
    }
  }
}
