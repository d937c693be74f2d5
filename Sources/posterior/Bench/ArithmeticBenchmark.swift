import ArgumentParser
import Benchmarking
import Families
import Modelling
import Tensors

/// `posterior bench arithmetic`: decoding in process, without server or encoding, beside the machine's peak and OpenBLAS on the same products.
struct ArithmeticBenchmark: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "arithmetic", abstract: "Time decoders with random weights, in process.",
    discussion:
      "One line a number of rows: median microseconds of one call, its share of the machine's peak, and OpenBLAS's sgemm of the same products.")

  /// Decoders that other runtimes can be given too; see deploy/bench/decoder_onnx.py.
  enum Network: String, CaseIterable, ExpressibleByArgument {
    case reference
    case convolutional28 = "convolutional-28"
    case convolutional64 = "convolutional-64"

    func model() throws -> VAE {
      let key = RandomKey(seed: 1)
      let stack = [ConvolutionSpecification(channels: 32, kernel: 4, stride: 2, padding: 1), .init(channels: 64, kernel: 4, stride: 2, padding: 1)]
      return switch self {
      case .reference: try VAE(.init(latent: 64, hidden: [512, 512]), signature: .image(height: 28, width: 28), key: key).packed()
      case .convolutional28:
        try VAE(.init(latent: 64, hidden: [256], convolutions: stack), signature: .image(height: 28, width: 28), key: key).packed()
      case .convolutional64:
        try VAE(
          .init(latent: 64, hidden: [256], convolutions: stack + [.init(channels: 128, kernel: 4, stride: 2, padding: 1)]),
          signature: .image(height: 64, width: 64, channels: 3), key: key
        ).packed()
      }
    }
  }

  @Option(help: "\(Network.allCases.map(\.rawValue).joined(separator: ", ")).") var network: Network = .reference
  @Option(parsing: .upToNextOption, help: "Rows decoded together.") var rows: [Int] = [1, 16, 64, 256]
  @Option(help: "Threads a call.") var threads = 1
  @Option(help: "Measurements, of which the median counts.") var rounds = 15
  @Flag(help: "Only numbers, tab-separated: rows, microseconds, sgemm's microseconds on one thread or 0, per cent of the peak.") var plain = false

  func validate() throws {
    guard rows.allSatisfy({ (1...65_536).contains($0) }), !rows.isEmpty else { throw ValidationError("--rows are 1 to 65536.") }
    guard (1...256).contains(threads) else { throw ValidationError("--threads is \(threads), expected 1 to 256.") }
    guard (1...10_000).contains(rounds) else { throw ValidationError("--rounds is \(rounds), expected 1 to 10000.") }
  }

  func run() async throws {
    Parallelism.width = threads
    let model = try network.model()
    var machine = BenchedMachine(threads: threads)
    if !plain { print("\(network.rawValue) decoder, \(threads) thread\(threads == 1 ? "" : "s")") }
    for rows in rows {
      let keys = RowKeys(RandomKey(seed: 2), rows: 0..<rows)
      let calls = max(3, 2_000 / rows)
      let products = try ProductRecorder.record { _ = try model.sample(keys, SampleOptions(mean: true)) }
      var (own, yardstick): ([Double], [Double]) = ([], [])
      // In turn, so that both see the same machine.
      for _ in 0..<rounds {
        own.append(try microseconds(calls) { _ = try model.sample(keys, SampleOptions(mean: true)) })
        if let library = machine.openBLAS { yardstick.append(1e6 / library.rate(products, threads: 1, seconds: 1e-6 * own[0] * Double(calls))) }
      }
      machine.measureAgain()
      let (time, reference) = (own.median, yardstick.isEmpty ? 0 : yardstick.median)
      let multiplyAddsPerSecond = Double(products.reduce(0) { $0 + $1.multiplyAdds }) / (1e-6 * time)
      if plain {
        let percent = machine.limits.percent(multiplyAddsPerSecond: multiplyAddsPerSecond)
        print("\(rows)\t\(time.rounded(to: 2))\t\(reference.rounded(to: 2))\t\(percent.rounded(to: 2))")
      } else {
        let beside = reference > 0 ? "; sgemm \(reference.rounded(to: 1)) us on one thread, ratio \((reference / time).rounded(to: 2))" : ""
        print("\(rows) rows: \(time.rounded(to: 1)) us, \(machine.share(multiplyAddsPerSecond: multiplyAddsPerSecond))\(beside)")
      }
    }
    if !plain { machine.print() }
  }

  private func microseconds(_ calls: Int, _ body: () throws -> Void) rethrows -> Double {
    try body()
    let start = ContinuousClock.now
    for _ in 0..<calls { try body() }
    return (ContinuousClock.now - start) / .microseconds(1) / Double(calls)
  }
}

extension Double {
  fileprivate func rounded(to places: Int) -> Double {
    let unit = (0..<places).reduce(1.0) { unit, _ in unit * 10 }
    return (self * unit).rounded() / unit
  }
}
