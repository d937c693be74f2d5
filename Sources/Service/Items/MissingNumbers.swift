internal import Formats
internal import Modelling

/// The marks of a missing cell that are numbers, such as -999, where items come as numbers alone.
struct MissingNumbers: Sendable {
  private let numbers: Set<Float>
  private let doubles: Set<Double>
  /// Whether a column holds codes of categories, which marks are not compared with.
  private let isDiscrete: [Bool]

  init(_ signature: Signature, _ options: TableOptions?) {
    guard let table = signature.space.table, let options else {
      (numbers, doubles, isDiscrete) = ([], [], [])
      return
    }
    let marks = options.csv(marks: table.missing).missing
    (numbers, doubles) = (Set(marks.compactMap(DecimalText.float)), Set(marks.compactMap(DecimalText.double)))
    isDiscrete = table.columns.map(\.type.isDiscrete)
  }

  var isEmpty: Bool { numbers.isEmpty }

  /// Whole rows with NaN for every marked number.
  func removed(from scalars: [Float]) -> [Float] { removed(numbers, from: scalars) }
  func removed(from scalars: [Double]) -> [Double] { removed(doubles, from: scalars) }

  private func removed<Number: BinaryFloatingPoint>(_ marks: Set<Number>, from scalars: [Number]) -> [Number] {
    guard !isEmpty else { return scalars }
    return scalars.enumerated().map { place, value in
      !isDiscrete[place % isDiscrete.count] && marks.contains(value) ? .nan : value
    }
  }
}
