import Foundation
import Synchronization

/// Signals as bytes of a pipe, from the moment that it is there: a dispatch source hears nothing until some time after it was resumed.
struct SignalPipe: Sendable {
  /// Where the handler writes: the pipe that was opened last.
  private static let writing = Atomic<Int32>(-1)
  private let reading: Int32

  init(_ numbers: Int32...) {
    var ends: [Int32] = [0, 0]
    // A command that could not be stopped is not begun: only a process without descriptors has no pipe.
    guard pipe(&ends) == 0 else { fatalError("no pipe: \(String(cString: strerror(errno)))") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    Self.writing.store(ends[1], ordering: .sequentiallyConsistent)
    for number in numbers {
      signal(number) { number in
        var byte = UInt8(truncatingIfNeeded: number)
        let error = errno
        _ = write(SignalPipe.writing.load(ordering: .sequentiallyConsistent), &byte, 1)
        errno = error
      }
    }
    reading = ends[0]
  }

  /// The next one; nil where the pipe is broken.
  func next() -> Int32? {
    var byte: UInt8 = 0
    while true {
      let count = read(reading, &byte, 1)
      if count == 1 { return Int32(byte) }
      if count == 0 || errno != EINTR { return nil }
    }
  }
}
