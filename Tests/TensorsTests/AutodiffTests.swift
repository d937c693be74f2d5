import Tensors
import Testing

@Suite struct AutodiffTests {
  @Test("A tensor nobody watches has no identity, no history and no gradient")
  func unwatched() {
    let x = Tensor([1, 2, 3])
    #expect(x.identity == nil)
    #expect(x.backward(from: x)[x] == nil)
    let watched = x.watched()
    #expect(watched.isWatched)
    #expect(!watched.detached.isWatched)
    #expect(!watched.exp().detached.isWatched)
  }

  @Test("The gradient of a tensor with respect to itself is the cotangent")
  func itself() {
    let x = Tensor([1, 2]).watched()
    #expect(x.backward(from: Tensor([5, 7]))[x]?.scalars == [5, 7])
  }

  @Test("A shared expression's contributions add up before they are passed on")
  func sharedExpressions() {
    // f = (x² + x²) x² + x = 2 x⁴ + x
    let x = Tensor([2, -1]).watched()
    let square = x.squared()
    let gradient = ((square + square) * square + x).sum().backward()[x]
    #expect(gradient?.scalars == [65, -7])
  }

  @Test("Thirty squarings of one sum take thirty steps, not 2^30")
  func sharingIsNotUnfolded() {
    let x = Tensor(1).watched()
    var y = x
    for _ in 0..<30 { y = (y + y) * 0.5 }
    #expect(y.backward()[x]?.scalar == 1)
  }

  @Test("A tensor watched twice starts two histories")
  func watchedTwice() {
    let outer = Tensor(3).watched()
    let inner = outer.squared().watched()
    let gradients = inner.squared().backward()
    #expect(gradients[inner]?.scalar == 18)
    #expect(gradients[outer] == nil)
  }

  @Test("Tensors that the result does not depend on have no gradient")
  func unrelated() {
    let (x, y) = (Tensor(1).watched(), Tensor(2).watched())
    let gradients = x.exp().backward()
    #expect(gradients[x] != nil)
    #expect(gradients[y] == nil)
  }

  @Test("Gradients outlive their tensors and are not mistaken for those of later ones")
  func gradientsAreNotRecycled() {
    var kept: [Gradients] = []
    for _ in 0..<100 { kept.append(Tensor(1).watched().exp().backward()) }
    for _ in 0..<100 {
      let later = Tensor(1).watched()
      #expect(kept.allSatisfy { $0[later] == nil })
    }
  }

  @Test("A chain of 100,000 sums is differentiated and freed without deep recursion")
  func deepChain() {
    let x = Tensor([1, 2]).watched()
    var y = x
    for _ in 0..<100_000 { y = y + x }
    #expect(y.sum().backward()[x]?.scalars == [100_001, 100_001])
  }

  @Test("A deep chain with shared steps and several ends is freed without deep recursion")
  func deepSharedChain() {
    var ends: [Tensor] = []
    var y = Tensor(1).watched()
    for step in 0..<100_000 {
      y = (y + y) * 0.5
      if step % 10_000 == 0 { ends.append(y) }
    }
    y = Tensor(0)
    #expect(ends.count == 10)
    while !ends.isEmpty { ends.removeFirst() }
  }

  @Test("A history is freed on two threads at once")
  func concurrentRelease() async {
    for _ in 0..<20 {
      var y = Tensor(1).watched()
      for _ in 0..<2_000 { y = (y + y) * 0.5 }
      let (left, right) = (y + 1, y + 2)
      y = Tensor(0)
      await withTaskGroup(of: Bool.self) { group in
        for end in [left, right] { group.addTask { end.isWatched } }
        for await isWatched in group { #expect(isWatched) }
      }
    }
  }

  @Test("A tensor that is alone with its scalars is updated in place; one that shares them is copied first")
  func updateInPlace() {
    func address(_ tensor: Tensor) -> UInt { tensor.withScalars { UInt(bitPattern: $0) } }
    var x = Tensor.ones([1000])
    let before = address(x)
    x.update { $0[3] = 7 }
    #expect(address(x) == before)
    let copy = x
    x.update { $0[3] = 8 }
    #expect(copy.scalars[3] == 7)
    #expect(x.scalars[3] == 8)
    #expect(address(x) != address(copy))
  }

  @Test("Updating a watched tensor leaves its history behind")
  func updateForgetsHistory() {
    var x = Tensor([1, 2]).watched().exp()
    x.update { $0[0] = 0 }
    #expect(!x.isWatched)
    #expect(x.scalars[0] == 0)
  }
}
