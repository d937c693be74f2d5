/// Arithmetic on runs of doubles, eight at a time; a sum has eight parts and so one order, on every machine.
enum SIMDDoubles {
  typealias Eight = SIMD8<Double>

  /// Numbers i to i + 7 of n, 0 beyond the end.
  @inline(__always)
  static func load(_ p: UnsafePointer<Double>, _ i: Int, _ n: Int) -> Eight {
    if i + 8 <= n { return UnsafeRawPointer(p + i).loadUnaligned(as: Eight.self) }
    var eight = Eight.zero
    for lane in 0..<n - i { eight[lane] = p[i + lane] }
    return eight
  }

  @inline(__always)
  static func load(_ p: UnsafePointer<Float>, _ i: Int, _ n: Int) -> Eight {
    if i + 8 <= n { return Eight(UnsafeRawPointer(p + i).loadUnaligned(as: SIMD8<Float>.self)) }
    var eight = Eight.zero
    for lane in 0..<n - i { eight[lane] = Double(p[i + lane]) }
    return eight
  }

  @inline(__always)
  static func store(_ eight: Eight, _ p: UnsafeMutablePointer<Double>, _ i: Int, _ n: Int) {
    if i + 8 <= n { return UnsafeMutableRawPointer(p + i).storeBytes(of: eight, as: Eight.self) }
    for lane in 0..<n - i { p[i + lane] = eight[lane] }
  }

  @inline(__always)
  static func store(_ eight: SIMD8<Float>, _ p: UnsafeMutablePointer<Float>, _ i: Int, _ n: Int) {
    if i + 8 <= n { return UnsafeMutableRawPointer(p + i).storeBytes(of: eight, as: SIMD8<Float>.self) }
    for lane in 0..<n - i { p[i + lane] = eight[lane] }
  }

  /// p[i...] = body(i...), for i = 0, 8, 16, ... below n.
  @inline(__always)
  static func fill(_ p: UnsafeMutablePointer<Double>, _ n: Int, _ body: (Int) -> Eight) {
    var i = 0
    while i < n {
      store(body(i), p, i, n)
      i += 8
    }
  }

  /// Σ body(i...), whose lanes beyond the end must be 0.
  @inline(__always)
  static func sum(_ n: Int, _ body: (Int) -> Eight) -> Double {
    var (total, i) = (Eight.zero, 0)
    while i < n {
      total += body(i)
      i += 8
    }
    return total.sum()
  }

  @inline(__always)
  static func clamp(_ x: Eight, _ low: Eight, _ high: Eight) -> Eight {
    let raised = x.replacing(with: low, where: x .< low)
    return raised.replacing(with: high, where: raised .> high)
  }

  @inline(__always)
  static func magnitude(_ x: Eight) -> Eight { x.replacing(with: -x, where: x .< Eight.zero) }
}
