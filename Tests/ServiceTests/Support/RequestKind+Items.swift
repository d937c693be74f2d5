import FamilyExamples
import Modelling
import Service
import Tensors

extension RequestKind {
  /// What a model's items, or their codes, look like to a request of this kind.
  func signature(of model: LoadedModel) -> Signature { items == .codes ? model.codes?.signature ?? model.signature : model.signature }

  /// Rows for such a request: raw items, or codes with positive scales.
  func rows(_ raw: @autoclosure () -> Tensor, count: Int, of model: LoadedModel) -> Tensor {
    guard items == .codes, let layout = model.codes else { return raw() }
    let numbers = RandomKey(seed: 3).normal([count, layout.signature.width]).scalars
    let scales = Set(layout.layers.flatMap(\.spread))
    return Tensor(
      shape: [count, layout.signature.width],
      scalars: numbers.enumerated().map { scales.contains($0 % layout.signature.width) ? abs($1) : $1 })
  }
}
