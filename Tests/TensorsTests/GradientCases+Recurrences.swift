import Tensors

extension GradientCases {
  /// Widths that fill no vector, and one beyond it; hidden states and the last cell count alike.
  static let recurrences: [Differentiable] = [(steps: 1, rows: 2, width: 3), (4, 3, 2), (3, 2, 17)].flatMap { steps, rows, width in
    [
      Differentiable(
        "LSTM of \(steps) steps, width \(width)", point([steps, rows, 4 * width]), point([4 * width, width], 1) * 0.3, point([rows, width], 2),
        point([rows, width], 3)
      ) {
        let (hidden, cell) = $0[0].lstm(weight: $0[1], hidden: $0[2], cell: $0[3])
        return hidden + cell
      },
      Differentiable(
        "GRU of \(steps) steps, width \(width)", point([steps, rows, 3 * width]), point([3 * width, width], 1) * 0.3, point([3 * width], 2),
        point([rows, width], 3)
      ) { $0[0].gru(weight: $0[1], bias: $0[2], hidden: $0[3]) },
    ]
  }
}
