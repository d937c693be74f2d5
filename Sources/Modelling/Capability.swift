/// Something that models can be asked for, seen from a family and from a model; the two casts are spelt here and nowhere else.
package struct Capability<Able>: Sendable {
  private let isOfFamily: @Sendable (any ModelFamily.Type) -> Bool
  private let cast: @Sendable (any ModelFamily) -> Able?
  /// What a model has to know beside being of such a family; nil where the family decides.
  package let condition: CapabilityCondition?

  package init(
    needing condition: CapabilityCondition? = nil, by isOfFamily: @escaping @Sendable (any ModelFamily.Type) -> Bool,
    of cast: @escaping @Sendable (any ModelFamily) -> Able?
  ) {
    (self.isOfFamily, self.cast, self.condition) = (isOfFamily, cast, condition)
  }

  /// Whether some models of the family can.
  package func isOffered(by family: any ModelFamily.Type) -> Bool { isOfFamily(family) }

  /// The model as what it can do; nil where it can't, though its family may.
  package func of(_ model: any ModelFamily) -> Able? {
    if let condition, !condition.isMet(model.signature) { return nil }
    return cast(model)
  }
}

/// What a model has to know of its items for a capability that its family has.
package struct CapabilityCondition: Sendable {
  package let isMet: @Sendable (Signature) -> Bool
  /// What a model lacks that doesn't meet it, as a sentence begins.
  package let lack: String

  /// Classes have names, learnt from labels.
  package static let classes = CapabilityCondition(
    isMet: { $0.classes != nil }, lack: "This model knows no class, since it learnt from no label")
}

extension Capability where Able == any Attackable {
  /// Of models with Gaussian codes; others have no gradient through a draw of them.
  package static var attackable: Self {
    Self(
      by: { $0 is any Attackable.Type },
      of: { model in (model as? any Attackable).flatMap { $0.codeForms.allSatisfy(\.isGaussian) ? $0 : nil } })
  }
}

extension Capability where Able == any CategoricallyEncoding {
  package static var categoricallyEncoding: Self {
    Self(
      by: { $0 is any CategoricallyEncoding.Type },
      of: { model in (model as? any CategoricallyEncoding).flatMap { $0.codeForms.allSatisfy(\.isCategorical) ? $0 : nil } })
  }
}

extension Capability where Able == any Classifying {
  /// Says of which class an item is.
  package static var classifying: Self { Self(needing: .classes, by: { $0 is any Classifying.Type }, of: { $0 as? any Classifying }) }
  /// Decides between components, whether or not they have names.
  package static var deciding: Self { Self(by: { $0 is any Classifying.Type }, of: { $0 as? any Classifying }) }
}

extension Capability where Able == any Clustering {
  package static var clustering: Self { Self(by: { $0 is any Clustering.Type }, of: { $0 as? any Clustering }) }
}

extension Capability where Able == any Compressing {
  package static var compressing: Self { Self(by: { $0 is any Compressing.Type }, of: { $0 as? any Compressing }) }
}

extension Capability where Able == any TableCompressing {
  package static var tableCompressing: Self { Self(by: { $0 is any TableCompressing.Type }, of: { $0 as? any TableCompressing }) }
}

extension Capability where Able == any ConditionalScoring {
  package static var conditionalScoring: Self { Self(by: { $0 is any ConditionalScoring.Type }, of: { $0 as? any ConditionalScoring }) }
}

extension Capability where Able == any Decoding {
  package static var decoding: Self { Self(by: { $0 is any Decoding.Type }, of: { $0 as? any Decoding }) }
}

extension Capability where Able == any Encoding {
  package static var encoding: Self { Self(by: { $0 is any Encoding.Type }, of: { $0 as? any Encoding }) }
}

extension Capability where Able == any Imputing {
  package static var imputing: Self { Self(by: { $0 is any Imputing.Type }, of: { $0 as? any Imputing }) }
}

extension Capability where Able == any ModuleSelecting {
  package static var moduleSelecting: Self { Self(by: { $0 is any ModuleSelecting.Type }, of: { $0 as? any ModuleSelecting }) }
}

extension Capability where Able == any Inferring {
  /// Of models with Gaussian codes.
  package static var inferring: Self {
    Self(
      by: { $0 is any Inferring.Type },
      of: { model in (model as? any Inferring).flatMap { $0.codeForms.allSatisfy(\.isGaussian) ? $0 : nil } })
  }
}

extension Capability where Able == any Reconstructing {
  package static var reconstructing: Self { Self(by: { $0 is any Reconstructing.Type }, of: { $0 as? any Reconstructing }) }
}

extension Capability where Able == any Sampling {
  package static var sampling: Self { Self(by: { $0 is any Sampling.Type }, of: { $0 as? any Sampling }) }
}

extension Capability where Able == any Scoring {
  package static var scoring: Self { Self(by: { $0 is any Scoring.Type }, of: { $0 as? any Scoring }) }
}
