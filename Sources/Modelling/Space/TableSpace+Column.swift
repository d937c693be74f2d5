internal import Formats
internal import Foundation

extension TableSpace {
  /// One column of a table: a number of some kind, or one of the listed categories, whose place in the list is its raw and model value.
  package struct Column: SettingValue {
    package enum Kind: String, Sendable, Codable, CaseIterable {
      /// Any number.
      case real
      /// A number above 0, whose logarithm is modelled.
      case positive
      /// A whole number from 0.
      case count
      /// One of the categories, which have an order.
      case ordinal
      /// One of the categories, which have no order.
      case categorical
      /// One of two categories.
      case binary

      /// Whether a value is one of listed categories.
      package var isDiscrete: Bool {
        switch self {
        case .real, .positive, .count: false
        case .ordinal, .categorical, .binary: true
        }
      }

      /// What of a raw value is scaled to mean 0 and deviation 1 before networks see it; nil for categories.
      package var standardisable: (@Sendable (Double) -> Double)? {
        switch self {
        case .real: { $0 }
        case .positive: { Foundation.log($0) }
        case .count: { Foundation.log1p($0) }
        case .ordinal, .categorical, .binary: nil
        }
      }
    }

    /// What becomes of a category that is not listed.
    package enum UnknownCategory: String, Sendable, Codable, CaseIterable {
      case error
      /// It is taken for the listed category "other".
      case other
    }

    package let name: String
    package let type: Kind
    /// Names of the values where they are categories, in the order of their codes 0, 1, ...; of a binary column "0" and "1" where absent.
    package let categories: [String]?
    package let unknownCategory: UnknownCategory?
    /// The smallest and largest raw value of a number: others are refused as input, and imputed values are moved to the bound.
    package let minimum: Float?
    package let maximum: Float?

    package init(
      name: String, type: Kind, categories: [String]? = nil, unknownCategory: UnknownCategory? = nil, minimum: Float? = nil, maximum: Float? = nil
    ) {
      self.name = name
      self.type = type
      self.categories = categories ?? (type == .binary ? ["0", "1"] : nil)
      self.unknownCategory = unknownCategory
      self.minimum = minimum
      self.maximum = maximum
    }

    package static func categorical(_ name: String, _ categories: [String], unknown: UnknownCategory? = nil) -> Column {
      Column(name: name, type: .categorical, categories: categories, unknownCategory: unknown)
    }
  }
}

extension TableSpace.Column: Codable {
  package static func schema(_: (any Interval<Self>)?) -> Schema { .any }

  private enum CodingKeys: String, CodingKey {
    case name, type, categories, minimum, maximum
    case unknownCategory = "unknown_category"
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      name: try values.decode(String.self, forKey: .name), type: try values.decode(Kind.self, forKey: .type),
      categories: try values.decodeIfPresent([String].self, forKey: .categories),
      unknownCategory: try values.decodeIfPresent(UnknownCategory.self, forKey: .unknownCategory),
      minimum: try values.decodeIfPresent(Float.self, forKey: .minimum), maximum: try values.decodeIfPresent(Float.self, forKey: .maximum))
  }
}

// MARK: Categories

extension TableSpace.Column {
  /// The category that stands for unlisted ones under `other`.
  package static let otherCategory = "other"
  /// The most categories of a column: each is a number of the network's input and output.
  package static let mostCategories = 4096

  /// The code of a category, that of "other" where the column takes unlisted ones for it; nil for an unlisted one.
  ///
  /// "1.0" is the category "1", as tools write it that know no missing whole numbers, and of two categories "True" is "true".
  package func code(of category: String) -> Int? {
    guard let categories else { return nil }
    if let code = categories.firstIndex(of: category) { return code }
    if let number = DecimalText.double(category), let code = categories.firstIndex(where: { DecimalText.double($0) == number }) { return code }
    if type == .binary, let code = categories.firstIndex(where: { $0.lowercased() == category.lowercased() }) { return code }
    return unknownCategory == .other ? categories.firstIndex(of: Self.otherCategory) : nil
  }
}

