internal import Formats
package import Modelling

/// A named tensor that an operation takes or gives, as metadata tells it.
package struct TensorForm: Sendable, Equatable {
  let name: String
  let type: TensorType
  /// -1 where an extent depends on the request.
  let shape: [Int]
  /// Whether a request may leave it out.
  var isOptional = false
}

/// A tensor of an answer, and which of the answer's numbers it holds.
package struct OutputForm: Sendable {
  enum Source: Sendable {
    /// All numbers, as the answer's shape has them.
    case numbers
    /// Some of every row's numbers.
    case part(Range<Int>)
    /// Whole numbers among them.
    case codes(Range<Int>)
    /// Of probabilities side by side: the likeliest component, its probability, its name, and how unsure it is, in nats.
    case component(Range<Int>)
    case probability(Range<Int>)
    case label(Range<Int>, names: [String])
    case entropy(Range<Int>)
    /// A text an item.
    case texts
    /// A column of completed tables, in the form in which columns were sent.
    case completed(column: String)
  }

  let form: TensorForm
  let source: Source

  init(_ name: String, _ type: TensorType, _ shape: [Int], _ source: Source) {
    (form, self.source) = (TensorForm(name: name, type: type, shape: shape), source)
  }
}

// MARK: - What operations take

extension RequestKind {
  /// The tensors that a model is asked with: those of its items, or of their codes.
  func inputs(of model: LoadedModel) -> [TensorForm] {
    switch items {
    // What options such as `given` refer to.
    case .references: model.signature.itemForms.map { TensorForm(name: $0.name, type: $0.type, shape: $0.shape, isOptional: true) }
    case .rows, .completed: model.signature.itemForms
    case .codes: model.codes.map(\.forms) ?? []
    }
  }

  /// The tensors of its answers where no option is given.
  func outputs(of model: LoadedModel, _ limits: ServiceLimits) throws -> [OutputForm] {
    let asked = try ask(SentFields(.object([]), table: nil), of: model, limits)
    guard items == .completed, let table = model.signature.space.table, model.signature.hasColumnForms else { return asked.outputs }
    return table.completedForms(isPoint: false)
  }
}

extension Signature {
  static let inputName = "input"
  static let textName = "text"

  /// Whether a model's items are told as a tensor a column: a table with categories or days, which one tensor of numbers can't hold.
  var hasColumnForms: Bool { space.table?.columns.contains { $0.type.isDiscrete || $0.type == .date } ?? false }

  var itemForms: [TensorForm] {
    if space.tokens != nil { return [TensorForm(name: Self.textName, type: .bytes, shape: [-1])] }
    if hasColumnForms, let table = space.table { return table.columns.map { TensorForm(name: $0.name, type: $0.tensorType, shape: [-1]) } }
    return [TensorForm(name: Self.inputName, type: .fp32, shape: [-1] + space.shape)]
  }
}

extension TableSpace {
  /// Columns of completed tables; of several tables one after the other.
  func completedForms(isPoint: Bool) -> [OutputForm] {
    columns.map { OutputForm($0.name, $0.tensorType, isPoint ? [-1] : [-1, -1], .completed(column: $0.name)) }
  }
}

extension TableSpace.Column {
  /// Texts for categories and days, doubles for numbers.
  var tensorType: TensorType { type.isDiscrete || type == .date ? .bytes : .fp64 }
}

extension CodeLayout {
  /// The means and scales of every layer, or its codes and probabilities, as encode gives them; scales and probabilities may be left out, and means and
  /// codes of layers that are drawn.
  var forms: [TensorForm] {
    layers.enumerated().flatMap { number, layer in
      let names = layer.names
      switch layer.form {
      case .gaussian(let width), .point(let width):
        return [
          TensorForm(name: "\(names.values)_\(number)", type: .fp32, shape: [-1, width]),
          TensorForm(name: "\(names.spread)_\(number)", type: .fp32, shape: [-1, width], isOptional: true),
        ]
      case .categorical(let places, let choices):
        return [
          TensorForm(name: "\(names.values)_\(number)", type: .int64, shape: [-1, places]),
          TensorForm(name: "\(names.spread)_\(number)", type: .fp32, shape: [-1, places, choices], isOptional: true),
        ]
      case .codes(let places, _): return [TensorForm(name: "\(names.values)_\(number)", type: .int64, shape: [-1, places])]
      }
    }
  }
}

