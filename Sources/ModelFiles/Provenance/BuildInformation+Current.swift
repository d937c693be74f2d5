internal import CResources
internal import Foundation
internal import Tensors

extension BuildInformation {
  /// The build that is running and the machine it runs on.
  package static let current = BuildInformation(
    gitRevision: String(cString: build_revision), compiler: compilerVersion, cpu: "\(processorName) (\(Machine.instructionSet))", blas: "own kernels")

  private static var compilerVersion: String {
    #if compiler(>=6.4)
      "swift 6.4 or later"
    #elseif compiler(>=6.3)
      "swift 6.3"
    #elseif compiler(>=6.2)
      "swift 6.2"
    #else
      "swift 6.1"
    #endif
  }

  private static var processorName: String {
    let lines = ((try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? "").split(separator: "\n")
    let name = lines.first { $0.hasPrefix("model name") }?.split(separator: ":").last
    return name.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown processor"
  }
}
