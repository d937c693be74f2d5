import Tensors
import Testing

@Suite struct RowKeysTests {
  private let key = RandomKey(seed: 31)

  /// Every kind of draw of so many columns.
  private static let draws: [@Sendable (RowKeys, Int) -> Tensor] = [
    { $0.normal($1) }, { $0.uniform($1) }, { $0.gumbel($1) }, { $0.bernoulli(.full([$0.count, $1], 0.4)) },
    { $0.split("noise").normal($1) }, { $0.split(5).uniform($1) },
  ]

  @Test("A row draws the same numbers alone, in a batch, at any place and beside strangers", arguments: draws)
  func rowsAreIndependent(_ draw: @Sendable (RowKeys, Int) -> Tensor) {
    let batch = RowKeys(key, rows: 0..<9)
    let whole = draw(batch, 7)
    for row in 0..<9 {
      let own = whole.slice(0, row..<row + 1).scalars
      #expect(draw(RowKeys(key, rows: row..<row + 1), 7).scalars == own)
      #expect(draw(batch.slice(row..<row + 1), 7).scalars == own)
      let crowd = RowKeys.joined([RowKeys(RandomKey(seed: 1), rows: 3..<5), RowKeys(key, rows: row..<row + 1), RowKeys(key, rows: 2..<4)])
      #expect(draw(crowd, 7).slice(0, 2..<3).scalars == own)
    }
    #expect(Set((0..<9).map { whole.slice(0, $0..<$0 + 1).scalars }).count > 1)
  }

  @Test("Fewer columns are a prefix of more, and fewer rows of more", arguments: draws)
  func prefixes(_ draw: @Sendable (RowKeys, Int) -> Tensor) {
    let large = draw(RowKeys(key, rows: 0..<8), 33)
    for columns in [0, 1, 2, 3, 4, 5, 16, 32] {
      #expect(draw(RowKeys(key, rows: 0..<3), columns).scalars == large.slice(0, 0..<3).slice(1, 0..<columns).scalars)
    }
  }

  @Test("Joining draws one part after the other, and cutting what was joined gives the parts back", arguments: draws)
  func joinedAndCut(_ draw: @Sendable (RowKeys, Int) -> Tensor) {
    let parts = [RowKeys(key, rows: 4..<7), RowKeys(RandomKey(seed: 2), rows: 0..<1), RowKeys(key.split(1), rows: 0..<0), RowKeys(key, rows: 0..<5)]
    let joined = RowKeys.joined(parts)
    #expect(joined.count == 9)
    let whole = draw(joined, 6)
    #expect(whole.scalars == Tensor.concatenated(parts.map { draw($0, 6) }).scalars)
    for lower in 0...9 {
      for upper in lower...9 {
        let part = joined.slice(lower..<upper)
        #expect(part.count == upper - lower)
        #expect(draw(part, 6).scalars == whole.slice(0, lower..<upper).scalars)
      }
    }
    #expect(draw(joined.slice(2..<8).slice(1..<4), 6).scalars == whole.slice(0, 3..<6).scalars)
  }

  @Test("Row numbers far beyond 32 bits draw numbers of their own")
  func largeRows() {
    let far = RowKeys(key, rows: 1 << 40..<(1 << 40) + 1).uniform(4)
    #expect(far.scalars != RowKeys(key, rows: 0..<1).uniform(4).scalars)
    #expect(far.scalars != RowKeys(key, rows: 1 << 8..<(1 << 8) + 1).uniform(4).scalars)
  }

  @Test("Bernoulli draws are 1 as often as their probability says, never at 0 and always at 1")
  func bernoulli() {
    let (rows, columns) = (500, 200)
    for p in [Float(0.05), 0.3, 0.5, 0.9] {
      let draws = RowKeys(key, rows: 0..<rows).split("bernoulli").bernoulli(.full([rows, columns], p))
      let n = Double(rows * columns)
      #expect(draws.scalars.allSatisfy { $0 == 0 || $0 == 1 })
      #expect(abs(Double(draws.mean().scalar) - Double(p)) < 4.5 * (Double(p) * (1 - Double(p)) / n).squareRoot())
    }
    #expect(RowKeys(key, rows: 0..<rows).bernoulli(.zeros([rows, columns])).sum().scalar == 0)
    #expect(RowKeys(key, rows: 0..<rows).bernoulli(.ones([rows, columns])).sum().scalar == Float(rows * columns))
  }

  @Test("Gumbel draws have mean 0.5772 and variance pi^2 / 6, and their largest plus logits chooses as softmax does")
  func gumbel() {
    let n = 100_000
    let draws = RowKeys(key, rows: 0..<n / 100).split("gumbel").gumbel(100).scalars.map(Double.init)
    let mean = draws.reduce(0, +) / Double(n)
    let variance = draws.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(n)
    let expectedVariance = Double.pi * Double.pi / 6
    #expect(abs(mean - 0.5772156649) < 4.5 * (expectedVariance / Double(n)).squareRoot())
    // The kurtosis is 5.4, so a sample variance has the relative variance 4.4 / n.
    #expect(abs(variance / expectedVariance - 1) < 4.5 * (4.4 / Double(n)).squareRoot())

    let logits = Tensor(rows: [[0.5, -1, 1.5]])
    let probabilities = logits.softmax().scalars.map(Double.init)
    let choices = (RowKeys(key, rows: 0..<50_000).gumbel(3) + logits).argmaxRows()
    for (choice, p) in probabilities.enumerated() {
      let frequency = Double(choices.count { $0 == choice }) / 50_000
      #expect(abs(frequency - p) < 4.5 * (p * (1 - p) / 50_000).squareRoot())
    }
  }
}
