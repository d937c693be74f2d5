internal import Formats
package import Modelling
package import Tensors

// What only images have: masks that hide pixels of what was sent, and answers that are pictures.
extension ImputeRequest {
  package func hiding(_ items: Items, of model: any Imputing, keys: RowKeys) throws -> Items {
    let signature = model.signature
    guard let image = signature.space.picture else {
      guard mask == nil else {
        throw Fault(
          field: "mask", given: "a mask for a \(signature.space.kind.rawValue)", expected: "a model of images: send null for what is missing")
      }
      return items
    }
    guard let mask else { return items }
    let rule = try PixelMask(mask)
    try rule.check(height: image.height, width: image.width)
    let pixels = rule.hidden(height: image.height, width: image.width, keys: keys)
    guard image.channels > 1 else { return items.hiding(pixels) }
    return items.hiding(Tensor(shape: items.raw.shape, scalars: pixels.scalars.flatMap { [Float](repeating: $0, count: image.channels) }))
  }

  package func check(_ model: any Imputing, hasMissing: Bool) throws {
    guard model.signature.space.picture != nil, mask == nil, !hasMissing else { return }
    throw Problem(
      .impossible, "No pixel is missing: send a mask (an option, or a part of a form), or null and NaN for missing pixels.", field: "mask",
      given: "nothing hidden", expected: "\(PixelMask.grammar)")
  }

  /// - Parameter marginals: [n, 2 · width], means and deviations; nil where they were not asked for.
  func pictures(_ completed: Tensor, marginals: Tensor?, items: Items, signature: Signature) -> Answer {
    let (shape, tables) = ([items.count] + signature.space.shape, completed.shape[0])
    let width = signature.width
    var members: [JSONValue.Member] = [.init(name: "mode", value: .string(mode.rawValue)), .init(name: "draws", value: .integer(draws))]
    let pictures = (0..<tables).map { JSONValue.floats(completed.slice(0, $0..<$0 + 1).scalars, shape: shape) }
    members.append(.init(name: "completed", value: isPoint ? pictures[0] : .array(pictures)))
    if items.unmasked != nil {
      members.append(.init(name: "hidden", value: .floats(items.raw.scalars.map { $0.isNaN ? 1 : 0 }, shape: shape)))
    }
    if let marginals {
      let cells = (0..<items.count * width).filter { items.raw.scalars[$0].isNaN }.map { cell in
        let (row, number) = (cell / width, cell % width)
        return JSONValue.object([
          .init(name: "row", value: .integer(firstItem + row)),
          .init(name: "pixel", value: .array(signature.space.indices(of: number).map(JSONValue.integer))),
          .init(name: "mean", value: .float(marginals.scalars[row * 2 * width + number])),
          .init(name: "sd", value: .float(marginals.scalars[row * 2 * width + width + number])),
        ])
      }
      members.append(.init(name: "cells", value: .array(cells)))
    }
    let inpaintings = Inpaintings(items: items, completed: completed, signature: signature, compares: compare)
    return Answer(
      completed.reshaped(Shape((isPoint ? [] : [tables]) + shape)), itemAxis: isPoint ? 0 : 1, png: { try inpaintings.png() }, members: members)
  }
}

extension Space {
  /// Where a number of an item stands: its row, column and, of colours, channel.
  fileprivate func indices(of number: Int) -> [Int] {
    var (rest, indices) = (number, [Int]())
    for extent in shape.reversed() {
      indices.insert(rest % extent, at: 0)
      rest /= extent
    }
    return indices
  }
}
