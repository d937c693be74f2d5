internal import Foundation

/// From the places of pixels in an augmented image to those in the image before: p -> A p + b, both counted from the middle.
///
///     A = | cos θ  -sin θ |  | 1  k |  | ±s_x  0  |
///         | sin θ   cos θ |  | 0  1 |  |  0   s_y |
struct AffineMap {
  /// Uniform numbers that a map is made of.
  static let draws = 7

  private let xx: Float
  private let xy: Float
  private let yx: Float
  private let yy: Float
  private let x: Float
  private let y: Float

  init(_ augmentation: Augmentation, _ uniform: ArraySlice<Float>) {
    // Uniform in -1...1, one draw each.
    let u = uniform.map { 2 * Double($0) - 1 }
    let angle = u[0] * Double(augmentation.rotation) * Double.pi / 180
    let (sine, cosine, slant) = (sin(angle), cos(angle), u[1] * Double(augmentation.shear))
    let mirror: Double = augmentation.flip && u[6] < 0 ? -1 : 1
    let (width, height) = (mirror * (1 + u[2] * Double(augmentation.scale)), 1 + u[3] * Double(augmentation.scale))
    (xx, xy) = (Float(cosine * width), Float((cosine * slant - sine) * height))
    (yx, yy) = (Float(sine * width), Float((sine * slant + cosine) * height))
    (x, y) = (Float(u[4] * Double(augmentation.shift)), Float(u[5] * Double(augmentation.shift)))
  }

  /// One channel, read between its pixels by bilinear interpolation.
  func carry(_ image: UnsafePointer<Float>, to out: UnsafeMutablePointer<Float>, height: Int, width: Int, _ fill: Augmentation.Fill) {
    let (middleX, middleY) = (Float(width - 1) / 2, Float(height - 1) / 2)
    func pixel(_ row: Int, _ column: Int) -> Float {
      switch fill {
      case .zero: (0..<height).contains(row) && (0..<width).contains(column) ? image[row * width + column] : 0
      case .edge: image[min(max(row, 0), height - 1) * width + min(max(column, 0), width - 1)]
      }
    }
    for row in 0..<height {
      for column in 0..<width {
        let (dx, dy) = (Float(column) - middleX, Float(row) - middleY)
        let (u, v) = (xx * dx + xy * dy + x + middleX, yx * dx + yy * dy + y + middleY)
        let (left, top) = (u.rounded(.down), v.rounded(.down))
        let (right, below) = (u - left, v - top)
        let (i, j) = (Int(top), Int(left))
        let upper = pixel(i, j) * (1 - right) + pixel(i, j + 1) * right
        let lower = pixel(i + 1, j) * (1 - right) + pixel(i + 1, j + 1) * right
        out[row * width + column] = upper * (1 - below) + lower * below
      }
    }
  }
}
