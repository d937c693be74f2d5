extension CSVRecord {
  /// Whether this row below the names holds units: of the columns of numbers and days at these places two or more have a text there, and none has a number
  /// or day, however it is written.
  package func holdsUnits(at places: some Sequence<Int>) -> Bool {
    let cells = places.map { fields[$0] }.filter { !$0.isMissing }
    return cells.count >= 2 && !cells.contains(where: \.isNumberOrDay)
  }
}

extension CSVField {
  fileprivate var isNumberOrDay: Bool {
    var (numbers, dates) = (NumberFormTally(), DateFormTally())
    numbers.add(value)
    if numbers.finding() != nil { return true }
    dates.add(value)
    return dates.finding() != nil
  }
}
