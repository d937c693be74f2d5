import Modelling
import Networks
import Tensors

/// Characters drawn one by one from one distribution, softmax(w): ln p(text) = Σ_i ln p(c_i), which is exact; its codes are of the kinds that aren't
/// Gaussian.
struct ToyText: ModelFamily, Encoding, Scoring {
  struct Configuration: Settings { static let table = Table<Self> {} }

  static let name = "toy_text"
  static let summary = "Independent characters, for tests."
  static let purpose = FamilyPurpose(.codes, choose: "in tests")

  struct Network: Module {
    var logits: Linear
    static let fields: [Field<Self>] = [.child("logits", \.logits)]
  }

  let configuration: Configuration
  let signature: Signature
  var network: Network

  init(_ configuration: Configuration, signature: Signature, source: ParameterSource) throws(Fault) {
    (self.configuration, self.signature) = (configuration, signature)
    network = Network(logits: Linear(1, signature.space.tokens?.vocabulary.count ?? 1, source))
  }

  /// p(c) of every character.
  private var probabilities: [Float] { network.logits(.ones([1, 1]), .evaluation).softmax().scalars }

  let observationModel = "probabilities of characters"
  let scoreTerms = [Scores.Term.exact]

  func score(_ x: Tensor, draws: Int, keys: RowKeys) -> Scores {
    let logarithms = Tensor(probabilities).log().scalars
    return Scores(exact: Tensor(shape: x.shape, scalars: x.scalars.map { $0.isNaN ? 0 : logarithms[Int($0)] }).rowSums())
  }

  /// The first character with the distribution of all, and how many characters differ from it.
  var codeForms: [Code.Form] { [.categorical(places: 1, choices: probabilities.count), .point(width: 1)] }

  func encode(_ x: Tensor) -> [Code] {
    let (n, width, first) = (x.shape[0], x.shape[1], x.slice(1, 0..<1))
    let others = (0..<n).map { row in Float((1..<width).count { x.scalars[row * width + $0] != first.scalars[row] }) }
    let choices = Tensor(shape: [n, 1, probabilities.count], scalars: (0..<n).flatMap { _ in probabilities })
    return [.categorical(codes: first, probabilities: choices), .point(Tensor(shape: [n, 1], scalars: others))]
  }
}
