internal import Formats
package import Tensors

extension SafeTensors {
  /// The one file of these tensors and texts, as F32: names and texts sorted by their UTF-8 bytes, data in that order, the header padded to 8 bytes.
  ///
  /// - Precondition: names differ, and none is `__metadata__`.
  package static func encode(tensors: [(name: String, tensor: Tensor)], metadata: [String: String] = [:]) -> [UInt8] {
    let sorted = tensors.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    let names = Set(tensors.map(\.name))
    precondition(names.count == tensors.count && !names.contains("__metadata__"), "names of tensors differ, and none is __metadata__")

    var members: [JSONValue.Member] = []
    if !metadata.isEmpty {
      let texts = metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      members.append(.init(name: "__metadata__", value: .object(texts.map { .init(name: $0.key, value: .string($0.value)) })))
    }
    var end = 0
    for (name, tensor) in sorted {
      let span = (end, end + 4 * tensor.count)
      end = span.1
      members.append(
        .init(
          name: name,
          value: .object([
            .init(name: "dtype", value: .string(ScalarType.f32.rawValue)),
            .init(name: "shape", value: .array(tensor.shape.dimensions.map(JSONValue.integer))),
            .init(name: "data_offsets", value: .array([.integer(span.0), .integer(span.1)])),
          ])))
    }
    var header = JSONValue.object(members).text
    header.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - header.count % 8) % 8))

    var bytes: [UInt8] = []
    bytes.reserveCapacity(8 + header.count + end)
    withUnsafeBytes(of: UInt64(header.count).littleEndian) { bytes.append(contentsOf: $0) }
    bytes.append(contentsOf: header)
    for (_, tensor) in sorted { FloatBytes.append(tensor.scalars, to: &bytes) }
    return bytes
  }
}
