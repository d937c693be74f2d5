package import Formats
package import Modelling
package import Tensors

/// In which order items are learnt from.
package enum ItemOrder: Sendable {
  /// Every epoch in another order.
  case shuffled
  /// The items are one long text or recording, cut into pieces: row b of a batch goes on where row b of the batch before it ends.
  case stream
}

/// Items of one kind, raw as clients would send them, with the digest of what they were read from.
///
/// An item's number is its place, here and in every part of the set.
package struct DataSet: Sendable {
  package let name: String
  package let rows: any ItemRows
  package let signature: Signature
  /// Of the source's bytes.
  package let digest: Digest
  /// The items' classes, where they were read with them.
  package let labels: Labels?
  package let order: ItemOrder
  /// What was found in the file of a table, for people.
  package let report: TableReport?
  /// What a user should know of how the items were read, a sentence each.
  package let notes: [String]

  package var count: Int { rows.count }

  package init(
    name: String, rows: any ItemRows, signature: Signature, digest: Digest, labels: Labels? = nil, order: ItemOrder = .shuffled,
    report: TableReport? = nil, notes: [String]? = nil
  ) {
    // Texts are rows as wide as the longest that is there.
    let fits = signature.space.tokens == nil ? rows.width == signature.width : rows.width <= signature.width
    precondition(fits, "items of \(rows.width) numbers, expected \(signature.width)")
    self.name = name
    self.rows = rows
    self.signature = signature
    self.digest = digest
    self.labels = labels
    self.order = order
    self.report = report
    self.notes = notes ?? report?.notes ?? []
  }

  /// The same items with their classes.
  func labelled(_ labels: Labels) throws -> DataSet {
    guard labels.codes.count == count else { throw DataError("\(name) has \(count) items but \(labels.codes.count) labels") }
    return DataSet(name: name, rows: rows, signature: signature, digest: digest, labels: labels, order: order, report: report, notes: notes)
  }

  /// The raw items at `indices`: [indices, width], of texts as wide as the longest of all.
  package func raw(_ indices: some Collection<Int>) -> Tensor {
    let width = rows.width
    let places = Array(indices)
    return Tensor(shape: [places.count, width]) { out in
      Parallelism.performParts(places.count, cost: width) { start, length in
        for row in start..<start + length { rows.write(places[row], to: out + row * width) }
      }
    }
  }

  /// The items at `indices` in model units.
  package func batch(_ indices: some Collection<Int>) -> Tensor {
    guard let rows = rows as? DoubleRows, let table = signature.space.table, table.isExact else { return signature.toModel(raw(indices)) }
    return indices.flatMap(rows.item).withUnsafeBufferPointer(table.toModel)
  }

  /// How many of each row's numbers are its item's own, up to the last that is there; nil where all of them are. values: [n, width], raw or the
  /// model's.
  package func lengths(of values: Tensor) -> [Int]? {
    switch signature.space {
    case .tokens, .sequence: break
    case .image, .table, .vector, .product: return nil
    }
    let width = values.shape[1]
    let lengths = values.withScalars { x in
      (0..<values.shape[0]).map { row in (0..<width).last { !x[row * width + $0].isNaN }.map { $0 + 1 } ?? 0 }
    }
    return lengths.allSatisfy { $0 == width } ? nil : lengths
  }

  /// Columns brought to mean 0 and deviation 1 (of n - 1) over what is observed in `rows`; constant columns keep deviation 1, categories stay as they are.
  ///
  /// Of positive columns it is the logarithm that is brought there, of counts what networks are shown, ln(1 + x).
  package func standardised(over rows: [Int]) -> DataSet {
    guard signature.space.isRow, signature.space.scaling == nil else { return self }
    let transforms = (0..<signature.width).map { signature.space.type(at: $0).standardisable }
    let moments = moments(over: rows) { column, value in transforms[column].map { $0(value) } }
    let isExact = self.rows is DoubleRows
    let scales = zip(transforms, moments).map { transform, moments in
      transform != nil && (isExact ? moments.deviation > 0 : Float(moments.deviation) > 0) ? moments.deviation : 1
    }
    let offsets = zip(transforms, moments).map { $0 == nil ? 0 : $1.mean }
    let scaling =
      isExact ? Scaling(exactOffset: offsets, scale: scales) : Scaling(offset: offsets.map { Float($0) }, scale: scales.map { Float($0) })
    return adopting(Signature(signature.space.scaled(by: scaling)))
  }

  /// The same raw items under a model's own signature, whose scaling was fixed when it was trained; both have one width.
  package func adopting(_ signature: Signature) -> DataSet {
    DataSet(name: name, rows: rows, signature: signature, digest: digest, labels: labels, order: order, report: report, notes: notes)
  }

  /// The first `limit` items.
  package func prefix(_ limit: Int) -> DataSet {
    guard limit < count else { return self }
    return DataSet(
      name: name, rows: (self.rows as? DoubleRows)?.prefix(limit) ?? FirstRows(base: rows, count: limit), signature: signature, digest: digest,
      labels: labels?.prefix(limit), order: order, report: report, notes: notes)
  }
}

/// A data set that can't be read: what was looked for, and what to do.
package struct DataError: Error, Equatable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}
