package import Modelling
package import Tensors

/// Random changes of images that leave alone what they show: an affine map about the middle, and a mirror.
///
/// What becomes of an image hangs on its key alone, so a run that was stopped and resumed sees the same ones.
package struct Augmentation: Settings {
  /// What stands where the map leads out of the image.
  package enum Fill: String, CaseIterable, SettingValue {
    /// 0 in model units, which is black.
    case zero
    /// The nearest pixel of the edge.
    case edge
  }

  /// The largest angle, in degrees.
  package var rotation: Float
  /// By how much either side is stretched or shrunk at most, as a share of it.
  package var scale: Float
  /// The largest slant: pixels to the side for every pixel down.
  package var shear: Float
  /// The largest way along either side, in pixels.
  package var shift: Float
  /// Whether every other image is mirrored, left for right.
  package var flip: Bool
  package var fill: Fill

  package init() { self.init(rotation: 0) }

  package init(rotation: Float = 0, scale: Float = 0, shear: Float = 0, shift: Float = 0, flip: Bool = false, fill: Fill = .zero) {
    (self.rotation, self.scale, self.shear) = (rotation, scale, shear)
    (self.shift, self.flip, self.fill) = (shift, flip, fill)
  }

  package static let table = Table<Self> {
    Setting("rotation", \.rotation, in: 0...180, "The largest angle either way, in degrees.")
    Setting("scale", \.scale, in: 0..<1, "By how much width and height, each for itself, grow or shrink at most, as a share.")
    Setting("shear", \.shear, in: 0...4, "The largest slant: pixels to the side for every pixel down.")
    Setting("shift", \.shift, in: 0...4096, "The largest way along either side, in pixels.")
    Setting("flip", \.flip, "Whether half of the images are mirrored, left for right.")
    Setting("fill", \.fill, "What stands where a map leads out of the image: black, or the nearest pixel of the edge.")
  }

  package func check() throws(Fault) {
    guard rotation > 0 || scale > 0 || shear > 0 || shift > 0 || flip else {
      throw Fault(field: "rotation", given: "nothing", expected: "rotation, scale, shear, shift or flip")
    }
  }

  /// Refuses items that are no images.
  package func check(_ signature: Signature) throws(Fault) {
    guard signature.space.picture != nil else {
      throw Fault(field: "augmentation", given: "maps of \(signature.space.summary)", expected: "no such field: only images are augmented")
    }
  }

  /// Every image under a map of its own; images: [n, channels x height x width] in model units.
  package func callAsFunction(_ images: Tensor, of picture: Picture, keys: RowKeys) -> Tensor {
    let (height, width, channels) = picture.extents
    let (n, area) = (images.shape[0], height * width)
    precondition(images.shape == [n, channels * area] && keys.count == n, "images \(images.shape) of \(picture) beside \(keys.count) keys")
    let draws = keys.uniform(AffineMap.draws).scalars
    return Tensor(shape: images.shape) { out in
      images.withScalars { pixels in
        Parallelism.performParts(n, cost: 16 * channels * area) { start, length in
          for row in start..<start + length {
            let map = AffineMap(self, draws[row * AffineMap.draws..<(row + 1) * AffineMap.draws])
            for plane in row * channels..<(row + 1) * channels {
              map.carry(pixels + plane * area, to: out + plane * area, height: height, width: width, fill)
            }
          }
        }
      }
    }
  }
}
