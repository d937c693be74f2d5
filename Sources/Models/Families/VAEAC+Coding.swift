package import Tensors

extension VAEAC {
  /// How the columns of a table are laid out in the networks' inputs and outputs: one number a real column, a one-hot vector a categorical one.
  ///
  /// Inputs are in the order of the columns. Outputs are the means of all real columns, then their raw deviations, then the logits column by column.
  package struct Coding: Sendable {
    enum Column: Sendable {
      /// The real column of this number, counted among real ones.
      case real(Int)
      /// Categories, and where the logits begin.
      case categorical(Int, logits: Int)
    }

    let layout: [Column]
    /// The columns that are real, by their number in the table.
    let reals: [Int]
    /// Where every column begins in the inputs.
    let offsets: [Int]
    let inputs: Int
    package let outputs: Int

    var columns: Int { layout.count }

    init(_ signature: Signature) {
      let sizes: [Int?] = signature.columns?.map { $0.categories?.count } ?? [Int?](repeating: nil, count: signature.width)
      let reals = sizes.indices.filter { sizes[$0] == nil }
      var (layout, offsets): ([Column], [Int]) = ([], [])
      var (input, real, logits) = (0, 0, 2 * reals.count)
      for size in sizes {
        offsets.append(input)
        if let size {
          layout.append(.categorical(size, logits: logits))
          logits += size
        } else {
          layout.append(.real(real))
          real += 1
        }
        input += size ?? 1
      }
      (self.layout, self.reals, self.offsets, inputs, outputs) = (layout, reals, offsets, input, logits)
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
      return Tensor(shape: [n, inputs]) { y in
        y.update(repeating: 0, count: n * inputs)
        x.withScalars { x in
          hidden.withScalars { hidden in
            for row in 0..<n {
              for (column, kind) in layout.enumerated() where hidden[row * columns + column] == 0 {
                let value = x[row * columns + column]
                switch kind {
                case .real: y[row * inputs + offsets[column]] = value
                case .categorical: y[row * inputs + offsets[column] + Int(value)] = 1
                }
              }
            }
          }
        }
      }
    }
  }
}
