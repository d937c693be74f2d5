import Foundation
import Locking
import Robustness
import Service

/// How far an audit is, on a terminal; nothing elsewhere.
final class AuditDisplay: Sendable {
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private let isOpen = Protected(false)

  func show(_ report: AuditProgress.Report) {
    guard isTerminal else { return }
    let bar = String(repeating: "#", count: Int(report.part * 24)).padding(toLength: 24, withPad: ".", startingAt: 0)
    write("\r\u{1B}[K[\(bar)]  \(Int(report.part * 100)) %  \(Int(report.secondsLeft.rounded(.up))) s left")
    isOpen.withLock { $0 = true }
  }

  func finish() { if isOpen.withLock({ take(&$0) }) { write("\r\u{1B}[K") } }

  private func take(_ flag: inout Bool) -> Bool {
    defer { flag = false }
    return flag
  }

  private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}

/// A report for people: one line a budget, the curves' areas, the checks that failed.
struct AuditText {
  private let report: AuditReport

  init(_ report: AuditReport) { self.report = report }

  private static let shown: [(Measure, String)] = [
    (.deltaL2, "‖d‖₂"), (.attackLoss, "loss"), (.reconShift, "shift"), (.elboDrop, "ELBO drop"), (.logTarget, "ln p(x_t|z)"),
    (.targetDistanceNorm, "to target"),
    (.skl, "SKL"), (.ssimReconstruction, "SSIM"), (.decisionChanged, "changed"),
  ]

  func print() {
    let columns = Self.shown.filter { report.measures.contains($0.0) }
    let name = report.plan.kind.strength
    TextTable(
      [name] + columns.map(\.1),
      report.strengths.map { strength in
        [Self.number(strength)]
          + columns.map { measure, _ in
            let summary = report.summary(measure, at: strength)
            return summary.standardError.isNaN ? Self.number(summary.mean) : "\(Self.number(summary.mean)) ± \(Self.number(summary.standardError))"
          }
      }
    ).print()
    if let decisions = report.decisions { Self.print(decisions) }
    if let damage = report.damageCurve {
      let noise = report.noiseCurves.map { "\($0.kind.rawValue) \(Self.number($0.mean.area))" }.joined(separator: ", ")
      Swift.print("mean shift over the budgets: attack \(Self.number(damage.area)), noise: \(noise)")
    }
    if let areas = report.distortionAreas { Swift.print("AUDDC \(Self.number(areas.mean)) of \(areas.count) items: larger is more robust") }
    if let margins = report.margins {
      let measured = Summary(margins.compactMap(\.measured))
      Swift.print(
        "margin of r-robustness: estimated \(Self.number(Summary(margins.map(\.bound)).mean)), measured \(Self.number(measured.mean)) "
          + "(\(measured.count) of \(margins.count) items were broken)")
    }
    for check in report.sanity where !check.passed { Swift.print("FAILED \(check.name): \(check.detail)") }
    for warning in report.warnings { Swift.print("warning: \(warning)") }
  }

  private static func print(_ decisions: DecisionSummary) {
    func share(_ summary: Summary) -> String { "\(number(summary.mean)) ± \(number(summary.standardError))" }
    if let clean = decisions.cleanAccuracy { Swift.print("clean accuracy \(share(clean))") }
    for level in decisions.levels {
      let after = level.after.map { ", after \($0.member.rawValue) \(number($0.accuracy))" }.joined()
      Swift.print(
        "\(decisions.cleanAccuracy == nil ? "unchanged" : "robust accuracy") at \(number(level.strength)): \(share(level.accuracy))\(after)")
    }
  }

  private static func number(_ value: Double) -> String { value.isNaN ? "-" : String(format: "%.4g", value) }
}
