import Tensors

/// Every differentiable operation of `Tensors`, at points away from kinks.
enum GradientCases {
  static let all = elementwise + arithmetic + reductions + movements + products + images + normalisations + likelihoods + recurrences

  static let elementwise: [Differentiable] = [
    Differentiable("exp", point([3, 4])) { $0[0].exp() },
    Differentiable("log", positive([3, 4])) { $0[0].log() },
    Differentiable("square root", positive([3, 4])) { $0[0].squareRoot() },
    Differentiable("tanh", point([3, 4])) { $0[0].tanh() },
    Differentiable("sigmoid", point([3, 4])) { $0[0].sigmoid() },
    Differentiable("softplus", point([3, 4])) { $0[0].softplus() },
    Differentiable("relu", point([3, 4], awayFromZero: 0.1)) { $0[0].relu() },
    Differentiable("leaky relu", point([3, 4], awayFromZero: 0.1)) { $0[0].leakyReLU(slope: 0.2) },
    Differentiable("elu", point([3, 4], awayFromZero: 0.1)) { $0[0].elu(alpha: 1.3) },
    Differentiable("silu", point([3, 4])) { $0[0].silu() },
    Differentiable("gelu", point([3, 4])) { $0[0].gelu() },
    Differentiable("squared", point([3, 4])) { $0[0].squared() },
    Differentiable("absolute", point([3, 4], awayFromZero: 0.1)) { $0[0].absolute() },
    Differentiable("reciprocal", positive([3, 4])) { $0[0].reciprocal() },
    Differentiable("clamped", distinct([4, 6])) { $0[0].clamped(low: -0.55, high: 0.75) },
    Differentiable("affine", point([3, 4])) { $0[0].affine(scale: -1.7, shift: 0.4) },
    Differentiable("log gamma", positive([3, 4])) { $0[0].logGamma() },
    Differentiable("square root of a square", point([3, 4], awayFromZero: 0.1)) { ($0[0].squared() + 1).squareRoot() },
    Differentiable("quotient by one number", positive([3, 4])) { $0[0].exp() / 3 },
    Differentiable("scalar operands", positive([3, 4])) { 2 / (1.5 - ($0[0] * 0.5 + 3) / 4) - 3 * (1 + $0[0]) - 1 },
    Differentiable("negation", point([3, 4])) { -$0[0] },
    Differentiable("a shared input", point([3, 4])) { $0[0] * $0[0].tanh() + $0[0] * $0[0] },
    Differentiable("all activations in turn", point([3, 4], awayFromZero: 0.1)) { input in
      Activation.allCases.map { $0(input[0]) }.reduce(Tensor(0)) { $0 + $1 }
    },
  ]

  /// Shapes that meet by every rule of broadcasting.
  static let meetings: [(name: String, a: Shape, b: Shape)] = [
    ("same", [3, 4], [3, 4]),
    ("row", [3, 4], [4]),
    ("row as matrix", [3, 4], [1, 4]),
    ("rows of images", [2, 3, 4, 5], [4, 5]),
    ("column", [3, 4], [3, 1]),
    ("middle channel", [2, 3, 2, 2], [1, 3, 1, 1]),
    ("channel of lower rank", [2, 3, 2, 2], [3, 1, 1]),
    ("first axes", [2, 3, 4], [2, 3, 1]),
    ("scalar", [3, 4], []),
    ("one number", [3, 4], [1]),
    ("one matrix entry", [3, 4], [1, 1]),
    ("outer product", [3, 1], [1, 4]),
    ("both stretched", [2, 1, 3, 1], [4, 1, 5]),
    ("hole in the middle", [2, 3, 4], [2, 1, 4]),
    ("two single numbers", [1], []),
  ]

  static let arithmetic: [Differentiable] = {
    let operations: [(name: String, apply: @Sendable (Tensor, Tensor) -> Tensor)] = [
      ("+", { $0 + $1 }), ("-", { $0 - $1 }), ("*", { $0 * $1 }), ("/", { $0 / $1 }), ("maximum", { Tensor.maximum($0, $1) }),
    ]
    return operations.flatMap { operation in
      meetings.flatMap { meeting in
        [(meeting.a, meeting.b), (meeting.b, meeting.a)].map { a, b in
          // The second operand lies between the numbers that the first can take, or is a safe divisor.
          let second = operation.name == "maximum" ? Tensor.full(b, 0.01) + 0 : positive(b, 1, above: 0.5)
          return Differentiable("\(a) \(operation.name) \(b), \(meeting.name)", point(a, awayFromZero: 0.1), second) { operation.apply($0[0], $0[1]) }
        }
      }
    }
  }()

