import Benchmarking
import Formats
import Tensors

/// What this machine can do at most, in the lines and members that every benchmark reports beside its own figures.
struct BenchedMachine {
  private(set) var limits: MachineLimits
  let instructionSet = Machine.instructionSet
  let openBLAS = OpenBLAS.installed

  /// Measures the machine's limits, for about half a second.
  init(threads: Int) { limits = .measured(threads: threads) }

  init(limits: MachineLimits) { self.limits = limits }

  /// Measures the limits once more; the better of both counts.
  mutating func measureAgain() { limits = limits.measuredAgain() }

  /// How often a second OpenBLAS computes these products on all threads; nil where there is no OpenBLAS.
  func openBLASRate(_ products: [ProductShape], seconds: Double) -> Double? {
    openBLAS?.rate(products, threads: limits.threads, seconds: seconds)
  }

  /// Names and texts, a line each.
  var lines: [(name: String, text: String)] {
    [("machine", "\(instructionSet); one thread \(Self.text(limits.oneThread))")]
      + (limits.threads > 1 ? [("", "\(limits.threads) threads \(Self.text(limits.allThreads))")] : [])
      + [("openblas", openBLASText)]
  }

  func print() {
    for (name, text) in lines { Swift.print(name.isEmpty ? text : "\(name): \(text)") }
  }

  private static func text(_ rates: MachineLimits.Rates) -> String {
    "\(LoadReport.text(rates.gigaflops)) GFLOP/s of multiply-adds, reads \(LoadReport.text(rates.read)) GB/s, copies \(LoadReport.text(rates.copied)) GB/s"
  }

  private var openBLASText: String {
    guard let openBLAS else { return "not installed (Debian's libopenblas0), so nothing is compared with it" }
    return "\(openBLAS.version), kernels for \(openBLAS.core); \(openBLAS.heldBack.map { "held back: \($0)" } ?? "nothing seen that holds it back")"
  }

  /// What part of the peak some work reaches, in words.
  func share(multiplyAddsPerSecond: Double) -> String {
    "\(LoadReport.text(limits.percent(multiplyAddsPerSecond: multiplyAddsPerSecond))) % of the peak of \(limits.threads) "
      + (limits.threads == 1 ? "thread" : "threads")
  }

  var json: JSONValue {
    func rates(_ rates: MachineLimits.Rates) -> JSONValue {
      .object([
        .init(name: "multiply_add_gflops", value: .number(rates.gigaflops)), .init(name: "read_gb_per_second", value: .number(rates.read)),
        .init(name: "copy_gb_per_second", value: .number(rates.copied)),
      ])
    }
    let library = openBLAS.map { openBLAS -> JSONValue in
      .object([
        .init(name: "version", value: .string(openBLAS.version)), .init(name: "core", value: .string(openBLAS.core)),
        .init(name: "held_back", value: openBLAS.heldBack.map(JSONValue.string) ?? .null),
      ])
    }
    return .object([
      .init(name: "instruction_set", value: .string(instructionSet)), .init(name: "threads", value: .integer(limits.threads)),
      .init(name: "one_thread", value: rates(limits.oneThread)), .init(name: "all_threads", value: rates(limits.allThreads)),
      .init(name: "openblas", value: library ?? .null),
    ])
  }
}
