internal import Foundation
package import Tensors

/// One item as a client sends it, and how it becomes a row of the model: clients always send and receive raw values.
package struct Signature: Sendable, Equatable, Codable {
  package enum Kind: String, Sendable, Codable, CaseIterable {
    /// Pixels; `shape` is [height, width] or [height, width, channels].
    case image
    /// Named columns.
    case table
    /// A plain row of numbers; `shape` is [width].
    case vector
  }

  /// model = (raw - offset) / scale, one value for every number of an item or one for all.
  ///
  /// Of a positive column it is the logarithm that is scaled: model = (ln raw - offset) / scale. A count is its own model value; networks are shown
  /// (ln(1 + raw) - offset) / scale. Codes of categories are their own model values, with offset 0 and scale 1.
  package struct Scaling: Sendable, Equatable, Codable {
    package let offset: [Float]
    package let scale: [Float]

    package init(offset: [Float], scale: [Float]) {
      self.offset = offset
      self.scale = scale
    }
  }

  package let kind: Kind
  /// Extents of an image or a vector as the client sees it.
  package let shape: [Int]?
  /// The smallest and largest raw value of a pixel; they become 0 and 1 unless `scaling` says otherwise.
  package let range: [Float]?
  package let columns: [Column]?
  package let scaling: Scaling?
  /// Marks of a missing cell in CSV, of a table; where absent "", NA, NaN, nan, ? and null.
  package let missing: [String]?
  /// Names of the classes that the model learnt from labels, in the order of its components; absent where it learnt none.
  package var classes: [String]?

  private init(
    kind: Kind, shape: [Int]? = nil, range: [Float]? = nil, columns: [Column]? = nil, scaling: Scaling? = nil, missing: [String]? = nil
  ) {
    self.kind = kind
    self.shape = shape
    self.range = range
    self.columns = columns
    self.scaling = scaling
    self.missing = missing
  }

  package static func image(height: Int, width: Int, channels: Int = 1, range: ClosedRange<Float> = 0...255) -> Signature {
    Signature(kind: .image, shape: channels == 1 ? [height, width] : [height, width, channels], range: [range.lowerBound, range.upperBound])
  }

  package static func vector(_ width: Int, scaling: Scaling? = nil) -> Signature { Signature(kind: .vector, shape: [width], scaling: scaling) }

  package static func table(_ columns: [Column], scaling: Scaling? = nil, missing: [String]? = nil) -> Signature {
    Signature(kind: .table, columns: columns, scaling: scaling, missing: missing)
  }
}

extension Signature {
  /// Numbers an item.
  package var width: Int { columns?.count ?? (shape ?? []).reduce(1, *) }

  /// Extents of one item in answers.
  package var itemShape: [Int] { shape ?? [width] }

  /// Height, width and channels of an image; nil for other kinds.
  package var image: (height: Int, width: Int, channels: Int)? {
    guard kind == .image, let shape else { return nil }
    return (shape[0], shape[1], shape.count == 3 ? shape[2] : 1)
  }

  /// ln |d raw / d model| of every number: what its density in model units loses to become one in raw units; [n, width] each.
  ///
  /// ln scale of a real number, ln scale + ln raw of a positive one, 0 of what is counted and of what is missing.
  package func logVolumes(_ model: Tensor) -> Tensor {
    let cells = (0..<width).map { index -> (constant: Float, slope: Float) in
      let (offset, scale) = scaling(at: index)
      switch columns?[index].type ?? .real {
      case .real: return (Foundation.log(scale), 0)
      // ln raw = offset + scale · model
      case .positive: return (Foundation.log(scale) + offset, scale)
      case .count, .ordinal, .categorical, .binary: return (0, 0)
      }
    }
    return mapped(model) { index, x in x.isNaN ? 0 : cells[index].constant + (cells[index].slope == 0 ? 0 : cells[index].slope * x) }
  }

