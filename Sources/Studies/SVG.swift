internal import Foundation

/// A picture as text, mark by mark; coordinates have one decimal at most, so equal pictures are equal bytes.
struct SVG {
  private var parts: [String]

  init(width: Double, height: Double) {
    parts = [
      """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Self.number(width)) \(Self.number(height))" width="\(Self.number(width))" \
      height="\(Self.number(height))" font-family="sans-serif" font-size="13" fill="#222">
      <rect width="100%" height="100%" fill="#fff"/>
      """
    ]
  }

  var text: String { (parts + ["</svg>"]).joined(separator: "\n") + "\n" }

  mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ colour: String, width: Double = 1, dash: String? = nil) {
    let dashes = dash.map { " stroke-dasharray=\"\($0)\"" } ?? ""
    parts.append(
      "<path d=\"M\(Self.number(x1)) \(Self.number(y1))L\(Self.number(x2)) \(Self.number(y2))\" stroke=\"\(colour)\" "
        + "stroke-width=\"\(Self.number(width))\"\(dashes)/>")
  }

  mutating func circle(_ x: Double, _ y: Double, radius: Double, _ colour: String) {
    parts.append(
      "<circle cx=\"\(Self.number(x))\" cy=\"\(Self.number(y))\" r=\"\(Self.number(radius))\" fill=\"\(colour)\" fill-opacity=\"0.85\"/>")
  }

  mutating func text(
    _ text: String, _ x: Double, _ y: Double, size: Double = 13, anchor: String = "start", weight: String = "normal", fill: String = "#222"
  ) {
    parts.append(
      """
      <text x="\(Self.number(x))" y="\(Self.number(y))" font-size="\(Self.number(size))" text-anchor="\(anchor)" font-weight="\(weight)" \
      fill="\(fill)">\(Self.escaped(text))</text>
      """)
  }

  private static func number(_ value: Double) -> String {
    let text = String(format: "%.1f", value)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  private static func escaped(_ text: String) -> String {
    String(
      text.unicodeScalars.reduce(into: "") { result, scalar in
        switch scalar {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "\"": result += "&quot;"
        // XML 1.0 has no place for control characters.
        case let other where other.properties.generalCategory == .control: result += " "
        default: result.unicodeScalars.append(scalar)
        }
      })
  }
}
