package import Formats
package import Modelling
internal import Tensors

/// What an operation found, before it is written in one of several media types.
package struct Answer: Sendable {
  /// [items, ...]: the numbers that the plain formats carry.
  package let shape: [Int]
  package let scalars: [Float]
  /// The axis of the shape that counts items.
  let itemAxis: Int
  /// Names of an item's numbers, for CSV; nil where a table would be no use.
  package let columns: [String]?
  /// What the numbers show where each item is a picture.
  package let picture: Signature.Picture?
  /// The answer as CSV, where it is more than the numbers under their names.
  package let csv: AnswerTable?
  /// The answer as PNG, where it is more than the numbers as pictures.
  package let png: (@Sendable () throws -> [UInt8])?
  /// Members of the JSON answer after the receipt and the shape.
  package let members: [JSONValue.Member]

  /// - Parameter values: [items, columns].
  init(_ values: Tensor, columns: [String], members: [JSONValue.Member]) {
    shape = values.shape.dimensions
    scalars = values.scalars
    itemAxis = 0
    self.columns = columns
    (picture, csv, png) = (nil, nil, nil)
    self.members = members
  }

  /// - Parameter values: [..., items, extents of an item...].
  init(_ values: Tensor, itemAxis axis: Int, png: @escaping @Sendable () throws -> [UInt8], members: [JSONValue.Member]) {
    shape = values.shape.dimensions
    scalars = values.scalars
    // Behind the completed images, where there are several of each.
    itemAxis = axis
    (columns, picture, csv) = (nil, nil, nil)
    self.png = png
    self.members = members
  }

  /// - Parameter values: [..., items, numbers of an item].
  init(_ values: Tensor, csv: AnswerTable, members: [JSONValue.Member]) {
    shape = values.shape.dimensions
    scalars = values.scalars
    // Behind the completed tables, where there are several.
    itemAxis = values.shape.rank - 2
    (columns, picture, png) = (nil, nil, nil)
    self.csv = csv
    self.members = members
  }

  private init(shape: [Int], scalars: [Float], columns: [String]?, picture: Signature.Picture?, members: [JSONValue.Member]) {
    self.shape = shape
    self.scalars = scalars
    itemAxis = 0
    self.columns = columns
    self.picture = picture
    (csv, png) = (nil, nil)
    self.members = members
  }

  /// Items in raw units as the signature describes them; `values` is [n, width].
  static func items(_ values: Tensor, signature: Signature, field: String) -> Answer {
    let shape = [values.shape[0]] + signature.itemShape
    var members: [JSONValue.Member] = []
    if signature.kind == .table, let columns = signature.columnNames { members.append(.init(name: "columns", value: .strings(columns))) }
    members.append(.init(name: field, value: .floats(values.scalars, shape: shape)))
    return Answer(
      shape: shape, scalars: values.scalars, columns: signature.columnNames, picture: signature.picture, members: members)
  }
}
