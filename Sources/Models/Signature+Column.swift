extension Signature {
  /// One column of a table: a real number, or one of the listed categories, whose number in the list is its raw and model value.
  package struct Column: Sendable, Equatable, Codable {
    package enum Kind: String, Sendable, Codable, CaseIterable { case real, categorical }

    /// What becomes of a category that is not listed.
    package enum UnknownCategory: String, Sendable, Codable, CaseIterable {
      case error
      /// It is taken for the listed category "other".
      case other
    }

    package let name: String
    package let type: Kind
    /// Names of a categorical column's values, in the order of their codes 0, 1, ...
    package let categories: [String]?
    package let unknownCategory: UnknownCategory?

    private enum CodingKeys: String, CodingKey {
      case name, type, categories
      case unknownCategory = "unknown_category"
    }

    package init(name: String, type: Kind, categories: [String]? = nil, unknownCategory: UnknownCategory? = nil) {
      self.name = name
      self.type = type
      self.categories = categories
      self.unknownCategory = unknownCategory
    }

    package static func categorical(_ name: String, _ categories: [String], unknown: UnknownCategory? = nil) -> Column {
      Column(name: name, type: .categorical, categories: categories, unknownCategory: unknown)
    }

    /// The category that stands for unlisted ones under `other`.
    package static let otherCategory = "other"
    /// The most categories of a column: each is a number of the network's input and output.
    package static let mostCategories = 4096

    /// The code of a category, that of "other" where the column takes unlisted ones for it; nil for an unlisted one.
    package func code(of category: String) -> Int? {
      guard let categories else { return nil }
      return categories.firstIndex(of: category) ?? (unknownCategory == .other ? categories.firstIndex(of: Self.otherCategory) : nil)
    }

    func check(_ field: String) throws(ConfigurationError) {
      func refuse(_ part: String, _ given: String, _ expected: String) -> ConfigurationError {
        ConfigurationError(field: "\(field).\(part)", given: given, expected: expected)
      }
      switch type {
      case .real:
        guard categories == nil else { throw refuse("categories", "there", "no categories in a real column") }
        guard unknownCategory == nil else { throw refuse("unknown_category", "there", "no such field in a real column") }
      case .categorical:
        let categories = categories ?? []
        guard (1...Self.mostCategories).contains(categories.count) else {
          throw refuse("categories", "\(categories.count) categories", "1 to \(Self.mostCategories)")
        }
        var seen: Set<String> = []
        for category in categories where !seen.insert(category).inserted { throw refuse("categories", "\"\(category)\" twice", "names that differ") }
        guard unknownCategory != .other || seen.contains(Self.otherCategory) else {
          throw refuse("unknown_category", "other", "a category \"\(Self.otherCategory)\" in the list to take the unlisted ones for")
        }
      }
    }
  }
}
