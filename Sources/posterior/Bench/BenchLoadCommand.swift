import ArgumentParser
import Benchmarking
import Formats
import Foundation
import HTTP
import Tensors

struct BenchLoadCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "load", abstract: "Sends requests to a server and measures latency, throughput and the parts of a request's time.",
    discussion: """
      Without --rate the loop is closed: each connection sends its next request when it has an answer. With --rate requests come at random moments \
      (a Poisson process) whether or not earlier ones were answered, and latency counts from the moment at which a request was due, so a server that \
      stalls can't hide it. Measuring stops at the first stable point: three windows in a row whose throughput and median latency are within a tenth. \
      The figures are those of these three windows.

      The parts of a request's time and the sizes of batches come from the server's /metrics, the warm-up included. The yardsticks are this \
      machine's peak of multiply-adds and OpenBLAS's product of the same layers, on all cores, measured before and after.

        posterior bench --in-process model.safetensors
        posterior bench --server http://127.0.0.1:8080 --model digits --operation score --option k=10 --rate 200
        posterior bench --server http://127.0.0.1:9201 --path /sample --body '{"n":1}'
      """)

  @OptionGroup(title: "Whom to ask") var subject: LoadSubjectArguments
  @OptionGroup(title: "What to ask") var request: LoadRequestArguments

  @Option(help: "Connections at once.")
  var connections = 16
  @Option(help: "Requests a second, at random moments. (default: each connection one after the other)")
  var rate: Double?
  @Option(help: "Chooses the requests' seeds and numbers, and their moments.")
  var seed = 7
  @Option(help: "Seconds of load before measuring.")
  var warmUp = 1.0
  @Option(help: "Seconds of a window.")
  var window = 1.0
  @Option(help: "Windows at most; fewer where the last three agree.")
  var windows = 10
  @Option(help: "Seconds after which a request without an answer is a failure.")
  var timeout = 10.0
  @Flag(help: "Leave out the machine's limits and OpenBLAS.")
  var noYardstick = false
  @Flag(help: "The report as JSON.")
  var json = false

  func validate() throws {
    guard (1...10_000).contains(connections) else { throw ValidationError("--connections is \(connections), expected 1 to 10000") }
    guard (3...10_000).contains(windows) else { throw ValidationError("--windows is \(windows), expected 3 to 10000") }
    guard seed >= 0, seed <= Int.max - LoadRequestArguments.distinct else { throw ValidationError("--seed is \(seed), expected 0 to 2^63 - 17") }
    for (name, value, range) in [("--warm-up", warmUp, 0.0...3600), ("--window", window, 0.01...3600), ("--timeout", timeout, 0.01...3600)] {
      guard range.contains(value) else { throw ValidationError("\(name) is \(value), expected \(range.lowerBound) to \(range.upperBound) seconds") }
    }
    if let rate { guard (1e-3...1e7).contains(rate) else { throw ValidationError("--rate is \(rate), expected 0.001 to 10000000 a second") } }
  }

  func run() async throws {
    try await reporting {
      let report = try await report()
      if json { print(String(decoding: report.json.text, as: UTF8.self)) } else { report.print() }
    }
  }

  /// Makes the load and measures it; a server of our own is gone afterwards.
  func report() async throws -> LoadReport {
    _ = Server.raiseDescriptorLimit()
    let subject = try await subject.open(connections: connections)
    do {
      let report = try await measure(subject)
      await subject.close()
      return report
    } catch {
      await subject.close()
      throw error
    }
  }

  private func measure(_ subject: LoadSubject) async throws -> LoadReport {
    let load = try await request.load(on: subject, seed: seed)
    var plan = LoadPlan(subject.destination, load.requests)
    plan.connections = connections
    plan.warmUp = .seconds(warmUp)
    (plan.window, plan.windows) = (.seconds(window), windows)
    plan.timeout = .seconds(timeout)
    if let rate { plan.arrivals = .poisson(rate: rate, seed: UInt64(seed)) }

    try await subject.probe(load)
    var machine = noYardstick ? nil : BenchedMachine(threads: ProcessInfo.processInfo.activeProcessorCount)
    let yardstick = try machine.flatMap { try load.yardstick(on: $0) }
    let before = await subject.metrics()
    let result = try await LoadGenerator.run(plan)
    let after = await subject.metrics()
    guard !result.last.statuses.isEmpty else {
      let reasons = result.last.failures.keys.sorted().joined(separator: "; ")
      throw CommandError("\(subject.destination) gave no answer in \(result.windows.count) windows\(reasons.isEmpty ? "" : ": \(reasons)").")
    }
    machine?.measureAgain()
    return LoadReport(
      subject: subject, load: load, plan: plan, result: result, server: ServerTimes(before: before, after: after), machine: machine,
      yardstick: machine.flatMap { machine in yardstick.map { $0.measuredAgain(on: machine) } })
  }
}
