internal import Formats
package import Modelling
internal import Networks
internal import Tensors

/// A model in one file: safetensors whose metadata describe the model as JSON. No code, no archive, nothing to fetch.
package enum ModelFile {
  /// The one file of this model and provenance: equal models give equal bytes.
  ///
  /// Refuses what `load` would refuse: weights that are not finite, a signature of no item, metadata beyond the limits.
  package static func encode(_ model: any ModelFamily, provenance: Provenance = Provenance()) throws(ModelFileError) -> [UInt8] {
    try ModelDescription.check(model.signature)
    let tensors = model.network.leaves.map { (name: $0.leaf.path, tensor: $0.tensor) }
    for (name, tensor) in tensors { try refuseNonFinite(name, tensor) }
    let text = try ModelDescription(of: model, provenance: provenance).text()
    let limit = SafeTensors.Limits.default.stringBytes
    guard text.utf8.count < limit else {
      throw ModelFileError(.tooLarge, ModelDescription.metadataKey, given: "\(text.utf8.count) bytes of JSON", expected: "less than \(limit) bytes")
    }
    return SafeTensors.encode(tensors: tensors, metadata: [ModelDescription.metadataKey: text])
  }

  package static func load(bytes: [UInt8], families: [any ModelFamily.Type], isNew: Bool = false) throws(ModelFileError) -> LoadedFile {
    try load(SafeTensors(bytes: bytes), families, isNew: isNew)
  }

  /// - Parameter isNew: whether this is the first time that the file is seen; what an older build let pass is then refused of a file from elsewhere.
  package static func load(path: String, families: [any ModelFamily.Type], isNew: Bool = false) throws(ModelFileError) -> LoadedFile {
    try load(SafeTensors(path: path), families, isNew: isNew)
  }

  /// What a file holds, as far as it can be told; throws only where the container itself is unsound.
  package static func inspect(bytes: [UInt8], families: [any ModelFamily.Type]) throws(ModelFileError) -> Inspection {
    try Inspection(SafeTensors(bytes: bytes), families)
  }

  package static func inspect(path: String, families: [any ModelFamily.Type]) throws(ModelFileError) -> Inspection {
    try Inspection(SafeTensors(path: path), families)
  }
}

/// A model with its weights, and where they came from.
package struct LoadedFile: Sendable {
  package let model: any ModelFamily
  package let provenance: Provenance
}

/// What `posterior models inspect` shows.
package struct Inspection: Sendable {
  /// nil where the file is no model, or one whose description is wrong; `problem` says which.
  package let description: ModelDescription?
  /// In the order of the file.
  package let tensors: [SafeTensors.Entry]
  /// Scalars in the file, trained or not.
  package let numberCount: Int
  /// Trained scalars; nil where the file does not load.
  package let parameterCount: Int?
  /// Why the file would be refused; nil for one that loads.
  package let problem: ModelFileError?

  fileprivate init(_ file: SafeTensors, _ families: [any ModelFamily.Type]) {
    tensors = file.entries
    numberCount = file.numberCount
    var description: ModelDescription?
    do throws(ModelFileError) {
      let found = try ModelDescription(in: file)
      description = found
      let model = try ModelFile.model(found, file, families, isNew: true)
      parameterCount = model.network.parameterCount
      problem = nil
    } catch {
      parameterCount = nil
      problem = error
    }
    self.description = description
  }
}

// MARK: - From the description to the model

extension ModelFile {
  private static func load(_ file: SafeTensors, _ families: [any ModelFamily.Type], isNew: Bool) throws(ModelFileError) -> LoadedFile {
    let description = try ModelDescription(in: file)
    return LoadedFile(model: try model(description, file, families, isNew: isNew), provenance: description.provenance)
  }

  fileprivate static func model(
    _ description: ModelDescription, _ file: SafeTensors, _ families: [any ModelFamily.Type], isNew: Bool
  ) throws(ModelFileError) -> any ModelFamily {
    guard let family = families.first(where: { $0.name == description.family }) else {
      throw ModelFileError(
        .unknownFamily, "\(ModelDescription.metadataKey).family", given: "\"\(description.family)\"",
        expected: families.isEmpty ? "a family, and this build has none" : "one of \(families.map { $0.name }.sorted().joined(separator: ", "))")
    }
    return try model(of: family, description, file, isNew: isNew)
  }

  private static func model<Family: ModelFamily>(
    of _: Family.Type, _ description: ModelDescription, _ file: SafeTensors, isNew: Bool
  ) throws(ModelFileError) -> Family {
    var configuration: Family.Configuration
    do {
      configuration = try StrictJSON.decode(Family.Configuration.self, from: description.configuration)
      // Older builds let them pass.
      if !isNew || description.provenance.isOfTraining { configuration = configuration.effective }
    } catch {
      throw ModelFileError(.configuration, in: "\(ModelDescription.metadataKey).configuration", error)
    }
    if isNew, !description.provenance.isOfTraining { try refuseUnsaid(configuration, in: description) }
    let blueprint: Blueprint<Family>
    do {
      blueprint = try Blueprint(configuration, signature: description.signature)
    } catch {
      throw ModelFileError(error)
    }
    // Batch normalisation in PyTorch counts batches, which nothing depends on.
    let tensors = try file.tensors { !$0.hasSuffix(".num_batches_tracked") }
    let model: Family
    do {
      model = try blueprint.filled(with: tensors)
    } catch {
      throw ModelFileError(error)
    }
    for entry in file.entries {
      if let tensor = tensors[entry.name] { try refuseNonFinite(entry.name, tensor) }
    }
    if isNew { try description.check?.verify(model) }
    return model
  }

  /// A default that is one convention of several would be a wrong number in silence.
  private static func refuseUnsaid(_ configuration: some Settings, in description: ModelDescription) throws(ModelFileError) {
    guard let name = configuration.allConventions.first(where: { description.configuration[$0] ?? .null == .null }) else { return }
    throw ModelFileError(
      .configuration, "\(ModelDescription.metadataKey).configuration.\(name)", given: "nothing",
      expected: "softplus, exp, exp_half or sigmoid, as the model was trained; most PyTorch examples have ln variance, exp_half")
  }

  private static func refuseNonFinite(_ name: String, _ tensor: Tensor) throws(ModelFileError) {
    guard !tensor.isFinite, let index = tensor.scalars.firstIndex(where: { !$0.isFinite }) else { return }
    throw ModelFileError(.nonFinite, "tensors[\"\(name)\"][\(index)]", given: "\(tensor.scalars[index])", expected: "a finite float32")
  }
}

extension SafeTensors {
  /// Scalars in all tensors; at most one a byte of the data, so the sum cannot overflow.
  fileprivate var numberCount: Int { entries.reduce(0) { $0 + $1.shape.count } }
}

extension ModelFileError {
  /// A family's refusal; its fields are those of the configuration unless they say otherwise.
  fileprivate init(_ error: Fault) {
    let isQualified = ["configuration", "signature"].contains { error.field == $0 || error.field.hasPrefix($0 + ".") }
    let fault = isQualified ? error : error.inside("configuration")
    self.init(.configuration, "\(ModelDescription.metadataKey).\(fault.field)", given: fault.given, expected: fault.expected)
  }
}
