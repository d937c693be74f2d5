import FamilyExamples
import Modelling
import Service
import Tensors

extension RequestKind {
  /// What a model's items, or their codes, look like to a request of this kind.
  func signature(of model: LoadedModel) -> Signature { items == .codes ? model.codes?.signature ?? model.signature : model.signature }

  /// Rows for such a request: raw items, or codes with positive scales, or with classes that are as likely.
  func rows(_ raw: @autoclosure () -> Tensor, count: Int, of model: LoadedModel) -> Tensor {
    guard items == .codes, let layout = model.codes else { return raw() }
    let width = layout.signature.width
    var numbers = RandomKey(seed: 3).normal([count, width]).scalars
    for start in stride(from: 0, to: numbers.count, by: width) {
      for layer in layout.layers {
        if let choices = layer.form.choices {
          for cell in layer.values {
            numbers[start + cell] = (abs(numbers[start + cell]) * 100).truncatingRemainder(dividingBy: Float(choices)).rounded(.down)
          }
          for cell in layer.spread { numbers[start + cell] = 1 / Float(choices) }
        } else {
          for cell in layer.spread { numbers[start + cell] = abs(numbers[start + cell]) }
        }
      }
    }
    return Tensor(shape: [count, width], scalars: numbers)
  }
}
