package import Data
package import Formats
package import Modelling
internal import Tensors

/// Which labels of a data set a run may learn from; all others are hidden from it.
package struct LabelSelection: Settings {
  /// Labels kept of every class.
  package var perClass: Int?
  /// Share of every class whose labels are kept, at least one of each.
  package var fraction: Double?
  /// Labels kept of the classes that are named here, instead of what holds for all.
  package var counts: [String: Int]?
  /// Classes that keep no label.
  package var without: [String]?
  /// Chance that a kept label names another class, one of those that keep labels.
  package var noise: Double?
  /// Chooses the labels that are kept, and the noise; the run's own seed does not.
  package var seed: Int
  /// Labelled items of a batch, beside those without; the recipe's `batch_size` where absent.
  package var batchSize: Int?

  package init() { self.init(perClass: nil) }

  package init(
    perClass: Int? = nil, fraction: Double? = nil, counts: [String: Int]? = nil, without: [String]? = nil, noise: Double? = nil, seed: Int = 0,
    batchSize: Int? = nil
  ) {
    (self.perClass, self.fraction, self.counts, self.without) = (perClass, fraction, counts, without)
    (self.noise, self.seed, self.batchSize) = (noise, seed, batchSize)
  }

  package static let table = Table<Self> {
    Setting("per_class", \.perClass, in: 0..., "Labels kept of every class.")
    Setting("fraction", \.fraction, in: 0...1, "Share of every class whose labels are kept, at least one of each.")
    Setting("counts", \.counts, in: 0..., "Labels kept of the classes that are named here, instead of what holds for all.")
    Setting("without", \.without, "Classes that keep no label.")
    Setting("noise", \.noise, in: 0..<1, "Chance that a kept label names another class, one of those that keep labels.")
    Setting("seed", \.seed, in: 0..., expected: "0 to 2^63-1", "Chooses the labels that are kept, and the noise; the run's own seed does not.")
    Setting("batch_size", \.batchSize, in: 1...65_536, "Labelled items of a batch, beside those without; absent: the recipe's batch_size.")
  }

  package func check() throws(Fault) {
    guard perClass == nil || fraction == nil else {
      throw Fault(field: "fraction", given: "a fraction beside per_class", expected: "one of them")
    }
    guard perClass != nil || fraction != nil || counts != nil else {
      throw Fault(field: "per_class", given: "nothing", expected: "per_class, fraction or counts")
    }
  }

  /// The labels that are kept of some items.
  package struct Kept: Sendable, Equatable {
    /// Names of the classes that keep labels, in the order of the data set's.
    package let classes: [String]
    /// Items with a label, ascending, and for each a place in `classes`.
    package let items: [Int]
    package let codes: [Int]

    /// {"classes": [...], "items": [...], "labels": [...]}: the split as a run keeps it, items by their place in the data set and labels by that in `classes`.
    package var json: JSONValue {
      .object([
        .init(name: "classes", value: .array(classes.map(JSONValue.string))), .init(name: "items", value: .array(items.map(JSONValue.integer))),
        .init(name: "labels", value: .array(codes.map(JSONValue.integer))),
      ])
    }
  }

  /// - Parameter candidates: items that may keep their labels.
  package func kept(of labels: Labels, among candidates: [Int]) throws -> Kept {
    do { try validate() } catch { throw error.inside("labels") }
    for name in (without ?? []) + (counts.map { Array($0.keys).sorted() } ?? []) where !labels.names.contains(name) {
      throw Fault(field: "labels", given: "the class \"\(name)\"", expected: "one of \(labels.names.joined(separator: ", "))")
    }
    let key = RandomKey(seed: UInt64(seed)).split("labels")
    var byClass = [[Int]](repeating: [], count: labels.names.count)
    for item in candidates where labels.codes[item] >= 0 { byClass[labels.codes[item]].append(item) }
    var (classes, chosen): ([String], [(item: Int, code: Int)]) = ([], [])
    for (code, name) in labels.names.enumerated() {
      let members = byClass[code]
      let wanted = wanted(of: name, members: members.count)
      guard wanted <= members.count else {
        throw Fault(
          field: "labels", given: "\(wanted) labels of the class \"\(name)\"",
          expected: "at most \(members.count), as many as there are to learn from")
      }
      guard wanted > 0 else { continue }
      let order = key.split("class").split(code).permutation(members.count)
      chosen += order.prefix(wanted).map { (members[$0], classes.count) }
      classes.append(name)
    }
    chosen.sort { $0.item < $1.item }
    return Kept(classes: classes, items: chosen.map(\.item), codes: noisy(chosen.map(\.code), classes: classes.count, key))
  }

  private func wanted(of name: String, members: Int) -> Int {
    if without?.contains(name) == true || members == 0 { return 0 }
    if let count = counts?[name] { return count }
    if let perClass { return perClass }
    guard let fraction, fraction > 0 else { return 0 }
    return max(1, Int((fraction * Double(members)).rounded()))
  }

  private func noisy(_ codes: [Int], classes: Int, _ key: RandomKey) -> [Int] {
    guard let noise, noise > 0, classes > 1 else { return codes }
    let draws = key.split("noise").uniform([codes.count, 2]).scalars
    return codes.enumerated().map { index, code in
      guard Double(draws[2 * index]) < noise else { return code }
      return (code + 1 + min(Int(draws[2 * index + 1] * Float(classes - 1)), classes - 2)) % classes
    }
  }
}
