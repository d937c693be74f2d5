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

  /// - Parameter believes: whether means and deviations of all pixels stand behind the completed versions of a row.
  func pictures(_ completed: CompletedTable, believes: Bool, about: [JSONDocument.Member]) -> Answer {
    let (items, space, width) = (completed.items, completed.signature.space, completed.signature.width)
    let (tables, extents) = (completed.tables, space.shape)
    var members = about
    let pictures = (0..<tables).map { table in
      JSONDocument.list(JSONList(count: items.count, weight: width) { .floats(Array(completed.numbers(of: table, $0)), shape: extents) })
    }
    members.append(.init(name: "completed", content: isPoint ? pictures[0] : .array(pictures)))
    if items.unmasked != nil {
      let raw = items.raw.scalars
      let hidden = JSONList(count: items.count, weight: width) { row in
        .floats(raw[row * width..<(row + 1) * width].map { $0.isNaN ? 1 : 0 }, shape: extents)
      }
      members.append(.init(name: "hidden", content: .list(hidden)))
    }
    if believes {
      let missing = completed.missing
      let cells = JSONList(count: missing.count, weight: 12) { [firstItem] place in
        let (row, number) = (missing[place] / width, missing[place] % width)
        let start = row * completed.rowWidth + tables * width + number
        return .object([
          .init(name: "row", value: .integer(firstItem + row)),
          .init(name: "pixel", value: .array(space.indices(of: number).map(JSONValue.integer))),
          .init(name: "mean", value: .float(completed.rows[start])), .init(name: "sd", value: .float(completed.rows[start + width])),
        ])
      }
      members.append(.init(name: "cells", content: .list(cells)))
    }
    let inpaintings = Inpaintings(completed: completed, compares: compare)
    return Answer(
      shape: (isPoint ? [] : [tables]) + [items.count] + extents, numbers: completed.numbers, itemAxis: isPoint ? 0 : 1,
      png: { try inpaintings.png() }, members: members)
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
