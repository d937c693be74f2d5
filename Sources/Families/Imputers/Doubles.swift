internal import Networks
internal import Tensors

/// Numbers in double precision as three tensors of float32, whose sum they are: sums that a checkpoint keeps to the last bit.
struct Doubles: Module {
  private var high: Tensor
  private var middle: Tensor
  private var low: Tensor

  static let fields: [Field<Self>] = [.buffer("high", \.high), .buffer("middle", \.middle), .buffer("low", \.low)]

  init(shape: Shape, _ values: [Double]) {
    var parts = [[Float]](repeating: [], count: 3)
    var left = values
    for part in parts.indices {
      parts[part] = left.map { Float($0) }
      for (index, value) in parts[part].enumerated() { left[index] -= Double(value) }
    }
    (high, middle, low) = (
      Tensor(shape: shape, scalars: parts[0]), Tensor(shape: shape, scalars: parts[1]), Tensor(shape: shape, scalars: parts[2])
    )
  }

  var shape: Shape { high.shape }

  var values: [Double] {
    let (middle, low) = (middle.scalars, low.scalars)
    return high.scalars.enumerated().map { Double($1) + (Double(middle[$0]) + Double(low[$0])) }
  }
}
