package import Formats

// Cells of a table as text and as numbers.
extension TableSpace.Column {
  package enum Reading: Sendable, Equatable {
    case missing
    /// A raw value: a number, or the code of a category.
    case value(Double)
    /// A text that means nothing here.
    case unknown
  }

  /// What a cell of a file means.
  ///
  /// - Parameter marks: those that were chosen; nil where the usual ones are known, of which a category may be one.
  package func reading(_ field: CSVField, marks: [String]?) -> Reading {
    if field.isMissing {
      guard type.isDiscrete, marks == nil, !field.value.isEmpty, let code = categories?.firstIndex(of: field.value) else { return .missing }
      return .value(Double(code))
    }
    return number(of: field.value).map(Reading.value) ?? .unknown
  }

  /// The raw value that a text stands for; nil where it stands for none.
  package func number(of text: String) -> Double? {
    switch type {
    case .ordinal, .categorical, .binary: code(of: text).map(Double.init)
    case .date: dates?.number(text)
    case .real, .positive, .count, .whole: (form ?? .plain).number(text)
    }
  }

  /// A raw value as a cell has it.
  ///
  /// - Parameter resolution: the size of the last digit that means something.
  package func text(_ value: Double, resolution: Double = 0) -> String {
    switch type {
    case .ordinal, .categorical, .binary: categories?[Int(value)] ?? ""
    case .date: dates?.text(value, offset: offset) ?? NumberForm.plainText(value)
    case .real, .positive, .count, .whole: (form ?? .plain).text(value, resolution: resolution)
    }
  }
}
