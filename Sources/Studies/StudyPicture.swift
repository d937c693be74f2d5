internal import Formats

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
    var picture = SVG(width: width, height: height)
    picture.text(report.study.name, 16, 26, size: 17, weight: "bold")
    picture.text(
      "a dot a seed; stroke: mean; bar: \(Int(Sample.confidence * 100)) % interval of the mean (Student's t)", 16, 46, size: 12, fill: "#666")
    for (index, metric) in panels.enumerated() { draw(metric, on: &picture, top: 64 + heights[..<index].reduce(0, +)) }
    return picture.text
  }

  private func draw(_ metric: String, on picture: inout SVG, top: Double) {
    let rows = rows(metric)
    let axis = RoundAxis(rows.flatMap { row in row.sample.values + (row.sample.meanInterval.map { [$0.lowerBound, $0.upperBound] } ?? []) })
    func x(_ value: Double) -> Double { left + axis.part(value) * Self.plot }
    let (first, last) = (top + Self.top, top + Self.top + Self.line * Double(rows.count))
    picture.text(metric, left, top + 22, size: 14, weight: "bold")
    picture.text("n", left + Self.plot + 24, top + 22, fill: "#666")
    for tick in axis.ticks {
      picture.line(x(tick), first, x(tick), last, "#ddd")
      picture.text(axis.label(tick), x(tick), last + 18, size: 12, anchor: "middle", fill: "#444")
    }
    picture.line(left, last, left + Self.plot, last, "#444")
    for (index, (title, sample)) in rows.enumerated() {
      let y = first + Self.line * (Double(index) + 0.5)
      picture.text(title, left - 12, y + 4.5, anchor: "end")
      picture.text("\(sample.count)", left + Self.plot + 24, y + 4.5, fill: "#666")
      if let interval = sample.meanInterval {
        picture.line(x(interval.lowerBound), y, x(interval.upperBound), y, "#9db8d9", width: 8)
      }
      picture.line(x(sample.mean), y - 8, x(sample.mean), y + 8, "#1d4f91", width: 2.5)
      for (place, value) in sample.values.enumerated() {
        // One above the other, so that equal seeds are seen apart.
        let shift = sample.count > 1 ? 12 * (Double(place) / Double(sample.count - 1) - 0.5) : 0
        picture.circle(x(value), y + shift, radius: 3, "#c4541e")
      }
    }
  }
}

extension StudyReport {
  /// The picture of the table.
  package var svg: String { StudyPicture(report: self).svg }
}
