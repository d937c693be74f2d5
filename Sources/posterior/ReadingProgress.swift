import Foundation

/// How far a long file is, on a terminal; nothing elsewhere, and nothing of what is done within a second.
struct ReadingProgress {
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private let start = ContinuousClock.now
  private var lastDrawn = ContinuousClock.now
  private var isOpen = false

  mutating func show(_ read: Int, of total: Int) {
    let now = ContinuousClock.now
    guard isTerminal, now - start > .seconds(1), now - lastDrawn > .milliseconds(200), read > 0, total > 0 else { return }
    lastDrawn = now
    let part = Double(read) / Double(total)
    let left = (now - start) / .seconds(1) * (1 - part) / part
    let bar = String(repeating: "#", count: Int(part * 24)).padding(toLength: 24, withPad: ".", startingAt: 0)
    write("\r\u{1B}[K[\(bar)]  \(Int(part * 100)) %  \(Int(left.rounded(.up))) s left")
    isOpen = true
  }

  mutating func finish() {
    if isOpen { write("\r\u{1B}[K") }
    isOpen = false
  }

  private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
