/// The share of a symbol among the 2^precision slots of a distribution: the slots start ..< start + frequency.
///
///     0                                                            2^precision
///     |-----a-----|---------b----------|-----------c----------|--d--|
///                 |<---- frequency --->|
///               start
struct Interval: Equatable {
  var start: UInt32
  var frequency: UInt32

  @inline(__always)
  init(start: UInt32, frequency: UInt32) {
    self.start = start
    self.frequency = frequency
  }

  @inline(__always)
  init(_ start: UInt32, upTo end: UInt32) { self.init(start: start, frequency: end - start) }
}

/// The bin of 0 ..< count that holds a slot: a search on the integer cdf itself, so that it can't disagree with what a push looks up.
/// - Parameters:
///   - guess: where to look first; a bad one costs time alone.
///   - cdf: integers that never fall, 0 at 0; asked between 0 and `count` exclusively.
@inline(__always)
func bin(holding slot: UInt32, of count: Int, precision: Int, near guess: Int, cdf: (Int) -> UInt32) -> (Int, Interval) {
  // Always cdf(low) = start <= slot < end = cdf(high).
  var low = 0
  var start: UInt32 = 0
  var high = count
  var end = UInt32(1) << UInt32(precision)
  var stride = 1
  var probe = guess
  // Strides double until the slot lies between two probes, then the distance between those halves.
  var rising = false
  var falling = false
  while high - low > 1 {
    if probe <= low || probe >= high { probe = low + (high - low) / 2 }
    let c = cdf(probe)
    if c <= slot {
      (low, start, rising) = (probe, c, true)
      probe = falling ? low + (high - low) / 2 : low + stride
    } else {
      (high, end, falling) = (probe, c, true)
      probe = rising ? low + (high - low) / 2 : high - stride
    }
    stride *= 2
  }
  return (low, Interval(start, upTo: end))
}
