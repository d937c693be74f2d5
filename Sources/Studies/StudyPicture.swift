internal import Formats
internal import Foundation

/// A panel a metric, a line a row: a dot a seed, the mean as a stroke and its interval as a bar. SVG, which is text: equal reports give equal bytes.
struct StudyPicture {
  let report: StudyReport

  private static let (line, top, gap, plot) = (26.0, 34.0, 52.0, 460.0)
  /// Of a letter of 13 pixels, as wide as sans serif letters are on average and a little more.
  private static let letter = 7.4
  private static let right = 64.0

  private var panels: [String] { report.metrics.filter { !rows($0).isEmpty } }

  /// Those that have a number.
  private func rows(_ metric: String) -> [(title: String, sample: Sample)] {
    report.rows.compactMap { row in row.sample(metric).map { (row.row.title, $0) } }
  }

  private var left: Double {
    let longest = report.rows.map(\.row.title.count).max() ?? 0
    return max(Double(longest) * Self.letter + 24, 80)
  }

  var svg: String {
    let heights = panels.map { Self.top + Self.line * Double(rows($0).count) + Self.gap }
    let (width, height) = (left + Self.plot + Self.right, 64 + heights.reduce(0, +))
    var parts = [
      """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Self.number(width)) \(Self.number(height))" width="\(Self.number(width))" \
      height="\(Self.number(height))" font-family="sans-serif" font-size="13" fill="#222">
      <rect width="100%" height="100%" fill="#fff"/>
      """,
      text(report.study.name, 16, 26, size: 17, weight: "bold"),
      text("a dot a seed; stroke: mean; bar: \(Int(Sample.confidence * 100)) % interval of the mean (Student's t)", 16, 46, size: 12, fill: "#666"),
    ]
    for (index, metric) in panels.enumerated() { parts += panel(metric, top: 64 + heights[..<index].reduce(0, +)) }
    return (parts + ["</svg>"]).joined(separator: "\n") + "\n"
  }

  private func panel(_ metric: String, top: Double) -> [String] {
    let rows = rows(metric)
    let axis = RoundAxis(rows.flatMap { row in row.sample.values + (row.sample.meanInterval.map { [$0.lowerBound, $0.upperBound] } ?? []) })
    func x(_ value: Double) -> Double { left + axis.part(value) * Self.plot }
    let (first, last) = (top + Self.top, top + Self.top + Self.line * Double(rows.count))
    var parts = [text(metric, left, top + 22, size: 14, weight: "bold"), text("n", left + Self.plot + 24, top + 22, fill: "#666")]
    for tick in axis.ticks {
      parts.append(stroke(x(tick), first, x(tick), last, "#ddd"))
      parts.append(text(axis.label(tick), x(tick), last + 18, size: 12, anchor: "middle", fill: "#444"))
    }
    parts.append(stroke(left, last, left + Self.plot, last, "#444"))
    for (index, (title, sample)) in rows.enumerated() {
      let y = first + Self.line * (Double(index) + 0.5)
      parts.append(text(title, left - 12, y + 4.5, anchor: "end"))
      parts.append(text("\(sample.count)", left + Self.plot + 24, y + 4.5, fill: "#666"))
      if let interval = sample.meanInterval {
        parts.append(stroke(x(interval.lowerBound), y, x(interval.upperBound), y, "#9db8d9", width: 8))
      }
      parts.append(stroke(x(sample.mean), y - 8, x(sample.mean), y + 8, "#1d4f91", width: 2.5))
      for (place, value) in sample.values.enumerated() {
        // One above the other, so that equal seeds are seen apart.
        let shift = sample.count > 1 ? 12 * (Double(place) / Double(sample.count - 1) - 0.5) : 0
        parts.append(
          "<circle cx=\"\(Self.number(x(value)))\" cy=\"\(Self.number(y + shift))\" r=\"3\" fill=\"#c4541e\" fill-opacity=\"0.85\"/>")
      }
    }
    return parts
  }

  private func stroke(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ colour: String, width: Double = 1) -> String {
    "<path d=\"M\(Self.number(x1)) \(Self.number(y1))L\(Self.number(x2)) \(Self.number(y2))\" stroke=\"\(colour)\" stroke-width=\"\(Self.number(width))\"/>"
  }

  private func text(
    _ text: String, _ x: Double, _ y: Double, size: Double = 13, anchor: String = "start", weight: String = "normal", fill: String = "#222"
  ) -> String {
    """
    <text x="\(Self.number(x))" y="\(Self.number(y))" font-size="\(Self.number(size))" text-anchor="\(anchor)" font-weight="\(weight)" \
    fill="\(fill)">\(Self.escaped(text))</text>
    """
  }

  private static func number(_ value: Double) -> String {
    let text = String(format: "%.1f", value)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  static func escaped(_ text: String) -> String {
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

extension StudyReport {
  /// The picture of the table.
  package var svg: String { StudyPicture(report: self).svg }
}
