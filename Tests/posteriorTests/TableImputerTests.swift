import Data
import Families
import Formats
import Foundation
import ModelFiles
import Modelling
import Service
import TemporaryFolders
import Tensors
import Testing

@testable import posterior

@Suite("posterior impute without a model")
struct TableImputerTests {
  /// y = 2 x + noise, a kind that says whether x is above its mean, and days that follow it.
  private func table(_ rows: Int) -> String {
    let z = RandomKey(seed: 5).normal([rows, 2]).scalars.map(Double.init)
    let days = DateForm("yyyy-MM-dd")
    return "id,x,y,kind,day\n"
      + (0..<rows).map { row in
        let x = 50 + 10 * z[2 * row]
        let cells = [
          "P\(row)", String(format: "%.2f", x), String(format: "%.2f", 2 * x + z[2 * row + 1]), x > 50 ? "high" : "low",
          days?.text(19_000 + (10 * z[2 * row]).rounded()) ?? "",
        ]
        return cells.enumerated().map { ($0 > 0 && (7 * row + 3 * $0) % 11 == 0) ? "" : $1 }.joined(separator: ",") + "\n"
      }.joined()
  }

  private func imputer(_ text: String, in folder: TemporaryFolder, family: String = Mixture.name) throws -> TableImputer {
    let source = DataSource(source: try folder.file("t.csv", text), reading: TableOptions())
    return TableImputer(data: try source.load(isMixed: true), source: source, family: family, seed: 3, folder: folder.path)
  }

  @Test("a model of the table is better on hidden cells than the mean, in the units of every column, and says so the same twice")
  func checked() throws {
    let folder = try TemporaryFolder()
    let imputer = try imputer(table(200), in: folder)
    let lines = try imputer.check()
    #expect(lines.map { $0.prefix { $0 != ":" } } == ["x", "y", "kind", "day"] && lines[3].contains(" days"), "\(lines)")
    for line in lines.prefix(2) + lines.suffix(1) {
      let numbers = line.matches(of: /[0-9]+(\.[0-9]+)?(e-?[0-9]+)?/).compactMap { Double($0.output.0) }
      // The error, how many cells, the error of the mean, how many are within their intervals.
      #expect(numbers.count >= 4 && numbers[0] < 0.8 * numbers[2] && numbers[3] > 60, "\(line)")
    }
    #expect(try imputer.check() == lines)
    let model = try ModelFile.load(path: try imputer.learn(), families: Catalogue.families).model
    #expect(model.signature.space.table?.ignored == ["id"] && model.signature.space.table?.isExact == true)
  }

  @Test("a table of a few rows is learnt from, and not checked")
  func small() throws {
    let folder = try TemporaryFolder()
    let imputer = try imputer("x,y,k\n1.0,2.1,a\n2.0,,b\n3.0,6.2,a\n,8.1,b\n5.0,9.8,a\n", in: folder)
    #expect(try imputer.check().isEmpty && ModelFile.load(path: imputer.learn(), families: Catalogue.families).model is any Imputing)
  }

  @Test("proper imputations have a fit each, and their check the same members")
  func proper() throws {
    let folder = try TemporaryFolder()
    var imputer = try imputer(table(60), in: folder, family: Stacking.name)
    imputer.bootstraps = 3
    let model = try #require(ModelFile.load(path: imputer.learn(), families: Catalogue.families).model as? Stacking)
    #expect(model.configuration.bootstraps == 3)
    #expect(try imputer.check().count == 4)
  }

  @Test("--proper asks for as many draws as there are fits, or fewer")
  func properDraws() throws {
    func completed(_ options: [(String, String)], _ fits: Int?) throws -> [String] {
      try ProperArguments().completed(options.map { .init(name: $0, value: $1) }, fits: fits).map { "\($0.name)=\($0.value)" }
    }
    #expect(try completed([("seed", "1")], nil) == ["seed=1", "mode=draws", "draws=20"])
    #expect(try completed([("mode", "draws")], 8) == ["mode=draws", "draws=8"])
    #expect(try completed([("draws", "5"), ("cells", "false")], 8) == ["cells=false", "mode=draws", "draws=5"])
    let refused: [([(String, String)], Int?, String)] = [
      ([("mode", "point")], nil, "--mode point"), ([("draws", "9")], 8, "2 to 8"), ([("draws", "1")], nil, "2 to 200"),
      ([("draws", "many")], nil, "draws is many"), ([], 0, "bootstraps"),
    ]
    for (options, fits, part) in refused {
      let error = #expect(throws: CommandError.self) { try completed(options, fits) }
      #expect(error?.description.contains(part) == true, "\(String(describing: error))")
    }
  }
}
