package import Formats
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
      /// A whole number of any size.
      case whole
      /// A day, or a time, as a number of days or seconds; `dates` says how it is written.
      case date
      /// One of the categories, which have an order.
      case ordinal
      /// One of the categories, which have no order.
      case categorical
      /// One of two categories.
      case binary

      /// Whether a value is one of listed categories.
      package var isDiscrete: Bool {
        switch self {
        case .real, .positive, .count, .whole, .date: false
        case .ordinal, .categorical, .binary: true
        }
      }

      /// Whether model = (raw - offset) / scale, and a value may lie anywhere.
      package var isLinear: Bool {
        switch self {
        case .real, .whole, .date: true
        case .positive, .count, .ordinal, .categorical, .binary: false
        }
      }

      /// What of a raw value is scaled to mean 0 and deviation 1 before networks see it; nil for categories.
      package var standardisable: (@Sendable (Double) -> Double)? {
        switch self {
        case .real, .whole, .date: { $0 }
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
    package let minimum: Double?
    package let maximum: Double?
    /// The smallest and largest value that were seen: imputed values are moved between them, others may be sent.
    package let observed: [Double]?
    /// How numbers are written in a table; nil: as programs write them.
    package let form: NumberForm?
    /// How days and times are written, and at which offset from UTC where that is written, too.
    package let dates: DateForm?
    package let offset: String?
    /// What becomes of the column; nil: it is learnt from.
    package let role: Role?

    package enum Role: String, Sendable, Codable, CaseIterable {
      /// Nothing is learnt from it, and it comes back as it was sent.
      case ignore
    }

    package init(
      name: String, type: Kind, categories: [String]? = nil, unknownCategory: UnknownCategory? = nil, minimum: Double? = nil, maximum: Double? = nil,
      observed: [Double]? = nil, form: NumberForm? = nil, dates: DateForm? = nil, offset: String? = nil, role: Role? = nil
    ) {
      self.name = name
      self.type = type
      (self.observed, self.form, self.dates, self.offset, self.role) = (observed, form, dates, offset, role)
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
    case name, type, categories, minimum, maximum, observed, form, dates, role
    case unknownCategory = "unknown_category"
    case offset = "utc_offset"
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    let role = try values.decodeIfPresent(Role.self, forKey: .role)
    // Of what is left out, the type means nothing.
    let type = try role == .ignore ? values.decodeIfPresent(Kind.self, forKey: .type) ?? .real : values.decode(Kind.self, forKey: .type)
    self.init(
      name: try values.decode(String.self, forKey: .name), type: type,
      categories: try values.decodeIfPresent([String].self, forKey: .categories),
      unknownCategory: try values.decodeIfPresent(UnknownCategory.self, forKey: .unknownCategory),
      minimum: try values.decodeIfPresent(Double.self, forKey: .minimum), maximum: try values.decodeIfPresent(Double.self, forKey: .maximum),
      observed: try values.decodeIfPresent([Double].self, forKey: .observed), form: try values.decodeIfPresent(NumberForm.self, forKey: .form),
      dates: try values.decodeIfPresent(DateForm.self, forKey: .dates), offset: try values.decodeIfPresent(String.self, forKey: .offset), role: role)
  }

  /// Whether files of format 1 can say it.
  var isOfFirstFormat: Bool { type != .whole && type != .date && observed == nil && form == nil && dates == nil && role == nil }
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

  /// Values of positive columns, of which means and quantiles are float32.
  private static let positives = Double(Float.leastNormalMagnitude)...Double(Float.greatestFiniteMagnitude)

  /// Whether a number is a raw value of this column, a code where it has categories.
  package func accepts(_ value: Float) -> Bool {
    switch type {
    case .real, .date: value.isFinite && isWithinBounds(value)
    case .whole: value.isFinite && value == value.rounded() && isWithinBounds(value)
    case .positive: value.isFinite && value > 0 && isWithinBounds(value)
    case .count: value >= 0 && value <= Self.largestCount && value == value.rounded() && isWithinBounds(value)
    case .ordinal, .categorical, .binary: value >= 0 && value < Float(categories?.count ?? 0) && value == value.rounded()
    }
  }

  private func isWithinBounds(_ value: Float) -> Bool { value >= Float(minimum ?? -.infinity) && value <= Float(maximum ?? .infinity) }

  /// The same in double precision.
  package func accepts(_ value: Double) -> Bool {
    let isWithinBounds = value >= minimum ?? -.infinity && value <= maximum ?? .infinity
    return switch type {
    case .real, .date: value.isFinite && isWithinBounds
    case .whole: value.isFinite && value == value.rounded() && isWithinBounds
    case .positive: Self.positives.contains(value) && isWithinBounds
    case .count: value >= 0 && value <= Double(Self.largestCount) && value == value.rounded() && isWithinBounds
    case .ordinal, .categorical, .binary: accepts(Float(value))
    }
  }

  /// What `accepts` takes, for sentences.
  package var expectation: String {
    let bounds =
      switch (minimum, maximum) {
      case (nil, nil): ""
      case (let low?, nil): ", at least \(NumberForm.plainText(low))"
      case (nil, let high?): ", at most \(NumberForm.plainText(high))"
      case (let low?, let high?): ", from \(NumberForm.plainText(low)) to \(NumberForm.plainText(high))"
      }
    switch type {
    case .real: return "a finite number" + bounds
    case .whole: return "a whole number" + bounds
    case .date: return "a day or time" + (dates.map { " like \($0.pattern)" } ?? "")
    case .positive: return "a number above 0" + bounds + " (1.2e-38 to 3.4e38; a real column takes any)"
    case .count: return "a whole number from 0 to \(Int(Self.largestCount))" + bounds
    case .ordinal, .categorical, .binary:
      let names = categories ?? []
      let shown = names.prefix(20).joined(separator: ", ") + (names.count > 20 ? " and \(names.count - 20) more" : "")
      return "a whole number from 0 to \(names.count - 1), the place of a category in \(shown)"
    }
  }

  /// The nearest value within the bounds.
  package func bounded(_ value: Float) -> Float { Swift.min(Swift.max(value, Float(minimum ?? -.infinity)), Float(maximum ?? .infinity)) }

  /// The nearest value that an imputed cell can have: a whole number where all are, a step of the form of dates, within what was seen.
  package func settled(_ value: Double) -> Double {
    guard !value.isNaN else { return value }
    var value = value
    switch type {
    case .whole: value.round()
    case .date: if let dates { value = (value / dates.resolution).rounded() * dates.resolution }
    case .real, .positive, .count, .ordinal, .categorical, .binary: break
    }
    let low = Swift.max(minimum ?? -.infinity, observed?.first ?? -.infinity)
    let high = Swift.min(maximum ?? .infinity, observed?.last ?? .infinity)
    return Swift.min(Swift.max(value, low), Swift.max(low, high))
  }

  /// Held where e to its power is a normal float32 number.
  static func exponent(_ x: Float) -> Float { Swift.min(Swift.max(x, -87), 88) }
}

// MARK: Checking

extension TableSpace.Column {
  func check(_ field: String) throws(Fault) {
    func refuse(_ part: String, _ given: String, _ expected: String) -> Fault {
      Fault(field: "\(field).\(part)", given: given, expected: expected)
    }
    guard role == nil else { throw refuse("role", "there", "no such field in a signature: the column would be among the ignored") }
    guard dates == nil || type == .date else { throw refuse("dates", "there", "no such field in a \(type.rawValue) column") }
    if let form, type.isDiscrete || type == .date {
      throw refuse("form", "\(form)", "no such field in a \(type.rawValue) column")
    } else if let fault = form?.fault {
      throw refuse("form.\(fault.field)", fault.given, fault.expected)
    }
    if let observed {
      guard !type.isDiscrete, observed.count == 2, observed.allSatisfy(\.isFinite), observed[0] <= observed[1] else {
        throw refuse("observed", "\(observed)", "the smallest and the largest value of a column of numbers")
      }
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
      case .categorical, .real, .positive, .count, .whole, .date: 1...Self.mostCategories
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
