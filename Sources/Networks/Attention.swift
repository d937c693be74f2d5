package import Tensors

/// Attention of several heads over a memory (Vaswani et al. 2017); names and layouts as in PyTorch's `nn.MultiheadAttention`, batches first.
package struct Attention: Module {
  /// Of queries, keys and values below each other: [3 width, width].
  package var inWeight: Tensor
  package var inBias: Tensor
  package var out: Linear
  package let heads: Int

  /// `heads` divides `width`.
  package init(_ width: Int, heads: Int, _ source: ParameterSource) {
    precondition(heads > 0 && width % heads == 0, "\(heads) heads of a width of \(width)")
    inWeight = source["in_proj_weight"].tensor([3 * width, width], .xavierUniform)
    inBias = source.tensor([3 * width], .constant(0))
    out = Linear(weight: source["out_proj"]["weight"].tensor([width, width], .torch), bias: source.tensor([width], .constant(0)))
    self.heads = heads
  }

  package static let fields: [Field<Self>] = [
    .parameter("in_proj_weight", \.inWeight), .parameter("in_proj_bias", \.inBias), .child("out_proj", \.out),
  ]

  /// x: [rows, steps, width], memory: [rows, places, width] -> [rows, steps, width]; of each row's memory the first `lengths` places count.
  ///
  /// A row's answer depends on that row alone: with lengths, places beyond them are never computed with.
  package func callAsFunction(_ x: Tensor, memory: Tensor, lengths: [Int]? = nil) -> Tensor {
    let width = inBias.count / 3
    precondition(x.shape.rank == 3 && memory.shape.rank == 3 && x.shape[0] == memory.shape[0], "attention of \(x.shape) over \(memory.shape)")
    func project(_ x: Tensor, _ part: Int) -> Tensor {
      let range = part * width..<(part + 1) * width
      let rows = x.reshaped([x.shape[0] * x.shape[1], width])
      return rows.linear(weight: inWeight.slice(0, range), bias: inBias.slice(0, range)).reshaped(x.shape)
    }
    let (queries, keys, values) = (project(x, 0), project(memory, 1), project(memory, 2))
    guard let lengths else { return joined(attend(queries, keys, values)) }
    precondition(lengths.count == x.shape[0] && lengths.allSatisfy { 1...memory.shape[1] ~= $0 }, "lengths \(lengths) of memories \(memory.shape)")
    let rows = lengths.enumerated().map { row, length in
      let own = row..<row + 1
      return attend(queries.slice(0, own), keys.slice(0, own).slice(1, 0..<length), values.slice(0, own).slice(1, 0..<length))
    }
    return joined(Tensor.concatenated(rows))
  }

  private func joined(_ x: Tensor) -> Tensor {
    x.reshaped([x.shape[0] * x.shape[1], x.shape[2]]).linear(weight: out.weight, bias: out.bias).reshaped(x.shape)
  }

  /// softmax(Q Kᵀ / sqrt(d)) V of every head.
  private func attend(_ queries: Tensor, _ keys: Tensor, _ values: Tensor) -> Tensor {
    let (rows, steps, depth) = (queries.shape[0], queries.shape[1], queries.shape[2] / heads)
    func split(_ x: Tensor) -> Tensor {
      x.reshaped([rows, x.shape[1], heads, depth]).transposed([0, 2, 1, 3]).reshaped([rows * heads, x.shape[1], depth])
    }
    let scores = (split(queries) * (1 / Float(depth).squareRoot())).matrixProduct(split(keys), transposingOther: true)
    let mixed = scores.softmax().matrixProduct(split(values))
    return mixed.reshaped([rows, heads, steps, depth]).transposed([0, 2, 1, 3]).reshaped([rows, steps, heads * depth])
  }
}
