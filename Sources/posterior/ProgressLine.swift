import Foundation

/// A line about work that goes on, no longer than a terminal is wide: a longer one could not be taken back.
///
///     epoch 3/40 [#########...............]  elbo -231.42  kl 24.10  5120 items/s  0:42 left
struct ProgressLine {
  private let head: String
  private let part: Double
  private let details: [String]
  private let tail: String

  /// - Parameters:
  ///   - part: 0 to 1.
  ///   - details: left out from the last one on where there is no room.
  init(_ head: String, part: Double, _ details: [String], _ tail: String) {
    (self.head, self.part, self.details, self.tail) = (head, min(max(part, 0), 1), details, tail)
  }

  private static let widestBar = 24
  private static let narrowestBar = 8

  /// - Parameter columns: of the terminal; the last one stays empty, because some go on in the next line there.
  func text(columns: Int) -> String {
    let room = max(columns - 1, 0)
    var shown = details
    func rest() -> String { ([""] + shown + [tail]).joined(separator: "  ") }
    // Around the bar stand a space and two brackets.
    while !shown.isEmpty, head.count + 3 + Self.narrowestBar + rest().count > room { shown.removeLast() }
    let width = min(Self.widestBar, room - head.count - 3 - rest().count)
    guard width > 0 else { return String((head + rest()).prefix(room)) }
    let filled = Int(part * Double(width))
    return head + " [" + String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled) + "]" + rest()
  }

  /// Of the terminal at standard error; 80 where it does not say.
  static var columns: Int {
    var size = winsize()
    return ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
  }
}