// MARK: - What operations give

extension Signature {
  /// Items, as every operation gives them that makes some.
  func outputs(_ name: String) -> [OutputForm] {
    if space.tokens != nil { return [OutputForm(Self.textName, .bytes, [-1], .texts)] }
    return [OutputForm(name, .fp32, [-1] + space.shape, .numbers)]
  }
}

extension ModelRequest {
  /// All numbers of a row, where a request doesn't say what they are.
  package func outputs(_ model: Able) -> [OutputForm] { [OutputForm("output", .fp32, [-1, answerWidth(model)], .numbers)] }
}

extension SampleRequest {
  package func outputs(_ model: any Sampling) -> [OutputForm] { model.signature.outputs("samples") }
}

extension ReconstructRequest {
  package func outputs(_ model: any Reconstructing) -> [OutputForm] { model.signature.outputs("reconstructions") }
}

extension DecodeRequest {
  package func outputs(_ model: any Decoding) -> [OutputForm] { model.signature.outputs("items") }
}

extension ImputeRequest {
  package func outputs(_ model: any Imputing) -> [OutputForm] {
    [OutputForm("completed", .fp32, (isPoint ? [] : [-1]) + [-1] + model.signature.space.shape, .numbers)]
  }
}

extension EncodeRequest {
  package func outputs(_ model: any Encoding) -> [OutputForm] {
    var (outputs, start) = ([OutputForm](), 0)
    for (layer, form) in model.codeForms.enumerated() {
      func part(_ width: Int) -> Range<Int> {
        defer { start += width }
        return start..<start + width
      }
      switch form {
      case .gaussian(let width):
        outputs.append(OutputForm("mean_\(layer)", .fp32, [-1, width], .part(part(width))))
        outputs.append(OutputForm("scale_\(layer)", .fp32, [-1, width], .part(part(width))))
      case .point(let width): outputs.append(OutputForm("values_\(layer)", .fp32, [-1, width], .part(part(width))))
      case .categorical(let places, let choices):
        outputs.append(OutputForm("codes_\(layer)", .int64, [-1, places], .codes(part(places))))
        outputs.append(OutputForm("probabilities_\(layer)", .fp32, [-1, places, choices], .part(part(places * choices))))
      case .codes(let places, _): outputs.append(OutputForm("codes_\(layer)", .int64, [-1, places], .codes(part(places))))
      }
    }
    return outputs
  }
}

extension ClusterRequest {
  package func outputs(_ model: any Clustering) -> [OutputForm] {
    var start = 0
    return layers(of: model).flatMap { layer -> [OutputForm] in
      let part = start..<start + layer.components
      start = part.upperBound
      return [
        OutputForm("assignments_\(layer.number)", .int64, [-1], .component(part)),
        OutputForm("responsibilities_\(layer.number)", .fp32, [-1, layer.components], .part(part)),
        OutputForm("entropy_nats_\(layer.number)", .fp32, [-1], .entropy(part)),
      ]
    }
  }
}

extension ClassifyRequest {
  package func outputs(_ model: any Classifying) -> [OutputForm] {
    let part = 0..<model.componentCount
    return [
      OutputForm("label", .bytes, [-1], .label(part, names: part.map(model.signature.componentName))),
      OutputForm("component", .int64, [-1], .component(part)), OutputForm("probability", .fp32, [-1], .probability(part)),
      OutputForm("entropy_nats", .fp32, [-1], .entropy(part)), OutputForm("probabilities", .fp32, [-1, part.count], .part(part)),
    ]
  }
}

extension ScoreRequest {
  package func outputs(_ model: any Scoring) -> [OutputForm] {
    let names = terms(of: model).map(\.name) + [model.signature.space.bitsName]
    let all = names + (Capability.conditionalScoring.of(model) == nil ? [] : ["scored"])
    return all.enumerated().map { OutputForm($1, .fp32, [-1], .part($0..<$0 + 1)) }
  }
}
