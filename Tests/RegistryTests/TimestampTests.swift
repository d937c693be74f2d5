import Foundation
import Registry
import Testing

@Suite("Timestamp")
struct TimestampTests {
  @Test(
    "is written as RFC 3339 with milliseconds",
    arguments: [
      (0, "1970-01-01T00:00:00.000Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"), (1_795_244_709_120, "2026-11-21T07:05:09.120Z"),
      (-1, "1969-12-31T23:59:59.999Z"), (253_402_300_799_999, "9999-12-31T23:59:59.999Z"), (-62_135_596_800_000, "0001-01-01T00:00:00.000Z"),
    ])
  func written(_ milliseconds: Int64, _ text: String) {
    #expect(Timestamp(milliseconds: milliseconds).description == text)
    #expect(Timestamp(text) == Timestamp(milliseconds: milliseconds))
  }

  @Test("agrees with Foundation's calendar on every day of four centuries")
  func days() {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .gmt
    for day in stride(from: Int64(0), to: 146_097, by: 13) {
      let date = Date(timeIntervalSince1970: Double(day) * 86_400)
      let parts = calendar.dateComponents([.year, .month, .day], from: date)
      let text = String(format: "%04d-%02d-%02dT00:00:00.000Z", parts.year ?? 0, parts.month ?? 0, parts.day ?? 0)
      #expect(Timestamp(milliseconds: day * 86_400_000).description == text)
      #expect(Timestamp(text)?.milliseconds == day * 86_400_000)
    }
  }

  @Test(
    "reads what RFC 3339 allows",
    arguments: [
      ("2026-11-21T07:05:09Z", "2026-11-21T07:05:09.000Z"), ("2026-11-21t07:05:09.12z", "2026-11-21T07:05:09.120Z"),
      ("2026-11-21 07:05:09.123456789Z", "2026-11-21T07:05:09.123Z"), ("2026-11-21T07:05:09+05:30", "2026-11-21T01:35:09.000Z"),
      ("2026-11-21T07:05:09+0530", "2026-11-21T01:35:09.000Z"), ("2026-12-31T23:30:00-01:00", "2027-01-01T00:30:00.000Z"),
      ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"),
    ])
  func read(_ text: String, _ expected: String) {
    #expect(Timestamp(text)?.description == expected)
  }

  @Test(
    "refuses what is no time",
    arguments: [
      "", "now", "2026-11-21", "2026-11-21T07:05Z", "2026-11-21T07:05:09", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-00-10T00:00:00Z",
      "2026-11-21T24:00:00Z", "2026-11-21T07:60:09Z", "2026-11-21T07:05:61Z", "2026-11-21T07:05:09.Z", "2026-11-21T07:05:09+053",
      "2026-11-21T07:05:09ZZ", "+026-11-21T07:05:09Z",
    ])
  func refused(_ text: String) {
    #expect(Timestamp(text) == nil)
  }
}