// MARK: Numbers

extension TableSpace.Column {
  /// The largest count: float32 holds every whole number up to here.
  package static let largestCount: Float = 1e7

  /// Whether a number is a raw value of this column, a code where it has categories.
  package func accepts(_ value: Float) -> Bool {
    switch type {
    case .real: value.isFinite && isWithinBounds(value)
    case .positive: value.isFinite && value > 0 && isWithinBounds(value)
    case .count: value >= 0 && value <= Self.largestCount && value == value.rounded() && isWithinBounds(value)
    case .ordinal, .categorical, .binary: value >= 0 && value < Float(categories?.count ?? 0) && value == value.rounded()
    }
  }

  private func isWithinBounds(_ value: Float) -> Bool { value >= minimum ?? -.infinity && value <= maximum ?? .infinity }

  /// What `accepts` takes, for sentences.
  package var expectation: String {
    let bounds =
      switch (minimum, maximum) {
      case (nil, nil): ""
      case (let low?, nil): ", at least \(FloatText.text(low))"
      case (nil, let high?): ", at most \(FloatText.text(high))"
      case (let low?, let high?): ", from \(FloatText.text(low)) to \(FloatText.text(high))"
      }
    switch type {
    case .real: return "a finite number" + bounds
    case .positive: return "a number above 0" + bounds
    case .count: return "a whole number from 0 to \(Int(Self.largestCount))" + bounds
    case .ordinal, .categorical, .binary:
      let names = categories ?? []
      let shown = names.prefix(20).joined(separator: ", ") + (names.count > 20 ? " and \(names.count - 20) more" : "")
      return "a whole number from 0 to \(names.count - 1), the place of a category in \(shown)"
    }
  }

  /// The nearest value within the bounds.
  package func bounded(_ value: Float) -> Float { Swift.min(Swift.max(value, minimum ?? -.infinity), maximum ?? .infinity) }

  /// Held where e to its power is a normal float32 number.
  static func exponent(_ x: Float) -> Float { Swift.min(Swift.max(x, -87), 88) }
}

// MARK: Checking

extension TableSpace.Column {
  func check(_ field: String) throws(Fault) {
    func refuse(_ part: String, _ given: String, _ expected: String) -> Fault {
      Fault(field: "\(field).\(part)", given: given, expected: expected)
    }
    guard type.isDiscrete else {
      guard categories == nil else { throw refuse("categories", "there", "no categories in a \(type.rawValue) column") }
      guard unknownCategory == nil else { throw refuse("unknown_category", "there", "no such field in a \(type.rawValue) column") }
      for (part, bound) in [("minimum", minimum), ("maximum", maximum)] {
        guard let bound else { continue }
        let isPossible = TableSpace.Column(name: name, type: type).accepts(bound)
        guard isPossible else { throw refuse(part, "\(bound)", TableSpace.Column(name: name, type: type).expectation) }
      }
      if let minimum, let maximum, minimum >= maximum { throw refuse("maximum", "\(maximum)", "more than the minimum, \(minimum)") }
      return
    }
    for (part, bound) in [("minimum", minimum), ("maximum", maximum)] where bound != nil {
      throw refuse(part, "there", "no bounds of a \(type.rawValue) column")
    }
    let categories = categories ?? []
    let counts =
      switch type {
      case .binary: 2...2
      case .ordinal: 2...Self.mostCategories
      case .categorical, .real, .positive, .count: 1...Self.mostCategories
      }
    guard counts.contains(categories.count) else {
      let expected = counts.count == 1 ? "\(counts.lowerBound)" : "\(counts.lowerBound) to \(counts.upperBound)"
      throw refuse("categories", "\(categories.count) categories", expected)
    }
    var seen: Set<String> = []
    for category in categories where !seen.insert(category).inserted { throw refuse("categories", "\"\(category)\" twice", "names that differ") }
    guard unknownCategory != .other || seen.contains(Self.otherCategory) else {
      throw refuse("unknown_category", "other", "a category \"\(Self.otherCategory)\" in the list to take the unlisted ones for")
    }
  }
}
