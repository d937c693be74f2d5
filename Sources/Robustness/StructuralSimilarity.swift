internal import Foundation

/// SSIM and MS-SSIM of images of one shape, channel by channel, in double (Wang et al. 2004 and 2003).
///
/// A Gaussian window of 11 x 11 and deviation 1.5 at every place where it fits, K₁ = 0.01, K₂ = 0.03, covariances without Bessel's correction: scikit-image's
/// `structural_similarity(gaussian_weights=True, sigma=1.5, use_sample_covariance=False)`. Smaller images get the largest odd window that fits, its deviation in
/// proportion. MS-SSIM takes as many of the five scales as leave room for the window, with the paper's weights divided by their sum.
package struct StructuralSimilarity: Sendable {
  package let height: Int
  package let width: Int
  package let channels: Int
  /// The length of the range of values, L.
  package let range: Double
  private let kernel: [Double]
  /// Weights of the scales, the finest first.
  private let weights: [Double]

  private static let weights = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333]
  private static let window = 11

  package init(height: Int, width: Int, channels: Int, range: Double) {
    (self.height, self.width, self.channels, self.range) = (height, width, channels, range)
    let side = min(height, width)
    let window = min(Self.window, side % 2 == 0 ? side - 1 : side)
    let deviation = 1.5 * Double(window) / Double(Self.window)
    let kernel = (0..<window).map { exp(-pow(Double($0 - window / 2), 2) / (2 * deviation * deviation)) }
    let total = kernel.reduce(0, +)
    self.kernel = kernel.map { $0 / total }
    var count = 1
    while count < Self.weights.count, side >> count >= window { count += 1 }
    let chosen = Self.weights.prefix(count)
    weights = chosen.map { $0 / chosen.reduce(0, +) }
  }

  /// Scales of MS-SSIM.
  package var scales: Int { weights.count }
  /// Rows and columns of the window.
  package var window: Int { kernel.count }

  /// a, b: [channels, height, width].
  package func ssim(_ a: [Float], _ b: [Float]) -> Double {
    mean(over: a, b) { plane, other in terms(plane, other, height, width).ssim }
  }

  /// Σ over scales of ln: the structure of every scale, and at the coarsest one the brightness as well; a negative structure counts as 0.
  package func multiScale(_ a: [Float], _ b: [Float]) -> Double {
    mean(over: a, b) { first, second in
      var (a, b, height, width) = (first, second, height, width)
      var product = 1.0
      for (scale, weight) in weights.enumerated() {
        let terms = terms(a, b, height, width)
        product *= pow(max(scale == weights.count - 1 ? terms.ssim : terms.structure, 0), weight)
        guard scale < weights.count - 1 else { break }
        (a, b) = (halved(a, height, width), halved(b, height, width))
        (height, width) = (height / 2, width / 2)
      }
      return product
    }
  }

  private func mean(over a: [Float], _ b: [Float], _ value: ([Double], [Double]) -> Double) -> Double {
    let size = height * width
    precondition(a.count == channels * size && b.count == a.count, "\(a.count) and \(b.count) numbers for \(channels) x \(height) x \(width)")
    let planes = (0..<channels).map { channel in
      value(a[channel * size..<(channel + 1) * size].map(Double.init), b[channel * size..<(channel + 1) * size].map(Double.init))
    }
    return planes.reduce(0, +) / Double(channels)
  }

  /// The means over all places of SSIM and of its part that ignores brightness.
  private func terms(_ a: [Double], _ b: [Double], _ height: Int, _ width: Int) -> (ssim: Double, structure: Double) {
    let (c1, c2) = (pow(0.01 * range, 2), pow(0.03 * range, 2))
    func filtered(_ x: [Double]) -> [Double] { smoothed(x, height, width) }
    let (ua, ub) = (filtered(a), filtered(b))
    let (aa, bb, ab) = (filtered(zip(a, a).map(*)), filtered(zip(b, b).map(*)), filtered(zip(a, b).map(*)))
    var (ssim, structure) = (0.0, 0.0)
    for i in ua.indices {
      let (va, vb, vab) = (aa[i] - ua[i] * ua[i], bb[i] - ub[i] * ub[i], ab[i] - ua[i] * ub[i])
      let contrast = (2 * vab + c2) / (va + vb + c2)
      structure += contrast
      ssim += contrast * (2 * ua[i] * ub[i] + c1) / (ua[i] * ua[i] + ub[i] * ub[i] + c1)
    }
    return (ssim / Double(ua.count), structure / Double(ua.count))
  }

  /// Weighted by the window, at every place where it fits.
  private func smoothed(_ x: [Double], _ height: Int, _ width: Int) -> [Double] {
    let (rows, columns) = (height - kernel.count + 1, width - kernel.count + 1)
    var across = [Double](repeating: 0, count: height * columns)
    for row in 0..<height {
      for column in 0..<columns {
        var sum = 0.0
        for k in kernel.indices { sum += kernel[k] * x[row * width + column + k] }
        across[row * columns + column] = sum
      }
    }
    var result = [Double](repeating: 0, count: rows * columns)
    for row in 0..<rows {
      for column in 0..<columns {
        var sum = 0.0
        for k in kernel.indices { sum += kernel[k] * across[(row + k) * columns + column] }
        result[row * columns + column] = sum
      }
    }
    return result
  }

  /// The means of blocks of 2 x 2.
  private func halved(_ x: [Double], _ height: Int, _ width: Int) -> [Double] {
    (0..<height / 2).flatMap { row in
      (0..<width / 2).map { column in
        let corner = 2 * row * width + 2 * column
        return (x[corner] + x[corner + 1] + x[corner + width] + x[corner + width + 1]) / 4
      }
    }
  }
}
