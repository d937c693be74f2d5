package import Formats
internal import Foundation
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
package struct DataSet: Sendable {
  /// Pixels stay bytes until a batch is made of them: 60 000 images take 47 MB instead of 188.
  package enum Storage: Sendable {
    case bytes([UInt8])
    case floats([Float])
    /// Drawn when they are asked for.
    case sprites(Sprites)
  }

  package let name: String
  package let storage: Storage
  package let signature: Signature
  /// Of the source's bytes.
  package let digest: Digest
  package let count: Int
  /// The items' classes, where they were read with them.
  package let labels: Labels?
  package let order: ItemOrder

  package init(
    name: String, storage: Storage, signature: Signature, digest: Digest, labels: Labels? = nil, order: ItemOrder = .shuffled
  ) {
    self.order = order
    self.name = name
    self.storage = storage
    self.signature = signature
    self.digest = digest
    let numbers =
      switch storage {
      case .bytes(let values): values.count
      case .floats(let values): values.count
      case .sprites(let sprites): sprites.count * signature.width
      }
    precondition(numbers % signature.width == 0, "\(numbers) numbers are no whole items of \(signature.width)")
    count = numbers / signature.width
    self.labels = labels
  }

  /// The same items with their classes.
  func labelled(_ labels: Labels) throws -> DataSet {
    guard labels.codes.count == count else { throw DataError("\(name) has \(count) items but \(labels.codes.count) labels") }
    return DataSet(name: name, storage: storage, signature: signature, digest: digest, labels: labels, order: order)
  }

  /// The raw items at `indices`: [indices, width].
  package func raw(_ indices: some Collection<Int>) -> Tensor {
    let width = signature.width
    let rows = Array(indices)
    return Tensor(shape: [rows.count, width]) { out in
      Parallelism.performParts(rows.count, cost: width) { start, length in
        for row in start..<start + length {
          let (from, to) = (rows[row] * width, out + row * width)
          switch storage {
          case .bytes(let values): values.withUnsafeBufferPointer { values in for i in 0..<width { to[i] = Float(values[from + i]) } }
          case .floats(let values): values.withUnsafeBufferPointer { values in for i in 0..<width { to[i] = values[from + i] } }
          case .sprites(let sprites):
            to.update(repeating: 0, count: width)
            Sprites.draw(sprites.number(at: rows[row])) { to[$0] = 255 }
          }
        }
      }
    }
  }

  /// The items at `indices` in model units.
  package func batch(_ indices: some Collection<Int>) -> Tensor { signature.toModel(raw(indices)) }

  /// Columns brought to mean 0 and deviation 1 (of n - 1) over what is observed in `rows`; constant columns keep deviation 1, categories stay as they are.
  ///
  /// Of positive columns it is the logarithm that is brought there, of counts what networks are shown, ln(1 + x).
  package func standardised(over rows: [Int]) -> DataSet {
    guard signature.kind != .image, signature.scaling == nil, case .floats(let values) = storage else { return self }
    let width = signature.width
    var (offset, scale) = ([Float](), [Float]())
    for column in 0..<width {
      let transform: ((Double) -> Double)?
      switch signature.columns?[column].type ?? .real {
      case .real: transform = { $0 }
      case .positive: transform = { Foundation.log($0) }
      case .count: transform = { Foundation.log1p($0) }
      case .ordinal, .categorical, .binary: transform = nil
      }
      guard let transform else {
        (offset, scale) = (offset + [0], scale + [1])
        continue
      }
      let moments = Moments(rows.lazy.map { values[$0 * width + column] }.filter { !$0.isNaN }.map { transform(Double($0)) })
      offset.append(Float(moments.mean))
      scale.append(Float(moments.deviation) > 0 ? Float(moments.deviation) : 1)
    }
    let scaling = Signature.Scaling(offset: offset, scale: scale)
    let standardised = signature.columns.map { Signature.table($0, scaling: scaling, missing: signature.missing) } ?? .vector(width, scaling: scaling)
    return DataSet(name: name, storage: storage, signature: standardised, digest: digest, labels: labels, order: order)
  }

  /// The same raw items under a model's own signature, whose scaling was fixed when it was trained; both have one width.
  package func adopting(_ signature: Signature) -> DataSet {
    DataSet(name: name, storage: storage, signature: signature, digest: digest, labels: labels, order: order)
  }

  /// The first `limit` items.
  package func prefix(_ limit: Int) -> DataSet {
    guard limit < count else { return self }
    let numbers = limit * signature.width
    let part: Storage =
      switch storage {
      case .bytes(let values): .bytes(Array(values.prefix(numbers)))
      case .floats(let values): .floats(Array(values.prefix(numbers)))
      case .sprites(let sprites): .sprites(sprites.prefix(limit))
      }
    return DataSet(name: name, storage: part, signature: signature, digest: digest, labels: labels?.prefix(limit), order: order)
  }
}

/// A data set that can't be read: what was looked for, and what to do.
package struct DataError: Error, Equatable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}
