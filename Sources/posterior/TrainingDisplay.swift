import Foundation
import Learning

/// A progress bar on a terminal, one plain line an epoch, and no more than one a second, elsewhere; on standard error, so that standard output stays
/// for results.
final class TrainingDisplay {
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private var lastDrawn = ContinuousClock.now
  private var barIsOpen = false
  /// When the last line about an epoch was written, where there is no terminal: one a second is enough for a log.
  private var lastLine: ContinuousClock.Instant?

  func show(_ event: TrainingEvent) {
    switch event {
    case .started(let summary):
      line(
        "\(summary.family): \(summary.parameters) parameters, \(summary.items) items of \(summary.data)"
          + (summary.validationItems > 0 ? ", \(summary.validationItems) held out" : "")
          + (summary.firstEpoch > 1 ? ", from epoch \(summary.firstEpoch)" : ""))
      for note in summary.notes { line("note: \(note)") }
    case .step(let report): if isTerminal { draw(report) }
    case .epochFinished(let epoch):
      if !isTerminal, epoch.epoch < epoch.epochs, let lastLine, ContinuousClock.now - lastLine < .seconds(1) { return }
      lastLine = .now
      // One number needs no name.
      let numbers = epoch.validation.count == 1 ? epoch.validation.map { Self.number($0.value) } : [Self.terms(epoch.validation)]
      let table = TermTable(epoch.terms)
      let validation = epoch.validation.isEmpty ? "" : "  validation \(numbers[0])" + (epoch.isBest ? " *" : "")
      line(
        "epoch \(epoch.epoch)/\(epoch.epochs)  \(Self.terms(table.plain))\(validation)  \(Int(epoch.itemsPerSecond.rounded())) items/s  "
          + "\(Self.time(epoch.seconds))")
      for row in table.lines(Self.number) { line(row) }
    case .stoppedEarly(let epoch, let best): line("stopped after epoch \(epoch): validation was best at epoch \(best)")
    case .finished(let result):
      line("wrote \(result.path) from epoch \(result.bestEpoch)" + (result.run.map { ", run \($0)" } ?? ""))
    }
  }

  /// Ends an open bar, so that what follows starts on a line of its own.
  func finish() {
    if barIsOpen { write("\n") }
    barIsOpen = false
  }

  private func draw(_ report: StepReport) {
    let now = ContinuousClock.now
    guard now - lastDrawn > .milliseconds(100) || report.step == report.steps else { return }
    lastDrawn = now
    let line = ProgressLine(
      "epoch \(report.epoch)/\(report.epochs)", part: Double(report.step) / Double(max(report.steps, 1)),
      TermTable(report.terms).plain.map { Self.terms([$0]) },
      "\(Int(report.itemsPerSecond.rounded())) items/s  \(Self.time(report.secondsLeft)) left")
    write("\r\u{1B}[K" + line.text(columns: ProgressLine.columns))
    barIsOpen = true
  }

  private func line(_ text: String) {
    write((barIsOpen ? "\r\u{1B}[K" : "") + text + "\n")
    barIsOpen = false
  }

  private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }

  private static func terms(_ terms: [(name: String, value: Double)]) -> String {
    terms.map { "\($0.name) \(number($0.value))" }.joined(separator: "  ")
  }

  private static func number(_ value: Double) -> String { String(format: abs(value) < 10 ? "%.4f" : "%.2f", value) }

  private static func time(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded())
    return whole >= 3600
      ? String(format: "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60) : String(format: "%d:%02d", whole / 60, whole % 60)
  }
}