  static let reductions: [Differentiable] = {
    let axes: [[Int]] = [[], [0], [1], [2], [3], [0, 1], [2, 3], [0, 2], [1, 3], [0, 2, 3], [0, 1, 3], [-1, 1, 2], [0, 1, 2, 3]]
    let sums = axes.flatMap { axes in
      [false, true].map { keeping in
        Differentiable("sum over \(axes)\(keeping ? ", kept" : "")", point([2, 3, 4, 5])) { $0[0].sum(axes: axes, keepingDimensions: keeping) }
      }
    }
    let maxima = [0, 1, -1].map { axis in Differentiable("max over \(axis)", distinct([3, 4, 5])) { $0[0].max(axis: axis) } }
    return sums + maxima + [
      Differentiable("sum", point([3, 4])) { $0[0].sum() },
      Differentiable("mean", point([3, 4])) { $0[0].mean() },
      Differentiable("mean over axes", point([2, 3, 4])) { $0[0].mean(axes: [0, 2]) },
      Differentiable("row sums", point([3, 4])) { $0[0].rowSums() },
      Differentiable("column sums", point([3, 4])) { $0[0].columnSums() },
      Differentiable("max, kept", distinct([3, 4])) { $0[0].max(axis: 1, keepingDimensions: true) },
      Differentiable("cumulative sum", point([2, 3, 4])) { $0[0].cumulativeSum() },
      Differentiable("softmax", point([3, 2, 5])) { $0[0].softmax() },
      Differentiable("softmax over the middle axis", point([3, 4, 2])) { $0[0].softmax(axis: 1) },
      Differentiable("log sum exp", point([3, 2, 5])) { $0[0].logSumExp() },
      Differentiable("log softmax", point([3, 5])) { $0[0].logSoftmax() },
      Differentiable("summed to a row", point([2, 3, 4])) { $0[0].summed(to: [4]) },
      Differentiable("summed to a channel", point([2, 3, 4])) { $0[0].summed(to: [3, 1]) },
    ]
  }()

  static let movements: [Differentiable] = [
    Differentiable("reshaped", point([3, 4])) { $0[0].reshaped([2, 6]).squared() },
    Differentiable("flattened", point([2, 3, 4])) { $0[0].flattened().squared() },
    Differentiable("transposed", point([3, 4])) { $0[0].transposed().cumulativeSum() },
    Differentiable("transposed by an order", point([2, 3, 4, 5])) { $0[0].transposed([2, 0, 3, 1]).cumulativeSum() },
    Differentiable("expanded", point([3, 1])) { $0[0].expanded(to: [2, 3, 4]).cumulativeSum() },
    Differentiable("slice of the first axis", point([5, 4])) { $0[0].slice(0, 1..<4).squared() },
    Differentiable("slice of the middle axis", point([2, 5, 3])) { $0[0].slice(1, 2..<5).squared() },
    Differentiable("slice of the last axis", point([3, 4])) { $0[0].slice(-1, 0..<2).squared() },
    Differentiable("split", point([3, 6])) { input in
      let parts = input[0].split(1, into: 3)
      return parts[0] * parts[1] + parts[2].exp()
    },
    Differentiable("joined along the first axis", point([2, 3]), point([1, 3], 1)) { Tensor.concatenated([$0[0], $0[1], $0[0]]).squared() },
    Differentiable("joined along the last axis", point([2, 3]), point([2, 2], 1)) { Tensor.concatenated($0, axis: -1).cumulativeSum() },
    Differentiable("joined along the middle axis", point([2, 1, 3]), point([2, 2, 3], 1)) { Tensor.concatenated($0, axis: 1).squared() },
    Differentiable("dropped", point([4, 3])) { $0[0].dropped(rate: 0.4, RowKeys(RandomKey(seed: 5), rows: 0..<4)).cumulativeSum() },
    Differentiable("gather", point([4, 3])) { $0[0].gather([2, 0, 2, 3, 2]).cumulativeSum() },
  ]

  static let products: [Differentiable] = {
    let transposes = [(false, false), (false, true), (true, false), (true, true)]
    let matrices = [[], [3]].flatMap { (leading: [Int]) in
      transposes.map { first, second in
        Differentiable(
          "product of rank \(leading.count + 2)\(first ? ", first transposed" : "")\(second ? ", second transposed" : "")",
          point(Shape(leading + (first ? [5, 4] : [4, 5]))), point(Shape(leading + (second ? [6, 5] : [5, 6])), 1)
        ) { $0[0].matrixProduct($0[1], transposingSelf: first, transposingOther: second) }
      }
    }
    let layers = Activation.allCases.flatMap { activation in
      [
        // A bias of alternating large signs keeps the sums away from the kink of the rectifiers.
        Differentiable("linear, \(activation)", point([5, 3]) * 0.3, point([4, 3], 1) * 0.3, Tensor([2, -2, 2.5, -1.5])) {
          $0[0].linear(weight: $0[1], bias: $0[2], activation: activation)
        },
        Differentiable("linear without bias, \(activation)", positive([5, 3]), positive([4, 3], 1) * Tensor(rows: [[1], [-1], [1], [-1]])) {
          $0[0].linear(weight: $0[1], bias: nil, activation: activation)
        },
      ]
    }
    let packed = point([4, 3], 1).packedBothWays()
    return matrices + layers + [
      Differentiable("linear, packed weight", point([5, 3])) { $0[0].linear(weight: packed, bias: nil, activation: .sigmoid) },
      Differentiable("row products", point([3, 5]), point([3, 5], 1)) { $0[0].rowDots($0[1]) },
    ]
  }()
}
