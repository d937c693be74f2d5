import Modelling
import Tensors
import Testing

@Suite("Signatures")
struct SignatureTests {
  @Test("raw levels become [0, 1] and come back exactly")
  func levels() {
    let signature = Signature.image(height: 16, width: 16)
    let raw = Tensor(shape: [1, 256], scalars: (0..<256).map(Float.init))
    let model = signature.toModel(raw)
    #expect(model.scalars.first == 0 && model.scalars.last == 1)
    #expect(signature.toRaw(model).scalars == raw.scalars)
  }

  @Test("colour images are channels first for the model and channels last for the client")
  func channels() {
    let signature = Signature.image(height: 1, width: 2, channels: 3, range: 0...1)
    let raw = Tensor(rows: [[1, 2, 3, 4, 5, 6]])
    #expect(signature.toModel(raw).scalars == [1, 4, 2, 5, 3, 6])
    #expect(signature.toRaw(signature.toModel(raw)).scalars == raw.scalars)
    #expect(signature.width == 6 && signature.space.shape == [1, 2, 3])
  }

  @Test("scaling is one value a column, or one for all, and its volume is the sum of ln scale")
  func scaling() {
    let columns = ["a", "b"].map { TableSpace.Column(name: $0, type: .real) }
    let table = Signature.table(columns, scaling: .init(offset: [1, 2], scale: [2, 8]))
    #expect(table.toModel(Tensor(rows: [[3, 2], [1, 10]])).scalars == [1, 0, 0, 1])
    #expect(table.toRaw(Tensor(rows: [[1, 0], [0, 1]])).scalars == [3, 2, 1, 10])
    #expect(abs(table.space.logVolume - 2.772_588_7) < 1e-6)
    let vector = Signature.vector(3, scaling: .init(offset: [1], scale: [2]))
    #expect(vector.toModel(Tensor(rows: [[1, 3, 5]])).scalars == [0, 1, 2])
    #expect(abs(vector.space.logVolume - 2.079_441_5) < 1e-6)
    #expect(Signature.vector(3).space.logVolume == 0)
  }

  @Test("missing numbers stay missing, and categories are their codes in raw and model units")
  func mixedTable() {
    let signature = Signature.table(
      [.init(name: "a", type: .real), .categorical("b", ["x", "y"])], scaling: .init(offset: [1, 0], scale: [2, 1]))
    let model = signature.toModel(Tensor(rows: [[3, 1], [.nan, .nan]]))
    #expect(Array(model.scalars.prefix(2)) == [1, 1] && model.scalars.suffix(2).allSatisfy(\.isNaN))
    #expect(Array(signature.toRaw(model).scalars.prefix(2)) == [3, 1] && signature.toRaw(model).scalars.suffix(2).allSatisfy(\.isNaN))
  }

  @Test("an unlisted category has no code, unless the column takes it for other")
  func codes() {
    #expect(TableSpace.Column.categorical("b", ["x", "y"]).code(of: "y") == 1)
    #expect(TableSpace.Column.categorical("b", ["x", "y"]).code(of: "z") == nil)
    #expect(TableSpace.Column.categorical("b", ["x", "other"], unknown: .other).code(of: "z") == 1)
    let answer = TableSpace.Column(name: "b", type: .binary, categories: ["False", "True"])
    #expect(answer.code(of: "true") == 1 && answer.code(of: "FALSE") == 0 && answer.code(of: "yes") == nil)
    let bit = TableSpace.Column(name: "b", type: .binary)
    #expect(bit.categories == ["0", "1"] && bit.code(of: "1.0") == 1 && bit.code(of: "2") == nil)
    #expect(TableSpace.Column.categorical("b", ["x", "y"]).code(of: "X") == nil)
  }

  @Test("a column takes the values of its type within its bounds")
  func values() {
    func accepted(_ column: TableSpace.Column, _ values: [Float]) -> [Float] { values.filter(column.accepts) }
    let values: [Float] = [-.infinity, -1, 0, 0.5, 1, 2, 1e7, 2e7, .infinity]
    #expect(accepted(.init(name: "a", type: .real), values) == [-1, 0, 0.5, 1, 2, 1e7, 2e7])
    #expect(accepted(.init(name: "a", type: .real, minimum: 0.5, maximum: 2), values) == [0.5, 1, 2])
    #expect(accepted(.init(name: "a", type: .positive), values) == [0.5, 1, 2, 1e7, 2e7])
    #expect(accepted(.init(name: "a", type: .count), values) == [0, 1, 2, 1e7])
    #expect(accepted(.init(name: "a", type: .count, minimum: 1), values) == [1, 2, 1e7])
    #expect(accepted(.init(name: "a", type: .binary), values) == [0, 1])
    #expect(accepted(.init(name: "a", type: .ordinal, categories: ["x", "y", "z"]), values) == [0, 1, 2])
  }

  @Test(
    "a signature of no item is refused by field",
    arguments: [
      (Signature.image(height: 0, width: 3), "signature.shape"), (.image(height: 5000, width: 3), "signature.shape"),
      (.image(height: 3, width: 3, channels: 2), "signature.shape[2]"), (.image(height: 3, width: 3, range: 1...1), "signature.range"),
      (.image(height: 4096, width: 4096), "signature.shape"), (.vector(0), "signature.shape"), (.vector(2_000_000), "signature.shape"),
      (.table([]), "signature.columns"), (.table([.init(name: "a", type: .real), .init(name: "a", type: .real)]), "signature.columns"),
      (.vector(3, scaling: .init(offset: [0, 0], scale: [1])), "signature.scaling"),
      (.vector(3, scaling: .init(offset: [0], scale: [0])), "signature.scaling"),
      (.table([.init(name: "a", type: .real, categories: ["x"])]), "signature.columns[0].categories"),
      (.table([.categorical("a", [])]), "signature.columns[0].categories"),
      (.table([.categorical("a", ["x", "x"])]), "signature.columns[0].categories"),
      (.table([.categorical("a", ["x"], unknown: .other)]), "signature.columns[0].unknown_category"),
      (.table([.categorical("a", ["x"])], scaling: .init(offset: [1], scale: [1])), "signature.scaling"),
      (.vector(3, scaling: .init(offset: [.nan], scale: [1])), "signature.scaling"),
      (.table([.init(name: "a", type: .ordinal)]), "signature.columns[0].categories"),
      (.table([.init(name: "a", type: .ordinal, categories: ["x"])]), "signature.columns[0].categories"),
      (.table([.init(name: "a", type: .binary, categories: ["x", "y", "z"])]), "signature.columns[0].categories"),
      (.table([.init(name: "a", type: .count, categories: ["x"])]), "signature.columns[0].categories"),
      (.table([.init(name: "a", type: .binary, minimum: 0)]), "signature.columns[0].minimum"),
      (.table([.init(name: "a", type: .positive, minimum: 0)]), "signature.columns[0].minimum"),
      (.table([.init(name: "a", type: .count, maximum: 1.5)]), "signature.columns[0].maximum"),
      (.table([.init(name: "a", type: .real, minimum: 2, maximum: 1)]), "signature.columns[0].maximum"),
      (.table([.init(name: "a", type: .binary)], scaling: .init(offset: [0], scale: [2])), "signature.scaling"),
    ])
  func refused(_ signature: Signature, _ field: String) {
    let error = #expect(throws: Fault.self) { try signature.check() }
    #expect(error?.field == field)
  }
}
