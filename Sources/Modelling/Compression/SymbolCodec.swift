package import Coding

/// The numbers of one item under p(x|z).
package enum SymbolCodec: Codec {
  case bernoulli(Coding.Bernoulli)
  case betaBinomial(Coding.BetaBinomial)
  case discretisedLogistic(Coding.DiscretisedLogistic)

  package func push(_ symbols: [Int], onto message: inout Message) throws(CodingError) {
    switch self {
    case .bernoulli(let codec): try codec.push(symbols, onto: &message)
    case .betaBinomial(let codec): try codec.push(symbols, onto: &message)
    case .discretisedLogistic(let codec): try codec.push(symbols, onto: &message)
    }
  }

  package func pop(from message: inout Message) throws(CodingError) -> [Int] {
    switch self {
    case .bernoulli(let codec): try codec.pop(from: &message)
    case .betaBinomial(let codec): try codec.pop(from: &message)
    case .discretisedLogistic(let codec): try codec.pop(from: &message)
    }
  }
}
