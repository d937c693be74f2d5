import Glibc
import Locking

/// The `Date` field, written anew once a second (RFC 9110 §5.6.7, §6.6.1).
final class DateClock: Sendable {
  private let cache = Protected<(second: Int, field: [UInt8])>((-1, []))

  /// `Date: Sun, 06 Nov 1994 08:49:37 GMT` CRLF.
  var field: [UInt8] {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME_COARSE, &now)
    let second = now.tv_sec
    return cache.withLock { cache in
      if cache.second != second { cache = (second, Array("Date: \(Self.text(second))\r\n".utf8)) }
      return cache.field
    }
  }

  /// IMF-fixdate of seconds since 1970.
  static func text(_ second: Int) -> String {
    var second = time_t(second)
    var parts = tm()
    gmtime_r(&second, &parts)
    let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let date = "\(two(parts.tm_mday)) \(months[Int(parts.tm_mon)]) \(parts.tm_year + 1900)"
    return "\(days[Int(parts.tm_wday)]), \(date) \(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) GMT"
  }
}
