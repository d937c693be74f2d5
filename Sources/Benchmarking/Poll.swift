internal import CEpoll
internal import Glibc

/// Waits for many descriptors, and for a moment that is met to the microsecond, which epoll's own timeout is not.
final class Poll {
  private let epoll: Int32
  private let timer: Int32
  /// What the timer is set to.
  private var armed = 0
  private static let timerToken = UInt64.max

  struct Event {
    /// nil for the timer.
    let token: Int?
    private let events: UInt32

    fileprivate init(_ event: epoll_event) {
      token = event.data.u64 == Poll.timerToken ? nil : Int(event.data.u64)
      events = event.events
    }

    var isReadable: Bool { events & EPOLLIN.rawValue != 0 }
    var isWritable: Bool { events & EPOLLOUT.rawValue != 0 }
    var isBroken: Bool { events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0 }
  }

  init() throws(SystemError) {
    epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
    guard epoll >= 0 else { throw SystemError() }
    timer = timerfd_create(CLOCK_MONOTONIC, Int32(TFD_NONBLOCK) | Int32(TFD_CLOEXEC))
    guard timer >= 0 else {
      let error = SystemError()
      close(epoll)
      throw error
    }
    try control(EPOLL_CTL_ADD, timer, token: Self.timerToken, events: EPOLLIN.rawValue)
  }

  deinit {
    close(timer)
    close(epoll)
  }

  /// Watches a descriptor whose connection is under way: it is writable once connected.
  func add(_ descriptor: Int32, token: Int) throws(SystemError) {
    try control(EPOLL_CTL_ADD, descriptor, token: UInt64(token), events: EPOLLOUT.rawValue)
  }

  func change(_ descriptor: Int32, token: Int, writing: Bool) throws(SystemError) {
    try control(EPOLL_CTL_MOD, descriptor, token: UInt64(token), events: EPOLLIN.rawValue | (writing ? EPOLLOUT.rawValue : 0))
  }

  /// - Parameter deadline: nanoseconds of the monotonic clock.
  func wait(until deadline: Int) throws(SystemError) -> [Event] {
    if deadline != armed {
      var time = itimerspec()
      time.it_value = timespec(tv_sec: deadline / 1_000_000_000, tv_nsec: deadline % 1_000_000_000)
      guard timerfd_settime(timer, Int32(TFD_TIMER_ABSTIME), &time, nil) == 0 else { throw SystemError() }
      armed = deadline
    }
    var failure: SystemError?
    let events = withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: 256) { buffer in
      let count = epoll_wait(epoll, buffer.baseAddress, 256, -1)
      if count < 0, errno != EINTR { failure = SystemError() }
      return buffer.prefix(max(0, Int(count))).map(Event.init)
    }
    if let failure { throw failure }
    return events
  }

  private func control(_ operation: Int32, _ descriptor: Int32, token: UInt64, events: UInt32) throws(SystemError) {
    var event = epoll_event()
    event.events = events
    event.data.u64 = token
    guard epoll_ctl(epoll, operation, descriptor, &event) == 0 else { throw SystemError() }
  }
}

/// Clocks in nanoseconds.
enum Monotonic {
  static var now: Int { read(CLOCK_MONOTONIC) }
  /// Processor time of the calling thread.
  static var threadTime: Int { read(CLOCK_THREAD_CPUTIME_ID) }

  private static func read(_ clock: clockid_t) -> Int {
    var time = timespec()
    clock_gettime(clock, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }
}

extension Duration {
  var nanoseconds: Int { Int(components.seconds) * 1_000_000_000 + Int(components.attoseconds / 1_000_000_000) }
}
