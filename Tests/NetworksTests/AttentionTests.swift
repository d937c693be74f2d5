import Networks
import Tensors
import Testing

@Suite struct AttentionTests {
  private static let attention = Attention(4, heads: 2, .drawing(RandomKey(seed: 81))).withWaves()
  private static let (x, memory) = (wave([2, 2, 4]), wave([2, 3, 4], 0.7))
  private static let first: [Float] = [1.0580101, 0.0356891, -0.7189902, 0.4161365, 1.1242316, -0.0190352, -0.7557664, 0.4906488]

  @Test("Names and answers are those of PyTorch's nn.MultiheadAttention")
  func answers() {
    #expect(Self.attention.leaves.map(\.leaf.path) == ["in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias"])
    let second: [Float] = [-0.5761848, 1.6536445, 0.0446377, -1.6127012, -0.680479, 1.7370945, 0.1040302, -1.7281083]
    #expect(deviation(Self.attention(Self.x, memory: Self.memory).scalars, Self.first + second) < 2e-6)
  }

  @Test("Places beyond a row's length don't count, as under PyTorch's mask")
  func lengths() {
    let second: [Float] = [-0.5785731, 1.7545883, -0.0072885, -1.6857053, -0.7207274, 1.8489886, 0.0840721, -1.8292637]
    #expect(deviation(Self.attention(Self.x, memory: Self.memory, lengths: [3, 2]).scalars, Self.first + second) < 2e-6)
  }

  @Test("A row's answer has the same bits alone, in a batch, and beside longer memories")
  func rowsAreIndependent() {
    let attention = Attention(16, heads: 4, .drawing(RandomKey(seed: 82)))
    let (x, memory, lengths) = (wave([5, 3, 16]), wave([5, 150, 16], 0.7), [150, 1, 40, 33, 128])
    let together = attention(x, memory: memory, lengths: lengths)
    for row in 0..<5 {
      let own = row..<row + 1
      let alone = attention(x.slice(0, own), memory: memory.slice(0, own).slice(1, 0..<lengths[row]))
      #expect(alone.scalars == together.slice(0, own).scalars)
    }
  }

  @Test("Where all places are alike the answer is theirs, whatever is asked")
  func alike() {
    let place = wave([1, 1, 4])
    let one = Self.attention(Self.x.slice(0, 0..<1), memory: place)
    let many = Self.attention(Self.x.slice(0, 0..<1), memory: place.expanded(to: [1, 9, 4]))
    #expect(deviation(many.scalars, one.scalars) < 1e-6)
    #expect(deviation(one.slice(1, 0..<1).scalars, one.slice(1, 1..<2).scalars) < 1e-6)
  }
}
