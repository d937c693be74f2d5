package import Distributions
internal import Foundation
package import Modelling
package import Tensors

/// z of independent categorical variables with as many classes each (Jang et al. 2017; Maddison et al. 2017).
///
/// A network sees z as one-hot vectors side by side, [n, variables x classes]; people see it as codes, the class of every variable: [n, variables].
package struct CategoricalLatents: Settings {
  /// Variables and classes, as a configuration has them.
  package var categorical: [Int]

  package init() { self.init(variables: 1, classes: 2) }

  package init(variables: Int, classes: Int) { categorical = [variables, classes] }

  package static let table = Table<Self> {
    Setting(
      "categorical", \.categorical, in: 1...65_536, lengths: 2...2, of: "numbers", expected: "two numbers, variables and classes, each 1 to 65536",
      required: true, "Variables, and classes of each: z is as many one-hot vectors side by side.")
  }

  package func check() throws(Fault) {
    guard classes > 1 else { throw Fault(field: "categorical[1]", given: "\(classes)", expected: "2 or more classes, of which a variable has one") }
    guard width <= 65_536 else {
      throw Fault(field: "categorical", given: "\(variables) x \(classes)", expected: "at most 65536 numbers of z")
    }
  }

  // Only asked where `check` and the table's lengths hold; a configuration that is wrong has none of them.
  package var variables: Int { categorical.first ?? 0 }
  package var classes: Int { categorical.count == 2 ? categorical[1] : 0 }
  /// Numbers of z as a network sees it.
  package var width: Int { variables * classes }

  /// Independent choices with these logits: [n, variables x classes].
  package func distribution(_ logits: Tensor) -> Categorical { Categorical(logits: logits.reshaped([logits.shape[0], variables, classes])) }

  /// p(z), every class as likely.
  func uniform(rows: Int) -> Categorical { Categorical(logits: .zeros([rows, variables, classes])) }

  /// Codes as a network sees them: [n, variables] of whole numbers -> [n, variables x classes].
  package func oneHot(_ codes: Tensor) -> Tensor {
    Categorical.oneHot(codes.scalars.map { Int($0) }, shape: [codes.shape[0], variables, classes]).flattened()
  }
}

extension Categorical {
  /// The likeliest class of every variable: [n, variables].
  var likeliest: Tensor { codes(logits.reshaped([logits.count / logits.shape[-1], logits.shape[-1]]).argmaxRows()) }

  /// A class of every variable, drawn: [n, variables].
  func sampleCodes(_ keys: RowKeys) -> Tensor { codes(sampleIndices(keys)) }

  private func codes(_ indices: [Int]) -> Tensor { Tensor(shape: [logits.shape[0], logits.shape[1]], scalars: indices.map { Float($0) }) }

  /// Σ_i q_i (ln q_i + ln k) of every variable, what it costs beside a prior under which all classes are as likely: [n, variables].
  var uniformKLPerVariable: Tensor {
    return (probabilities * logProbabilities).sum(axis: -1) + log(Float(logits.shape[-1]))
  }

  /// KL(self ‖ other) of every variable: [n, variables].
  func divergencePerVariable(from other: Categorical) -> Tensor { (probabilities * (logProbabilities - other.logProbabilities)).sum(axis: -1) }
}
