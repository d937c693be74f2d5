internal import Formats
internal import Modelling

/// The marks of a missing cell that are numbers, such as -999, where items come as numbers alone.
struct MissingNumbers: Sendable {
  private let numbers: Set<Float>
  /// Whether a column holds codes of categories, which marks are not compared with.
  private let isDiscrete: [Bool]

  init(_ signature: Signature, _ options: TableOptions?) {
    guard let table = signature.space.table, let options else {
      (numbers, isDiscrete) = ([], [])
      return
    }
    numbers = Set(options.csv(marks: table.missing).missing.compactMap(DecimalText.float))
    isDiscrete = table.columns.map(\.type.isDiscrete)
  }

  var isEmpty: Bool { numbers.isEmpty }

  /// Whole rows with NaN for every marked number.
  func removed(from scalars: [Float]) -> [Float] {
    guard !isEmpty else { return scalars }
    return scalars.enumerated().map { place, value in
      !isDiscrete[place % isDiscrete.count] && numbers.contains(value) ? .nan : value
    }
  }
}