  /// Σ ln scale over an item: what a density in model units loses to become one in raw units.
  package var logVolume: Float {
    let (_, scale) = effectiveScaling
    return Float((0..<width).reduce(0.0) { $0 + Foundation.log(Double(scale[scale.count == 1 ? 0 : $1])) })
  }

  /// raw = offset + scale · model for the number `index` of a table's row or a vector.
  package func scaling(at index: Int) -> (offset: Float, scale: Float) {
    let (offset, scale) = effectiveScaling
    return (offset[offset.count == 1 ? 0 : index], scale[scale.count == 1 ? 0 : index])
  }

  private var effectiveScaling: (offset: [Float], scale: [Float]) {
    if let scaling { return (scaling.offset, scaling.scale) }
    if let range { return ([range[0]], [range[1] - range[0]]) }
    return ([0], [1])
  }

  /// Raw rows as clients send them -> model rows: scaled, and images with channels first. Both [n, width].
  package func toModel(_ raw: Tensor) -> Tensor {
    let (offset, scale) = effectiveScaling
    if let columns, hasUnitsOfItsOwn {
      return mapped(raw) { index, x in
        switch columns[index].type {
        case .real: (x - offset[offset.count == 1 ? 0 : index]) / scale[scale.count == 1 ? 0 : index]
        case .positive: (Foundation.log(x) - offset[offset.count == 1 ? 0 : index]) / scale[scale.count == 1 ? 0 : index]
        case .count, .ordinal, .categorical, .binary: x
        }
      }
    }
    return channelsFirst((raw - Tensor(offset)) / Tensor(scale))
  }

  /// The inverse of `toModel`; numbers beyond a column's bounds become the bound.
  package func toRaw(_ model: Tensor) -> Tensor {
    let (offset, scale) = effectiveScaling
    if let columns, hasUnitsOfItsOwn {
      return mapped(model) { index, x in
        let (offset, scale) = (offset[offset.count == 1 ? 0 : index], scale[scale.count == 1 ? 0 : index])
        return switch columns[index].type {
        case .real: columns[index].bounded(offset + scale * x)
        case .positive: columns[index].bounded(Foundation.exp(Column.exponent(offset + scale * x)))
        case .count: columns[index].bounded(x)
        case .ordinal, .categorical, .binary: x
        }
      }
    }
    return channelsLast(model) * Tensor(scale) + Tensor(offset)
  }

  /// Whether a column is more than scaled, or has bounds.
  private var hasUnitsOfItsOwn: Bool {
    columns?.contains { $0.type == .positive || $0.type == .count || $0.minimum != nil || $0.maximum != nil } ?? false
  }

  private func mapped(_ rows: Tensor, _ change: (Int, Float) -> Float) -> Tensor {
    let width = width
    return Tensor(shape: rows.shape) { y in
      rows.withScalars { x in
        for row in 0..<rows.shape[0] { for column in 0..<width { y[row * width + column] = change(column, x[row * width + column]) } }
      }
    }
  }

  private func channelsFirst(_ rows: Tensor) -> Tensor {
    guard let image, image.channels > 1 else { return rows }
    return rows.reshaped([rows.shape[0], image.height, image.width, image.channels]).transposed([0, 3, 1, 2]).reshaped(rows.shape)
  }

  private func channelsLast(_ rows: Tensor) -> Tensor {
    guard let image, image.channels > 1 else { return rows }
    return rows.reshaped([rows.shape[0], image.channels, image.height, image.width]).transposed([0, 2, 3, 1]).reshaped(rows.shape)
  }

  /// Refuses a signature that describes no item, or one of columns that are not real numbers.
  package func checkRealColumns() throws(Fault) {
    try check()
    guard let column = columns?.first(where: { $0.type != .real }) else { return }
    throw Fault(
      field: "signature.columns", given: "\(column.type.rawValue) for \"\(column.name)\"", expected: "real columns; the family vaeac takes categories"
    )
  }

