import Tensors
import Testing

@Suite struct RandomKeyTests {
  private let key = RandomKey(seed: 7)

  // Literals from an implementation of Philox4x32-10 and Box-Muller in Python's integers and doubles.
  @Test("Seed 7 gives the keys it has always given")
  func frozenKeys() {
    #expect(key.bits == 0xe9b5_9555_5749_dadf)
    #expect(key.split("weights").bits == 0x1f1f_375e_50e9_9562)
    #expect(key.split(3).bits == 0xe400_d30a_66bb_ce8f)
    #expect(key.split(-1).bits == 0x2658_87d7_32ff_81b1)
  }

  @Test("Seed 7 draws what it has always drawn")
  func frozenDraws() {
    let normals: [Float] = [
      -0.3101200793657495, -0.14003896673513735, -0.3176837267351709, -0.7572714346782988, 1.2651880144627965, -2.059123249180122,
      1.7799434630855886, 1.0640927101745483, 1.3203550309938106, -0.5988390686037288,
    ]
    #expect(deviation(key.normal([2, 5]).scalars, normals) < 1e-6)
    let uniforms: [Float] = [
      0.9437512755393982, 0.5675061345100403, 0.7137721180915833, 0.6867817044258118, 0.2984101176261902, 0.02462249994277954, 0.3865535855293274,
      0.2374458909034729, 0.14203935861587524, 0.05440181493759155,
    ]
    #expect(key.uniform([2, 5]).scalars == uniforms)
    #expect(key.permutation(12) == [4, 6, 9, 3, 10, 11, 7, 1, 5, 0, 8, 2])
    let gumbels: [Float] = [2.849165245259965, 0.568271631941317, 1.087104172023986, 0.9788610866394686]
    #expect(deviation(RowKeys(key, rows: 0..<1).gumbel(4).scalars, gumbels) < 1e-6)
  }

  @Test("Keys by seed, purpose and index all differ from each other")
  func splitsAreDistinct() {
    let indices = (-50..<500).map { key.split($0) }
    let purposes = [key.split("weights"), key.split("noise"), key.split(""), key.split("a"), key.split("b")]
    let seeds = (0..<500).map { RandomKey(seed: UInt64($0)) }
    let nested = (0..<500).map { key.split("noise").split($0) }
    let all = indices + purposes + seeds + nested
    // Seed 7 itself is among the seeds.
    #expect(Set(all + [key]).count == all.count)
    #expect(key.split("a").split("b") != key.split("b").split("a"))
    #expect(key.split(1).split(2) != key.split(2).split(1))
  }

  /// Pairs of streams that must have nothing to do with each other.
  private static let streams: [(name: String, a: RandomKey, b: RandomKey)] = {
    let key = RandomKey(seed: 7)
    return [
      ("parent and child", key, key.split(0)),
      ("neighbouring indices", key.split(0), key.split(1)),
      ("purposes", key.split("a"), key.split("b")),
      ("neighbouring seeds", RandomKey(seed: 0), RandomKey(seed: 1)),
      ("child and grandchild", key.split("a"), key.split("a").split("a")),
    ]
  }()

  @Test("Streams of different keys, and of different rows of one key, are uncorrelated", arguments: streams)
  func independence(_ stream: (name: String, a: RandomKey, b: RandomKey)) {
    let n = 40_000
    // 4.5 standard errors; the seeds are fixed, so this either holds or never does.
    let bound = 4.5 / Double(n).squareRoot()
    let (a, b) = (stream.a.normal([2, n]), stream.b.normal([2, n]))
    let rows = [a, b].flatMap { [Array($0.scalars[..<n]), Array($0.scalars[n...])] }
    for i in rows.indices {
      for j in 0..<i { #expect(abs(correlation(rows[i], rows[j])) < bound) }
      // Box-Muller partners, and a number and the one after it.
      #expect(abs(correlation(rows[i], Array(rows[i].dropFirst() + [0]))) < bound)
      #expect(abs(correlation(rows[i].map { $0 * $0 }, Array(rows[i].dropFirst() + [1]).map { $0 * $0 })) < bound)
    }
  }

  @Test("Normals and uniforms have the moments of their distributions, and uniforms stay inside (0, 1)")
  func moments() {
    let n = 200_000
    let normals = key.split("normal").normal([4, n / 4]).scalars
    #expect(abs(moment(normals, 1)) < 4.5 / Double(n).squareRoot())
    #expect(abs(moment(normals, 2) - 1) < 4.5 * (2 / Double(n)).squareRoot())
    #expect(abs(moment(normals, 3)) < 4.5 * (15 / Double(n)).squareRoot())
    #expect(abs(moment(normals, 4) - 3) < 4.5 * (96 / Double(n)).squareRoot())
    let uniforms = key.split("uniform").uniform([4, n / 4]).scalars
    #expect(uniforms.allSatisfy { $0 > 0 && $0 < 1 })
    #expect(abs(moment(uniforms, 1) - 0.5) < 4.5 * (1.0 / 12 / Double(n)).squareRoot())
    #expect(abs(moment(uniforms, 2) - 1.0 / 3) < 4.5 * (4.0 / 45 / Double(n)).squareRoot())
  }

  @Test("A permutation holds every number once")
  func permutations() {
    for count in [0, 1, 2, 3, 1000] {
      #expect(key.permutation(count).sorted() == Array(0..<count))
    }
    #expect(key.permutation(1000) != key.split(0).permutation(1000))
  }

  @Test("All orders of five are equally frequent")
  func permutationsAreUniform() {
    let draws = 24_000
    var counts: [[Int]: Int] = [:]
    for draw in 0..<draws { counts[RandomKey(seed: 29).split(draw).permutation(5), default: 0] += 1 }
    let expected = Double(draws) / 120
    let statistic = counts.values.reduce(0.0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
    #expect(counts.count == 120)
    // The 0.001 and 0.999 quantiles of chi-square with 119 degrees of freedom.
    #expect(statistic > 75.5 && statistic < 172.8)
  }

  @Test("Draws fill any shape row by row; a shape without axes holds one draw")
  func shapes() {
    #expect(key.normal([3, 2, 2]).scalars == key.normal([3, 4]).scalars)
    #expect(key.normal([]).scalars == [key.normal([1, 1]).scalar])
    #expect(key.normal([0, 3]).shape == [0, 3])
    #expect(key.normal([2, 5]).slice(1, 0..<3).scalars == key.normal([2, 3]).scalars)
    #expect(key.normal([7, 5]).slice(0, 0..<2).scalars == key.normal([2, 5]).scalars)
  }
}

private func moment(_ x: [Float], _ power: Int) -> Double {
  x.reduce(0.0) { total, x in total + (0..<power).reduce(1.0) { product, _ in product * Double(x) } } / Double(x.count)
}

private func correlation(_ a: [Float], _ b: [Float]) -> Double {
  let (meanA, meanB) = (moment(a, 1), moment(b, 1))
  let covariance = zip(a, b).reduce(0.0) { $0 + (Double($1.0) - meanA) * (Double($1.1) - meanB) } / Double(a.count)
  let variances = (moment(a, 2) - meanA * meanA) * (moment(b, 2) - meanB * meanB)
  return covariance / variances.squareRoot()
}
