/// What was found in the file of a table: how it was read, and what every column was taken for.
package struct TableReport: Sendable, Equatable {
  package struct Column: Sendable, Equatable {
    package let name: String
    /// The type, or nil where nothing is learnt from it.
    package let type: String?
    /// Why.
    package let reason: String
    package let observed: Int
    package let missing: Int
    /// Cells that were taken for missing ones though they hold a text, by line.
    package var odd: [Cell] = []
    package var oddCount = 0
  }

  package struct Cell: Sendable, Equatable {
    package let line: Int
    package let text: String
  }

  package var columns: [Column] = []
  /// Marks of missing cells that the table has, with how often.
  package var marks: [(mark: String, count: Int)] = []
  /// What stands around the table: names of rows, a row of units, and so on.
  package var surroundings: [String] = []
  /// Numbers that a model's form reads, and that may be others.
  package var doubts: [String] = []

  package static func == (left: TableReport, right: TableReport) -> Bool {
    left.columns == right.columns && left.surroundings == right.surroundings && left.doubts == right.doubts
      && left.marks.elementsEqual(right.marks) { $0 == $1 }
  }

  package var leftOut: [Column] { columns.filter { $0.type == nil } }

  /// A sentence a line: what a user who was not asked should know.
  package var notes: [String] {
    var notes = surroundings
    let named = marks.filter { !$0.mark.isEmpty }
    if !named.isEmpty {
      notes.append("read as missing: " + named.map { "\"\($0.mark)\" (\($0.count))" }.joined(separator: ", "))
    }
    notes += doubts
    notes += leftOut.map { "left out: \"\($0.name)\", \($0.reason)" }
    for column in columns where column.oddCount > 0 {
      let shown = column.odd.prefix(3).map { "\"\($0.text)\" at line \($0.line)" }.joined(separator: ", ")
      notes.append("warning: in \"\(column.name)\" \(column.oddCount) texts among numbers are read as missing: \(shown)")
    }
    return notes
  }
}
