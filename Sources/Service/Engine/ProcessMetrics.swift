internal import Foundation
internal import Glibc
internal import ModelFiles

/// The `process_*` metrics that Prometheus's own clients have, from /proc, and what this build is.
enum ProcessMetrics {
  static var text: String {
    var lines: [String] = []
    func metric(_ name: String, _ type: String, _ help: String, _ value: some CustomStringConvertible, labels: String = "") {
      lines += ["# HELP \(name) \(help)", "# TYPE \(name) \(type)", "\(name)\(labels) \(value)"]
    }
    let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
    if let fields = statistics, fields.count > 21 {
      // As `man proc_pid_stat` numbers them, from the third on.
      if let user = Double(fields[11]), let system = Double(fields[12]) {
        metric("process_cpu_seconds_total", "counter", "Processor time of the process.", (user + system) / ticks)
      }
      if let threads = Int(fields[17]) { metric("process_threads", "gauge", "Threads of the process.", threads) }
      if let start = Double(fields[19]), let boot {
        metric("process_start_time_seconds", "gauge", "When the process began, seconds since 1970.", boot + start / ticks)
      }
      if let virtual = Int(fields[20]) { metric("process_virtual_memory_bytes", "gauge", "Addresses that the process has.", virtual) }
      if let resident = Int(fields[21]) {
        metric("process_resident_memory_bytes", "gauge", "Memory that the process has.", resident * Int(sysconf(Int32(_SC_PAGESIZE))))
      }
    }
    if let open = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count {
      metric("process_open_fds", "gauge", "Files and connections that the process has open.", open)
    }
    var limit = rlimit()
    if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
      metric("process_max_fds", "gauge", "Files and connections that it may have open.", limit.rlim_cur)
    }
    let build = BuildInformation.current
    let labels = [("version", BuildInformation.version), ("revision", build.gitRevision), ("compiler", build.compiler), ("cpu", build.cpu)]
      .map { "\($0)=\"\($1.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\"" }.joined(separator: ",")
    metric("posterior_build_info", "gauge", "Always 1; the labels say which build answers.", 1, labels: "{\(labels)}")
    return lines.joined(separator: "\n") + "\n"
  }

  /// Fields of /proc/self/stat behind the name, which may hold anything.
  private static var statistics: [Substring]? {
    guard let text = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8), let end = text.lastIndex(of: ")") else { return nil }
    return text[text.index(after: end)...].split(separator: " ")
  }

  /// When the machine began, seconds since 1970.
  private static let boot: Double? = {
    let text = try? String(contentsOfFile: "/proc/stat", encoding: .utf8)
    return text?.split(separator: "\n").first { $0.hasPrefix("btime ") }.flatMap { Double($0.dropFirst(6)) }
  }()
}
