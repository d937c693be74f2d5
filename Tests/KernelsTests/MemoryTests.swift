import CKernels
import Testing

@Suite("Scratch memory", .serialized) struct MemoryTests {
  @Test("blocks begin on a cache line and keep what is written while others come and go, kept between calls or not", arguments: [false, true])
  func blocks(keeps: Bool) {
    // Once on it stays on, so the run without it comes first.
    if keeps { kernel_keep_freed_blocks() }
    let counts = [1, 1000, 16, 0, 5000, 300, 70_000, 2]
    for round in 0..<3 {
      let taken = counts.map { count -> (memory: UnsafeMutablePointer<Float>, count: Int, mark: Float) in
        let memory = kernel_take_scratch(count)!
        let mark = Float(round * 100 + count)
        memory.update(repeating: mark, count: count)
        return (memory, count, mark)
      }
      for (memory, count, mark) in taken {
        #expect(UInt(bitPattern: memory) % 64 == 0)
        #expect((0..<count).allSatisfy { memory[$0] == mark })
      }
      #expect(Set(taken.map(\.memory)).count == counts.count)
      for block in round == 1 ? taken.reversed() : taken { kernel_give_scratch(block.memory) }
    }
  }
}
