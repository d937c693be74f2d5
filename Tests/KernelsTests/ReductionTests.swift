import CKernels
import CKernels.Testing
import Foundation
import Testing

@Suite("Reductions") struct ReductionTests {
  static let lengths = Array(0...70) + [127, 128, 129, 200, 784, 1000]

  /// A plain double sum is itself wrong by 1e-14 here, more than the kernel; Neumaier's keeps what each addition loses.
  static func compensatedSum(_ values: [Double]) -> Double {
    var (sum, lost) = (0.0, 0.0)
    for value in values {
      let next = sum + value
      lost += abs(sum) >= abs(value) ? (sum - next) + value : (value - next) + sum
      sum = next
    }
    return sum + lost
  }

  @Test("sums agree with double-precision sums", arguments: InstructionSet.all)
  func sums(set: InstructionSet) {
    for n in Self.lengths {
      var numbers = TestNumbers(seed: UInt64(n))
      let (a, b) = (numbers.floats(n), numbers.floats(n))
      let size = a.reduce(0.0) { $0 + Double(abs($1)) } + 1e-30
      #expect(abs(Double(set.kernels.sum(a, n)) - a.reduce(0.0) { $0 + Double($1) }) <= 2e-7 * size)
      let squares = Self.compensatedSum(a.map { Double($0) * Double($0) })
      #expect(abs(set.kernels.sum_of_squares(a, n) - squares) <= 1e-15 * squares)
      var dot: [Float] = [0]
      set.kernels.row_dots(a, b, &dot, 1, n)
      let products = zip(a, b).map { Double($0) * Double($1) }
      #expect(abs(Double(dot[0]) - products.reduce(0, +)) <= 2e-7 * (products.reduce(0) { $0 + abs($1) } + 1e-30))
    }
  }

  @Test("a row's result is that of the row alone, and a row sum is the sum of the row", arguments: InstructionSet.all)
  func rowIndependence(set: InstructionSet) {
    let kernels = set.kernels
    let reductions: [(String, ([Float], [Float], inout [Float], Int, Int) -> Void)] = [
      ("row_sums", { kernels.row_sums($0, &$2, $3, $4) }), ("row_maxima", { kernels.row_maxima($0, &$2, $3, $4) }),
      ("log_sum_exp_rows", { kernels.log_sum_exp_rows($0, &$2, $3, $4) }), ("row_dots", { kernels.row_dots($0, $1, &$2, $3, $4) }),
      ("bernoulli_rows", { kernels.bernoulli_rows($0, $1, &$2, $3, $4) }),
    ]
    for columns in Self.lengths where columns > 0 {
      let rows = 7
      var numbers = TestNumbers(seed: UInt64(columns))
      let (a, b) = (numbers.floats(rows * columns), numbers.floats(rows * columns))
      for (name, reduce) in reductions {
        var together = [Float](repeating: 0, count: rows)
        reduce(a, b, &together, rows, columns)
        for row in 0..<rows {
          let range = row * columns..<(row + 1) * columns
          var alone: [Float] = [0]
          reduce(Array(a[range]), Array(b[range]), &alone, 1, columns)
          #expect(bits(alone) == bits([together[row]]), "\(name), \(columns) columns")
          if name == "row_sums" { #expect(alone[0] == kernels.sum(Array(a[range]), columns)) }
        }
      }
      var (softmax, alone) = (a, Array(a[..<columns]))
      kernels.softmax_rows(a, &softmax, rows, columns)
      kernels.softmax_rows(alone, &alone, 1, columns)
      #expect(bits(alone) == bits(Array(softmax[..<columns])))
    }
  }

  @Test("column sums add the rows in ascending order", arguments: InstructionSet.all)
  func columnSums(set: InstructionSet) {
    for rows in [0, 1, 2, 3, 4, 5, 8, 11, 30] {
      for columns in [1, 5, 16, 17, 33, 100] {
        var numbers = TestNumbers(seed: UInt64(rows))
        let x = numbers.floats(rows * columns)
        var y = [Float](repeating: .nan, count: columns)
        set.kernels.column_sums(x, &y, rows, columns, columns)
        #expect(y == (0..<columns).map { column in (0..<rows).reduce(0) { $0 + x[$1 * columns + column] } })
      }
    }
  }

  @Test("maxima, softmax and log-sum-exp agree with their definitions", arguments: InstructionSet.all)
  func exponentials(set: InstructionSet) {
    for columns in Self.lengths where columns > 0 {
      var numbers = TestNumbers(seed: UInt64(columns))
      let x = numbers.floats(3 * columns, in: -30...30)
      var (maxima, sums, softmax) = ([Float](repeating: 0, count: 3), [Float](repeating: 0, count: 3), x)
      set.kernels.row_maxima(x, &maxima, 3, columns)
      set.kernels.log_sum_exp_rows(x, &sums, 3, columns)
      set.kernels.softmax_rows(x, &softmax, 3, columns)
      for row in 0..<3 {
        let values = x[row * columns..<(row + 1) * columns]
        let total = values.reduce(0.0) { $0 + exp(Double($1)) }
        #expect(maxima[row] == values.max())
        #expect(abs(Double(sums[row]) - log(total)) < 4e-6)
        for (j, value) in values.enumerated() {
          let p = exp(Double(value)) / total
          // The shift by the maximum is rounded to float32; half its last place becomes a relative error of the exponential.
          let shift = Double((value - maxima[row]).ulp) / 2
          #expect(abs(Double(softmax[row * columns + j]) - p) <= (5e-7 + shift) * p + 1e-38)
        }
      }
    }
  }

  @Test("infinite and missing numbers pass through reductions as IEEE and the contract say", arguments: InstructionSet.all)
  func specialValues(set: InstructionSet) {
    for columns in [1, 3, 16, 40, 70] {
      var result: [Float] = [0]
      set.kernels.log_sum_exp_rows([Float](repeating: -.infinity, count: columns), &result, 1, columns)
      #expect(result[0] == -.infinity)
      var x = [Float](repeating: 0, count: columns)
      x[columns - 1] = .infinity
      set.kernels.log_sum_exp_rows(x, &result, 1, columns)
      #expect(result[0] == .infinity)
      for place in [0, columns / 2, columns - 1] {
        var x = [Float](repeating: 1, count: columns)
        x[place] = .nan
        set.kernels.row_maxima(x, &result, 1, columns)
        #expect(result[0].isNaN)
        set.kernels.log_sum_exp_rows(x, &result, 1, columns)
        #expect(result[0].isNaN)
      }
      x = [Float](repeating: -.infinity, count: columns)
      x[0] = 500
      var y = x
      set.kernels.softmax_rows(x, &y, 1, columns)
      #expect(y[0] == 1 && y.dropFirst().allSatisfy { $0 == 0 })
    }
  }
}
