package import Modelling
internal import Tensors

/// Height and width of a map.
package struct Extent: Sendable, Hashable {
  package let height: Int
  package let width: Int

  package var places: Int { height * width }

  /// Every other place of each side.
  var half: Extent { Extent(height: (height + 1) / 2, width: (width + 1) / 2) }
}

/// Where the codes of a layer lie, and what is passed on the way to them.
package struct CodeGrid: Sendable {
  /// From the map below to the layer's own, each half of the one before.
  let path: [Extent]

  package var own: Extent { path[path.count - 1] }
  package var places: Int { own.places }

  /// Numbers of an item between two layers at most, as in other networks of convolutions.
  private static let most = 1 << 24

  /// The grids of all layers, the one nearest the data first.
  package static func all(_ configuration: RRVQ.Configuration, of picture: Picture) throws(Fault) -> [CodeGrid] {
    var (grids, below): ([CodeGrid], Extent) = ([], Extent(height: picture.height, width: picture.width))
    for (layer, stride) in configuration.strides.enumerated() {
      var path = [below]
      for _ in 0..<stride.trailingZeroBitCount {
        guard let last = path.last, last.places > 1 else {
          throw Fault(field: "strides[\(layer)]", given: "\(stride) above a map of \(below.height) x \(below.width)", expected: "less")
        }
        path.append(last.half)
      }
      let grid = CodeGrid(path: path)
      // Features have the largest map on the way, codes the layer's own.
      let widest = path[min(1, path.count - 1)]
      for (field, count, extent) in [
        ("codes", configuration.codes, grid.own), ("code_width", configuration.codeWidth, grid.own), ("channels", configuration.channels, widest),
      ] where Shape([extent.height, extent.width, count]).clampedCount > most {
        throw Fault(
          field: field, given: "\(count) at each of \(extent.height) x \(extent.width) places of layer \(layer)",
          expected: "at most \(most) numbers an item")
      }
      grids.append(grid)
      below = grid.own
    }
    return grids
  }
}
