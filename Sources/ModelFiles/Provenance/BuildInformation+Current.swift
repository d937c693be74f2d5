internal import CResources
internal import Foundation
internal import Tensors

extension BuildInformation {
  /// The build that is running and the machine it runs on.
  package static let current = BuildInformation(
    gitRevision: String(cString: build_revision), compiler: compilerVersion, cpu: "\(processorName) (\(Machine.instructionSet))", blas: "own kernels")

  /// The release that this build is, or becomes; the newest one of .github/CHANGELOG.md.
  package static let version = "0.2.0"

  /// Version, commit and build, such as "0.2.0, commit 07ab6ab6, swift 6.3, release build".
  package var title: String {
    let commit = gitRevision.isEmpty ? "unknown" : String(gitRevision.prefix(8))
    #if DEBUG
      let kind = "debug build"
    #else
      let kind = "release build"
    #endif
    return "\(Self.version), commit \(commit), \(compiler), \(kind)"
  }

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
