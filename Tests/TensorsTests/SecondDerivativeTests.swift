import Foundation
import Tensors
import Testing

@Suite struct SecondDerivativeTests {
  @Test("The second derivative of every operation agrees with central differences of its first", arguments: GradientCases.all)
  func matchesFiniteDifferences(_ item: Differentiable) {
    #expect(item.worstDeviationOfSecondDerivative() < 6e-3)
  }

  @Test("A watched pass gives the gradients of one that nobody watches", arguments: GradientCases.all)
  func watchingChangesNothing(_ item: Differentiable) {
    let inputs = item.inputs.map { $0.watched() }
    let y = item.function(inputs)
    let seed = RandomKey(seed: 3).normal(y.shape)
    let (plain, watched) = (gradients(of: y, at: inputs, from: seed), gradients(of: y, at: inputs, from: seed, watched: true))
    for (plain, watched) in zip(plain, watched) { #expect(deviation(watched.scalars, plain.scalars) < 1e-5) }
    #expect(plain.allSatisfy { !$0.isWatched })
  }

  @Test("Every operation that records a history has a row in the table of gradients")
  func tableIsComplete() throws {
    let covered = GradientCases.all.reduce(into: Set<String>()) { $0.formUnion($1.operations) }
    let names = Set(covered.map { String($0.prefix { $0 != "(" }) })
    let sources = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources/Tensors").standardizedFileURL
    let files = try FileManager.default.contentsOfDirectory(at: sources, includingPropertiesForKeys: nil).filter { $0.pathExtension == "swift" }
    let declared = try files.reduce(into: Set<String>()) { $0.formUnion(try Self.recording(in: String(contentsOf: $1, encoding: .utf8))) }
    #expect(declared.count > 40)
    #expect(declared.subtracting(names) == [])
  }

  /// The functions of a file that record a history; those that do it in the name of their callers are no operations of their own.
  private static func recording(in source: String) -> Set<String> {
    var (name, names) = ("", Set<String>())
    for line in source.split(separator: "\n") {
      if let found = line.firstMatch(of: /^  (?:package |private |fileprivate |static |prefix )*(?:func|var) ([^\s(:<]+)/) { name = String(found.1) }
      if line.contains("recorded(") || line.contains("through(") { names.insert(name) }
    }
    return names.subtracting(["recorded", "recordedLayer", "through"])
  }
}
