internal import Modelling
package import Tensors

extension VAEAC {
  /// How the columns of a table are laid out in the networks' inputs and outputs.
  ///
  /// Inputs are in the order of the columns: a real or positive cell is its model value, a count (ln(1 + x) - offset) / scale, a category a one-hot
  /// vector, an ordinal one of K the K - 1 answers (1 or -1) to "is it above the k-th?", a binary one 1 or -1.
  /// Outputs are the means of all real and positive columns, their raw deviations, the log means and log dispersions of all counts, then the logits
  /// of the other columns one after the other.
  package struct Coding: Sendable {
    enum Choice: Sendable { case categorical, ordinal, binary }

    enum Column: Sendable {
      /// Normal in model units; its number among such columns.
      case normal(Int)
      /// A count; its number among such columns.
      case count(Int)
      /// Categories, and where the logits begin.
      case choice(Choice, categories: Int, logits: Int)
    }

    let layout: [Column]
    /// The columns that are normal in model units and those that are counts, by their number in the table.
    let normals: [Int]
    let counts: [Int]
    /// ln(1 + x) = offset + scale · input, of every count.
    let countScaling: [(offset: Float, scale: Float)]
    /// raw = exp(offset + scale · model), of every normal column that is positive; nil for the real ones.
    let logScaling: [(offset: Float, scale: Float)?]
    /// Where every column begins in the inputs.
    let offsets: [Int]
    let inputs: Int
    package let outputs: Int

    var columns: Int { layout.count }

    init(_ signature: Signature) {
      let types = (0..<signature.width).map(signature.space.type)
      let normals = types.indices.filter { types[$0].isLinear || types[$0] == .positive }
      let counts = types.indices.filter { types[$0] == .count }
      var (layout, offsets): ([Column], [Int]) = ([], [])
      var (input, normal, count, logits) = (0, 0, 0, 2 * (normals.count + counts.count))
      for (column, type) in types.enumerated() {
        offsets.append(input)
        let size = signature.space.categories(at: column)?.count ?? 1
        switch type {
        case .real, .whole, .date, .positive:
          layout.append(.normal(normal))
          normal += 1
          input += 1
        case .count:
          layout.append(.count(count))
          count += 1
          input += 1
        case .categorical:
          layout.append(.choice(.categorical, categories: size, logits: logits))
          (input, logits) = (input + size, logits + size)
        case .ordinal:
          layout.append(.choice(.ordinal, categories: size, logits: logits))
          (input, logits) = (input + size - 1, logits + size - 1)
        case .binary:
          layout.append(.choice(.binary, categories: size, logits: logits))
          (input, logits) = (input + 1, logits + 1)
        }
      }
      (self.layout, self.normals, self.counts, self.offsets, inputs, outputs) = (layout, normals, counts, offsets, input, logits)
      countScaling = counts.map { signature.space.scaling(at: $0) }
      logScaling = normals.map { types[$0] == .positive ? signature.space.scaling(at: $0) : nil }
    }

    /// 1 where a cell is NaN: [n, columns].
    package func missing(_ x: Tensor) -> Tensor {
      Tensor(shape: x.shape, scalars: x.scalars.map { $0.isNaN ? 1 : 0 })
    }

    /// The inputs of every row, zero where a cell is hidden: [n, inputs].
    ///
    /// The published code shows its prior network a hidden category as the first one; the mask beside it says the same of zeros.
    func coded(_ x: Tensor, hidden: Tensor) -> Tensor {
      let n = x.shape[0]
      // The logarithms of all counts at once: [n, counts].
      let logarithms = counts.isEmpty ? [] : selected(x, counts).affine(scale: 1, shift: 1).log().scalars
      return Tensor(shape: [n, inputs]) { y in
        y.update(repeating: 0, count: n * inputs)
        x.withScalars { x in
          hidden.withScalars { hidden in
            for row in 0..<n {
              for (column, kind) in layout.enumerated() where hidden[row * columns + column] == 0 {
                let (value, start) = (x[row * columns + column], row * inputs + offsets[column])
                switch kind {
                case .normal: y[start] = value
                case .count(let number):
                  y[start] = (logarithms[row * counts.count + number] - countScaling[number].offset) / countScaling[number].scale
                case .choice(.categorical, _, _): y[start + Int(value)] = 1
                case .choice(.ordinal, let categories, _): for k in 0..<categories - 1 { y[start + k] = Int(value) > k ? 1 : -1 }
                case .choice(.binary, _, _): y[start] = value == 1 ? 1 : -1
                }
              }
            }
          }
        }
      }
    }

    /// Some columns of [n, columns], a missing number being 0: [n, selection].
    func selected(_ x: Tensor, _ selection: [Int]) -> Tensor {
      let (n, columns, count) = (x.shape[0], columns, selection.count)
      return Tensor(shape: [n, count]) { y in
        x.withScalars { x in
          for row in 0..<n {
            for (index, column) in selection.enumerated() {
              let value = x[row * columns + column]
              y[row * count + index] = value.isNaN ? 0 : value
            }
          }
        }
      }
    }
  }
}
