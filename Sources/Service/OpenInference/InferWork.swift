internal import Formats
internal import HTTP
internal import Modelling

/// A request of the Open Inference Protocol as one of `/v1`, and the tensors of its answer.
struct InferWork: Sendable {
  let request: any CheckedRequest
  /// The type in which the same answer is recorded.
  let type: MediaType
  private let outputs: [(form: OutputForm, isBinary: Bool)]

  /// Of a number of one tensor, and of a cell of a tensor a column, which becomes a member of a row.
  static let (bytesPerNumber, bytesPerCell) = (8, 160)

  init(_ asked: InferRequest, _ sent: SentRequest, _ kind: RequestKind, _ model: LoadedModel, _ limits: ServiceLimits) throws {
    let fields = try sent.fields(of: kind)
    let request = try kind.ask(fields, of: model, limits)
    let hasColumns = kind.items == .completed && fields.rows != nil
    type = hasColumns || !request.mediaTypes.contains(.floats) ? .json : .floats
    self.request = try request.answered(in: type).about(sent, fields, limits)
    let forms =
      if hasColumns, let table = model.signature.space.table {
        table.completedForms(isPoint: request.parameters["mode"] == .string(ImputeRequest.Mode.point.rawValue))
      } else {
        request.outputs
      }
    outputs =
      try asked.outputs.map { wanted in
        try wanted.enumerated().map { index, output in
          guard let form = forms.first(where: { $0.form.name == output.name }) else {
            let known = Items.list(forms.map(\.form.name))
            throw Problem(
              .malformed, "outputs[\(index)] is \"\(output.name.prefix(60))\", but \(kind.name) gives \(known).", field: "outputs[\(index)].name",
              given: String(output.name.prefix(60)), expected: known)
          }
          return (form, output.isBinary ?? asked.wantsBinary)
        }
      } ?? forms.map { ($0, asked.wantsBinary) }
  }

  /// The answer: JSON, and behind it the tensors that come as bytes.
  func response(to asked: InferRequest, _ answer: Answer, of target: InferTarget, run: String?) throws -> Response {
    let receipt = request.receipt
    var text: [UInt8] = []
    var tail: [UInt8] = []
    func append(_ name: String, _ value: JSONValue) { text += Array("\"\(name)\":".utf8) + value.text + [UInt8(ascii: ",")] }
    text.append(UInt8(ascii: "{"))
    append("model_name", .string(target.name))
    if let version = receipt.registered?.version { append("model_version", .string("\(version)")) }
    if let id = asked.id { append("id", .string(id)) }
    append("parameters", parameters(run))
    text += Array("\"outputs\":[".utf8)
    for (index, (form, isBinary)) in outputs.enumerated() {
      let tensor = OutputTensor(form, of: answer)
      if index > 0 { text.append(UInt8(ascii: ",")) }
      text += Array("{\"name\":".utf8) + JSONValue.string(tensor.name).text
      text += Array(",\"datatype\":\"\(tensor.type.rawValue)\",\"shape\":".utf8) + JSONValue.array(tensor.shape.map(JSONValue.integer)).text
      if isBinary {
        let bytes = tensor.bytes
        text += Array(",\"parameters\":{\"binary_data_size\":\(bytes.count)}".utf8)
        tail += bytes
      } else {
        text += Array(",\"data\":".utf8)
        tensor.appendData(to: &text)
      }
      text.append(UInt8(ascii: "}"))
    }
    text += Array("]}".utf8)
    let isBinary = outputs.contains(where: \.isBinary)
    var response = Application.head(type: isBinary ? .floats : .json, receipt: receipt, shape: answer.shape)
    if isBinary { response.headers[InferRequest.lengthField] = "\(text.count)" }
    response.body = .bytes(isBinary ? text + tail : text)
    return response
  }

  /// The receipt: what repeats the answer.
  private func parameters(_ run: String?) -> JSONValue {
    let receipt = request.receipt
    return .record([
      "operation": .string(request.name), "model": receipt.registered.map { .string("\($0.name)@\($0.version)") },
      "digest": .string(receipt.digest.description), "seed": .integer(receipt.seed),
      "first_item": receipt.firstItem > 0 ? .integer(receipt.firstItem) : nil,
      "warnings": receipt.warnings.isEmpty ? nil : .string(receipt.warnings.joined(separator: "\n")), "run": run.map(JSONValue.string),
    ])
  }
}
