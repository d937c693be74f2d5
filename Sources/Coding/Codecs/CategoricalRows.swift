/// Independent symbols, each with a distribution of its own.
package struct CategoricalRows: WeightedCodec {
  package let alphabet: Int
  package let precision: Int
  private let logits: [Float]

  /// - Parameter logits: [symbols, alphabet], any finite numbers; a row's probabilities are their softmax.
  package init(logits: [Float], alphabet: Int, precision: Int = 24) throws(CodingError) {
    self.precision = try Precision.checked(precision, symbols: alphabet)
    guard logits.count % alphabet == 0 else {
      throw CodingError(.parameter, "logits", given: "\(logits.count)", expected: "a multiple of the alphabet, \(alphabet)")
    }
    self.logits = try Parameters.checked(logits, "logits")
    self.alphabet = alphabet
  }

  package var count: Int { logits.count / alphabet }

  func weigh(_ places: Range<Int>, _ weights: UnsafeMutableBufferPointer<SIMD8<Double>>) {
    let lanes = Cumulative.lanes
    logits.withUnsafeBufferPointer { logits in
      weights.withMemoryRebound(to: Double.self) { weights in
        for lane in 0..<lanes {
          let place = places.lowerBound + lane
          guard place < places.upperBound else {
            for symbol in 0..<alphabet { weights[symbol * lanes + lane] = 1 }
            continue
          }
          let row = UnsafeBufferPointer(rebasing: logits[place * alphabet..<(place + 1) * alphabet])
          var largest = -Float.infinity
          for logit in row { largest = max(largest, logit) }
          for symbol in 0..<alphabet { weights[symbol * lanes + lane] = Exponential.exp(Double(row[symbol]) - Double(largest)) }
        }
      }
    }
  }
}
