internal import Formats
internal import ModelFiles
package import Modelling
internal import Networks
package import Registry
internal import Tensors

extension LoadedModel {
  /// Answers a request of every kind once, about one item, so that a version is announced only when it can be served.
  package func warmUp(limits: ServiceLimits) throws {
    for kind in requestKinds {
      let answer = try kind.ask(warmUpRequest(of: kind), of: self, limits: limits).perform()
      guard answer.scalars.allSatisfy(\.isFinite) else {
        throw Problem(
          .unusableModel, "The file is a model, but its first answer to \(kind.name) has numbers that are not finite.", field: kind.name,
          given: "NaN or an infinity", expected: "finite numbers")
      }
    }
  }

  private func warmUpRequest(of kind: RequestKind) -> SentRequest {
    let seed = SentRequest.Option(name: "seed", value: "0")
    guard kind.items != .references else { return SentRequest(options: [seed]) }
    if let texts = signature.space.tokens {
      return SentRequest(body: Array(texts.vocabulary.characters[0].utf8), contentType: .text, options: [seed])
    }
    let signature = kind.items == .codes ? codes?.signature ?? signature : signature
    // The item whose every number is 0 for the model: mid-table, a black picture; inside the range whatever rounding did.
    let item = signature.space.bounded(signature.toRaw(.zeros([1, signature.width]))).scalars
    var body: [UInt8] = []
    // Where items are completed every number is missing, so that all of them are imputed.
    FloatBytes.append(kind.items == .completed ? item.map { _ in .nan } : item, to: &body)
    return SentRequest(body: body, contentType: .floats, options: [seed])
  }
}

extension ModelFacts {
  /// What the registry keeps of a model file, word for word as the file has it.
  package init(ofModelFile path: String, model: any ModelFamily) throws {
    let text = try SafeTensors(path: path).metadata["posterior"] ?? ""
    let description = try JSONValue(parsing: Array(text.utf8))
    func part(_ name: String) -> String? { description[name].map { String(decoding: $0.text, as: UTF8.self) } }
    guard case .integer(let format) = description["format"], let configuration = part("configuration"), let signature = part("signature") else {
      throw Problem(.unusableModel, "The file's description has no format, configuration or signature.", field: "posterior")
    }
    self.init(
      format: format, family: type(of: model).name, configuration: configuration, signature: signature, provenance: part("provenance"),
      parameterCount: model.network.parameterCount)
  }
}