  /// Refuses a signature that describes no item; file and recipe both go through here.
  package func check() throws(Fault) {
    func refuse(_ field: String, _ given: String, _ expected: String) -> Fault {
      Fault(field: "signature.\(field)", given: given, expected: expected)
    }
    // A field of another kind would take part in `width`.
    let strangers: [(name: String, isThere: Bool)] =
      switch kind {
      case .image: [("columns", columns != nil), ("missing", missing != nil)]
      case .table: [("shape", shape != nil), ("range", range != nil)]
      case .vector: [("columns", columns != nil), ("range", range != nil), ("missing", missing != nil)]
      }
    for stranger in strangers where stranger.isThere {
      throw refuse(stranger.name, "there", "no such field in a signature of kind \(kind.rawValue)")
    }
    switch kind {
    case .image:
      guard let shape, (2...3).contains(shape.count), shape.allSatisfy({ (1...4096).contains($0) }) else {
        throw refuse("shape", "\(shape ?? [])", "[height, width] or [height, width, channels], each from 1 to 4096")
      }
      guard shape.count == 2 || shape[2] == 3 || shape[2] == 1 else { throw refuse("shape[2]", "\(shape[2])", "1 or 3 channels") }
      guard let range, range.count == 2, range.allSatisfy(\.isFinite), range[0] < range[1] else {
        throw refuse("range", "\(range ?? [])", "two numbers, the smaller first")
      }
      guard (range[1] - range[0]).isFinite else { throw refuse("range", "\(range)", "a width that float32 can hold") }
    case .vector:
      guard let shape, shape.count == 1, (1...1_000_000).contains(shape[0]) else {
        throw refuse("shape", "\(shape ?? [])", "one width from 1 to 1000000")
      }
    case .table:
      guard let columns, (1...100_000).contains(columns.count) else { throw refuse("columns", "\(columns?.count ?? 0)", "from 1 to 100000 columns") }
      var names: Set<String> = []
      for column in columns where !names.insert(column.name).inserted { throw refuse("columns", "\"\(column.name)\" twice", "names that differ") }
      for (index, column) in columns.enumerated() { try column.check("signature.columns[\(index)]") }
    }
    if let classes {
      guard (1...100_000).contains(classes.count) else { throw refuse("classes", "\(classes.count) classes", "from 1 to 100000") }
      var names: Set<String> = []
      for name in classes where !names.insert(name).inserted { throw refuse("classes", "\"\(name)\" twice", "names that differ") }
      if let name = classes.first(where: { $0.hasPrefix(Self.newCluster) }) {
        throw refuse("classes", "\"\(name)\"", "other names: components without a label are called so")
      }
    }
    if let missing, missing.isEmpty || missing.count > 1000 { throw refuse("missing", "\(missing.count) marks", "1 to 1000") }
    guard width <= 16_000_000 else { throw refuse("shape", "\(width) numbers an item", "at most 16000000") }
    if let scaling {
      let counts = [scaling.offset.count, scaling.scale.count]
      guard counts.allSatisfy({ $0 == 1 || $0 == width }) else { throw refuse("scaling", "\(counts) values", "1 or \(width)") }
      guard scaling.offset.allSatisfy(\.isFinite), scaling.scale.allSatisfy({ $0.isFinite && $0 > 0 }) else {
        throw refuse("scaling", "a value that is not finite or a scale that is not positive", "finite offsets and positive scales")
      }
      func value(_ values: [Float], _ index: Int) -> Float { values.count == 1 ? values[0] : values[index] }
      for (index, column) in (columns ?? []).enumerated() where column.type.isDiscrete {
        guard value(scaling.offset, index) == 0, value(scaling.scale, index) == 1 else {
          throw refuse("scaling", "a scaling of \"\(column.name)\"", "offset 0 and scale 1 for a column of categories")
        }
      }
    }
  }
}
