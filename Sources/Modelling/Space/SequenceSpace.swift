package import Tensors

/// Items of one space in order, at most so many of them; of a shorter sequence the numbers behind its end are missing (NaN).
package struct SequenceSpace: ItemSpace {
  package let element: Space
  package let atMost: Int

  package enum CodingKeys: String, CodingKey, CaseIterable {
    case element = "of"
    case atMost = "at_most"
  }

  package init(of element: Space, atMost: Int) {
    self.element = element
    self.atMost = atMost
  }

  package var width: Int { [atMost, element.width].product }
  package var shape: [Int] { [atMost] + element.shape }
  package var summary: String { "sequences of at most \(atMost) \(element.summary)" }
  package func scaling(at index: Int) -> (offset: Float, scale: Float) { element.scaling(at: index % element.width) }
  package func exactScaling(at index: Int) -> (offset: Double, scale: Double)? { element.exactScaling(at: index % element.width) }
  package func type(at index: Int) -> TableSpace.Column.Kind { element.type(at: index % element.width) }
  package func categories(at index: Int) -> [String]? { element.categories(at: index % element.width) }
  package func bounds(at index: Int) -> Space.Bounds { element.bounds(at: index % element.width) }
  package func accepts(_ value: Float, at index: Int) -> Bool { element.accepts(value, at: index % element.width) }
  package func expectation(at index: Int) -> String { element.expectation(at: index % element.width) }
  package func toModel(_ raw: Tensor) -> Tensor { element.toModel(elements(raw)).reshaped(raw.shape) }
  package func toRaw(_ model: Tensor) -> Tensor { element.toRaw(elements(model)).reshaped(model.shape) }

  /// [n, at most · width] -> [n · at most, width].
  private func elements(_ rows: Tensor) -> Tensor { rows.reshaped([rows.shape[0] * atMost, element.width]) }

  package func check(_ field: String) throws(Fault) {
    try element.check("\(field).of")
    guard (1...1_000_000).contains(atMost) else {
      throw Fault(field: "\(field).at_most", given: "\(atMost)", expected: "1 to 1000000 items")
    }
    try checkWidth(width, "\(field).at_most")
  }
}
