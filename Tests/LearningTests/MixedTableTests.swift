import Data
import Families
import Formats
import Foundation
import Learning
import ModelFiles
import Modelling
import TemporaryFolders
import Tensors
import Testing

@Suite("Tables with categories and missing cells")
struct MixedTableTests {
  private let bench: TrainingBench

  init() throws { bench = try TrainingBench() }

  private func load(_ text: String, columns: [TableSpace.Column]? = nil, missing: [String]? = nil) throws -> DataSet {
    try DataSource(source: bench.folder.file("t.csv", text), columns: columns, missing: missing).load(isMixed: true)
  }

  @Test("columns are real where every cell that is there is a number, and categories are sorted by name")
  func inferred() throws {
    let data = try load("a,b,c\n1,x,1\n,w,?\nNA,x,B\n3,y,C\n")
    #expect(data.signature == .table([.init(name: "a", type: .real), .categorical("b", ["w", "x", "y"]), .categorical("c", ["1", "B", "C"])]))
    let values = data.raw([0, 1, 2]).scalars
    #expect(values[0] == 1 && values[3].isNaN && values[6].isNaN && values[1] == 1 && values[4] == 0 && values[2] == 0 && values[5].isNaN)
  }

  @Test("two texts, or 0 and 1, are binary; other whole numbers stay real until the user says otherwise")
  func binary() throws {
    let data = try load("a,b,c,d\n0,yes,1,3\n1.0,no,2,4\n,yes,1,NA\n1,,2,5\n")
    #expect(
      data.signature
        == .table([
          .init(name: "a", type: .binary), .init(name: "b", type: .binary, categories: ["no", "yes"]), .init(name: "c", type: .real),
          .init(name: "d", type: .real),
        ]))
    #expect(data.raw([0, 1]).scalars == [0, 1, 1, 3, 1, 0, 2, 4])
  }

  @Test("categories that a listed column doesn't name are read from the table, numbers in their order")
  func open() throws {
    let data = try load(
      "q,c\n10,b\n9,a\n10.0,b\n,c\n",
      columns: [.init(name: "q", type: .ordinal), .init(name: "c", type: .categorical)])
    #expect(data.signature == .table([.init(name: "q", type: .ordinal, categories: ["9", "10"]), .categorical("c", ["a", "b", "c"])]))
    #expect(Array(data.raw([0, 1, 2]).scalars) == [1, 1, 0, 0, 1, 1])
  }

  @Test("values that a column's type or bounds rule out are named by line and column")
  func impossible() throws {
    let cases: [(TableSpace.Column, String, String)] = [
      (.init(name: "a", type: .positive), "0", "a number above 0"), (.init(name: "a", type: .positive), "-2", "a number above 0"),
      (.init(name: "a", type: .count), "1.5", "a whole number from 0"), (.init(name: "a", type: .count), "-1", "a whole number from 0"),
      (.init(name: "a", type: .count), "2e7", "to 10000000"), (.init(name: "a", type: .real, maximum: 3), "4", "at most 3"),
      (.init(name: "a", type: .ordinal, categories: ["1", "2"]), "3", "1, 2"), (.init(name: "a", type: .binary), "2", "0, 1"),
    ]
    for (column, cell, expected) in cases {
      do {
        _ = try load("b,a\n1,1\n2,\(cell)\n", columns: [column])
        Issue.record("\(column.type) took \(cell)")
      } catch { for part in ["line 3", "column \"a\"", cell, expected] { #expect("\(error)".contains(part), "\(error)") } }
    }
  }

  @Test("fields may be parted by semicolons or tabs, which the header or the recipe tells")
  func delimiters() throws {
    for (delimiter, given) in [(";", nil), ("\t", nil), (";", .semicolon), ("\t", .tab)] as [(String, DataSource.Delimiter?)] {
      let text = "\"a,b\",c,d\n1,2,x\n".replacingOccurrences(of: ",c,d", with: ",c,d".replacingOccurrences(of: ",", with: delimiter))
        .replacingOccurrences(of: "1,2,x", with: ["1", "2", "x"].joined(separator: delimiter))
      let data = try DataSource(source: bench.folder.file("t.csv", text), delimiter: given).load(isMixed: true)
      #expect(data.signature.space.table?.columns.map(\.name) == ["a,b", "c", "d"])
    }
    #expect(try load("a\n1\n").signature.width == 1)
  }

  @Test("positive columns are scaled by the moments of their logarithm, counts shown by those of ln(1 + x), and both come back as they were")
  func transforms() throws {
    let data = try load("p,n\n1,0\n,3\n7.389056,\n", columns: [.init(name: "p", type: .positive), .init(name: "n", type: .count)])
      .standardised(over: [0, 1, 2])
    let scaling = try #require(data.signature.space.scaling)
    #expect(abs(scaling.offset[0] - 1) < 1e-5 && abs(scaling.scale[0] - 2.0.squareRoot()) < 1e-5)
    #expect(abs(scaling.offset[1] - 0.693_147) < 1e-5 && abs(scaling.scale[1] - 0.980_258) < 1e-5)
    let model = data.batch([0, 1, 2])
    #expect(abs(model.scalars[0] + 0.707_107) < 1e-5 && model.scalars[1] == 0 && model.scalars[3] == 3)
    let raw = data.signature.toRaw(model).scalars
    #expect(abs(raw[0] - 1) < 1e-5 && raw[1] == 0 && raw[3] == 3 && abs(raw[4] - 7.389_056) < 1e-4 && raw[2].isNaN)
  }

  @Test("listed columns are the ones that are read, in their order and with the marks that are given")
  func listed() throws {
    let data = try load(
      "a,b,c\n1,x,-\n-,w,2\n", columns: [.init(name: "c", type: .real), .categorical("b", ["x", "other"], unknown: .other)], missing: ["-"])
    #expect(data.signature.space.table?.columns.map(\.name) == ["c", "b"])
    let values = data.raw([0, 1]).scalars
    #expect(values[0].isNaN && values[1] == 0 && values[2] == 2 && values[3] == 1)
  }

  @Test("a text among many, an unlisted category and an absent column are named")
  func refused() throws {
    func refusal(_ parts: String..., body: () throws -> Void) {
      do {
        try body()
        Issue.record("the table was read")
      } catch { for part in parts { #expect("\(error)".contains(part), "\(error)") } }
    }
    let many = "a,b\n" + (0..<300).map { "1,name\($0)\n" }.joined()
    refusal("column \"b\"", "different texts", "line 2") { _ = try load(many) }
    refusal("line 3", "column \"b\"", "\"z\"", "x, y") { _ = try load("a,b\n1,x\n2,z\n", columns: [.categorical("b", ["x", "y"])]) }
    refusal("no column \"d\"", "a, b") { _ = try load("a,b\n1,2\n", columns: [.init(name: "d", type: .real)]) }
    let empty = try bench.folder.file("e.csv", "a,b\n1,\n2,\n3,\n")
    refusal("column \"b\"", "no value") {
      _ = try bench.run(
        bench.recipe(#"{"family": "vaeac", "data": {"source": "\#(empty)", "columns": [{"name": "b", "type": "real"}]}, "epochs": 1}"#))
    }
    let text = try bench.folder.file("c.csv", "a,b\n1,x\n2,y\n")
    refusal("signature.columns", "vaeac") {
      _ = try bench.run(
        bench.recipe(
          #"""
          {"family": "vae", "data": {"source": "\#(text)", "columns": [{"name": "b", "type": "categorical", "categories": ["x", "y"]}]},
           "configuration": {"latent": 1, "likelihood": "gaussian"}, "epochs": 1}
          """#))
    }
  }

  @Test("scaling is the mean and deviation of the observed cells, and none for categories")
  func scaling() throws {
    let data = try load("a,b\n1,x\n,y\n3,\n8,x\n")
    #expect(data.standardised(over: [0, 1, 2]).signature.space.scaling == Scaling(offset: [2, 0], scale: [Float(2).squareRoot(), 1]))
  }

  @Test("from correlated columns with holes it learns the mean, the deviation and the category of one given the other")
  func correlated() throws {
    // x2 | x1 ~ N(rho x1, 1 - rho²), and s is the sign of x1.
    let (n, rho) = (1200, Float(0.8))
    let z = RandomKey(seed: 1).normal([n, 2]).scalars
    let holes = RandomKey(seed: 2).uniform([n, 3]).scalars
    let lines = (0..<n).map { row -> String in
      let x = z[2 * row]
      let cells = ["\(x)", "\(rho * x + (1 - rho * rho).squareRoot() * z[2 * row + 1])", x < 0 ? "minus" : "plus"]
      return cells.enumerated().map { holes[3 * row + $0] < 0.1 ? "" : $1 }.joined(separator: ",")
    }
    let data = try bench.folder.file("t.csv", "x1,x2,s\n" + lines.joined(separator: "\n") + "\n")
    let result = try bench.run(
      bench.recipe(
        #"""
        {"family": "vaeac", "data": {"source": "\#(data)"}, "epochs": 60, "batch_size": 50, "validation": 200, "seed": 3,
         "configuration": {"latent": 2, "hidden": 24, "blocks": 1}, "training": {"mask_rate": 0.4}, "optimiser": {"rate": 0.005}}
        """#))
    #expect(try #require(result.bestValue).isFinite)
    let model = try #require(ModelFile.load(path: bench.output, families: Catalogue.families).model as? any Imputing)
    let given: [Float] = [-1.5, -0.5, 0.5, 1.5]
    let x = model.signature.toModel(Tensor(rows: given.map { [$0, .nan, .nan] }))
    let imputation = model.impute(x, draws: 50, keys: RowKeys(RandomKey(seed: 4), rows: 0..<4))
    let means = model.signature.toRaw(imputation.point).scalars
    for (row, x1) in given.enumerated() {
      #expect(abs(means[3 * row + 1] - rho * x1) < 0.25, "E[x2 | \(x1)] is \(means[3 * row + 1])")
      let deviation = imputation.marginals[1].values.scalars[4 * row + 1] * model.signature.space.scaling(at: 1).scale
      #expect(abs(deviation - (1 - rho * rho).squareRoot()) < 0.15, "the deviation at \(x1) is \(deviation)")
      #expect(means[3 * row + 2] == (x1 < 0 ? 0 : 1))
    }
  }
}
