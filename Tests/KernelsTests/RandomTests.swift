import CKernels
import CKernels.Testing
import Foundation
import Testing

@Suite("Random numbers") struct RandomTests {
  /// Random123's kat_vectors, philox4x32 with 10 rounds.
  @Test("Philox gives the published answers", arguments: InstructionSet.all)
  func knownAnswers(set: InstructionSet) {
    func block(_ counter: (UInt64, UInt64), key: UInt64) -> [UInt32] {
      // A row can't be read from its middle, so the counter's block number is only reached through derive_key, which gives the first two words.
      let two = set.kernels.derive_key(key, counter.0, counter.1)
      return [UInt32(truncatingIfNeeded: two), UInt32(two >> 32)]
    }
    var words = [UInt32](repeating: 0, count: 4)
    set.kernels.philox(0, 0, 4, &words)
    #expect(words == [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8])
    #expect(block((.max, .max), key: .max) == [0x408f_276d, 0x41c8_3b0e])
    #expect(block((0x85a3_08d3_243f_6a88, 0x0370_7344_1319_8a2e), key: 0x299f_31d0_a409_3822) == [0xd16c_fe09, 0x94fd_cceb])
  }

  @Test("block b of a row has the counter (b, row), whatever the vector width", arguments: InstructionSet.all)
  func blocks(set: InstructionSet) {
    let (key, row): (UInt64, UInt64) = (0xfeed_beef_1234_5678, 0x1_0000_0007)
    var words = [UInt32](repeating: 0, count: 403)
    set.kernels.philox(key, row, 403, &words)
    for block in 0..<100 { #expect(Self.philox((UInt64(block), row), key: key) == Array(words[4 * block..<4 * block + 4])) }
  }

  /// The definition of Philox4x32-10 in Salmon et al. 2011, section 4.
  static func philox(_ counter: (UInt64, UInt64), key: UInt64) -> [UInt32] {
    var c = [counter.0, counter.0 >> 32, counter.1, counter.1 >> 32].map { UInt32(truncatingIfNeeded: $0) }
    var k = [key, key >> 32].map { UInt32(truncatingIfNeeded: $0) }
    for _ in 0..<10 {
      let (p, q) = (c[0].multipliedFullWidth(by: 0xD251_1F53), c[2].multipliedFullWidth(by: 0xCD9E_8D57))
      c = [q.high ^ c[1] ^ k[0], q.low, p.high ^ c[3] ^ k[1], p.low]
      k = [k[0] &+ 0x9E37_79B9, k[1] &+ 0xBB67_AE85]
    }
    return c
  }

  @Test("the reference itself gives the published answers")
  func reference() {
    #expect(Self.philox((.max, .max), key: .max) == [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd])
    #expect(
      Self.philox((0x85a3_08d3_243f_6a88, 0x0370_7344_1319_8a2e), key: 0x299f_31d0_a409_3822)
        == [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1])
  }

  @Test("a row's numbers are a prefix of a longer row's", arguments: InstructionSet.all)
  func prefixes(set: InstructionSet) {
    var (words, uniforms, normals) = ([UInt32](repeating: 0, count: 300), [Float](repeating: 0, count: 300), [Float](repeating: 0, count: 300))
    set.kernels.philox(9, 3, 300, &words)
    set.kernels.uniform(9, 3, 300, &uniforms)
    set.kernels.normal(9, 3, 300, &normals)
    for n in 0...140 {
      var (w, u, z) = ([UInt32](repeating: 0, count: n), [Float](repeating: 0, count: n), [Float](repeating: 0, count: n))
      set.kernels.philox(9, 3, n, &w)
      set.kernels.uniform(9, 3, n, &u)
      set.kernels.normal(9, 3, n, &z)
      #expect(w == Array(words[..<n]) && u == Array(uniforms[..<n]) && bits(z) == bits(Array(normals[..<n])), "n = \(n)")
    }
  }

  @Test("uniform and normal numbers are the stated functions of the words", arguments: InstructionSet.all)
  func formulas(set: InstructionSet) {
    let n = 200_000
    var (words, uniforms, normals) = ([UInt32](repeating: 0, count: n), [Float](repeating: 0, count: n), [Float](repeating: 0, count: n))
    set.kernels.philox(77, 5, n, &words)
    set.kernels.uniform(77, 5, n, &uniforms)
    set.kernels.normal(77, 5, n, &normals)
    #expect(zip(uniforms, words).allSatisfy { $0 == (Float($1 >> 9) + 0.5) * 0x1p-23 })
    #expect(uniforms.allSatisfy { $0 > 0 && $0 < 1 })
    var worst = 0.0
    for j in stride(from: 0, to: n, by: 2) {
      let (u, angle) = ((Double(words[j]) + 0.5) * 0x1p-32, 2 * Double.pi * Double(words[j + 1]) * 0x1p-32)
      let radius = (-2 * log(u)).squareRoot()
      worst = max(worst, abs(Double(normals[j]) - radius * cos(angle)) / radius, abs(Double(normals[j + 1]) - radius * sin(angle)) / radius)
    }
    #expect(worst < 4e-7, "largest error relative to the radius: \(worst)")
  }

  @Test("normal numbers have the moments and tails of the normal distribution", arguments: InstructionSet.all)
  func moments(set: InstructionSet) {
    let (rows, columns) = (64, 31250)  // 2 million
    var moments = [Double](repeating: 0, count: 5)
    var beyond = [0, 0, 0]
    var neighbours = 0.0
    for row in 0..<rows {
      var z = [Float](repeating: 0, count: columns)
      set.kernels.normal(2024, UInt64(row), columns, &z)
      for (i, value) in z.enumerated() {
        let v = Double(value)
        for (power, term) in [1, v, v * v, v * v * v, v * v * v * v].enumerated() { moments[power] += term }
        for (index, limit) in [1.0, 2, 4].enumerated() where abs(v) > limit { beyond[index] += 1 }
        if i > 0 { neighbours += v * Double(z[i - 1]) }
      }
    }
    let n = moments[0]
    // Standard errors of the mean of z^k: sqrt(1, 2, 15, 96) / sqrt(n); five of them allowed.
    for (power, (expected, variance)) in [(0.0, 1.0), (1, 2), (0, 15), (3, 96)].enumerated() {
      #expect(abs(moments[power + 1] / n - expected) < 5 * (variance / n).squareRoot(), "moment \(power + 1)")
    }
    #expect(abs(neighbours / n) < 5 / n.squareRoot())
    for (count, limit) in zip(beyond, [1.0, 2, 4]) {
      let p = erfc(limit / 2.0.squareRoot())
      #expect(abs(Double(count) - n * p) < 5 * (n * p).squareRoot(), "beyond \(limit)")
    }
  }
}
