import Networks
import Tensors

/// Numbers from -50/32 to 50/32 in an order without pattern, exact in float32.
func ramp(_ shape: Shape, _ start: Int = 0) -> Tensor {
  Tensor(shape: shape, scalars: (0..<shape.count).map { Float(($0 * 37 + start * 13) % 101 - 50) / 32 })
}

/// A module with every kind of field: parameters, an absent bias, a buffer, children, an array, an optional child that is there and one that is not.
struct Zoo: Module {
  var scale: Tensor
  var average: Tensor
  var trunk: Sequential
  var heads: [Linear]
  var extra: Linear?
  var absent: Linear?

  init(key: RandomKey) {
    scale = .ones([2])
    average = .zeros([3])
    trunk = Sequential([
      Block(Linear(4, 3, .drawing(key.split("first")))), Block(Activation.relu), Block(BatchNorm(3, .drawing(key))),
      Block(Linear(3, 2, bias: false, .drawing(key.split("second")))),
    ])
    heads = (0..<2).map { Linear(2, 1, .drawing(key.split("heads").split($0))) }
    extra = Linear(2, 2, .drawing(key.split("extra")))
  }

  static let fields: [Field<Self>] = [
    .parameter("scale", \.scale), .buffer("average", \.average), .child("trunk", \.trunk), .child("heads", \.heads), .child("extra", \.extra),
    .child("absent", \.absent),
  ]

  static let paths = [
    "scale", "average", "trunk.0.weight", "trunk.0.bias", "trunk.2.weight", "trunk.2.bias", "trunk.2.running_mean", "trunk.2.running_var",
    "trunk.3.weight", "heads.0.weight", "heads.0.bias", "heads.1.weight", "heads.1.bias", "extra.weight", "extra.bias",
  ]
}

/// The largest difference of two lists of numbers, relative to the larger of 1 and the second list's largest.
func deviation(_ given: [Float], _ expected: [Float]) -> Float {
  guard given.count == expected.count else { return .infinity }
  let scale = expected.reduce(1) { max($0, abs($1)) }
  return zip(given, expected).reduce(0) { $1.0.isNaN || $1.1.isNaN ? .infinity : max($0, abs($1.0 - $1.1)) } / scale
}
