package import Modelling
internal import Tensors

/// One of the masks that models of images learn under, drawn with a probability in proportion to its weight.
package struct WeightedMask: Settings {
  package var mask: PixelMask
  package var weight: Double

  package init() { self.init(.half(nil)) }

  package init(_ mask: PixelMask, weight: Double = 1) {
    self.mask = mask
    self.weight = weight
  }

  package static let table = Table<Self> {
    Setting("mask", \.mask, required: true, "\(PixelMask.grammar).")
    Setting("weight", \.weight, in: Above(0), "How often it is drawn, in proportion.")
  }
}

extension [WeightedMask] {
  func check(_ picture: Picture) throws(Fault) {
    for (index, entry) in enumerated() {
      do throws(Fault) { try entry.mask.check(height: picture.height, width: picture.width) } catch {
        throw error.inside("masks[\(index)]")
      }
    }
  }

  /// 1 where a number of an image is hidden, under a mask of a kind drawn by weight for every row, the same in every channel: [keys, width].
  func hidden(_ picture: Picture, _ keys: RowKeys) -> Tensor {
    if count == 1 { return picture.hidden(by: self[0].mask, keys: keys.split("mask").split(0)) }
    let total = reduce(0) { $0 + $1.weight }
    let u = keys.split("kind").uniform(1).scalars
    let kinds = u.map { u in
      var sum = 0.0
      return firstIndex { entry in
        sum += entry.weight
        return Double(u) * total < sum
      } ?? count - 1
    }
    let pixels = picture.height * picture.width
    let candidates = enumerated().map {
      $1.mask.hidden(height: picture.height, width: picture.width, keys: keys.split("mask").split($0)).scalars
    }
    return picture.inEveryChannel(
      Tensor(shape: [kinds.count, pixels], scalars: kinds.enumerated().flatMap { candidates[$1][$0 * pixels..<($0 + 1) * pixels] }))
  }
}

extension Picture {
  /// 1 where a number is hidden, in the order of the model's numbers, the same in every channel: [keys, width].
  func hidden(by mask: PixelMask, keys: RowKeys) -> Tensor { inEveryChannel(mask.hidden(height: height, width: width, keys: keys)) }

  fileprivate func inEveryChannel(_ pixels: Tensor) -> Tensor { Tensor.concatenated([Tensor](repeating: pixels, count: channels), axis: 1) }
}
