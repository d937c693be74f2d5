// The standard library's `Mutex` is a futex of its own on Linux, which Thread Sanitizer does not see, so that it reports races where there are none.
// Builds for the sanitizer (`-Xswiftc -DPOSTERIOR_THREAD_SANITIZER`) use a POSIX mutex; all others wrap the standard library's.
#if POSTERIOR_THREAD_SANITIZER
  internal import Foundation

  /// A value behind a lock that Thread Sanitizer knows.
  ///
  /// Safe because: the value is only touched between `lock` and `unlock`.
  package final class Protected<Value: ~Copyable>: @unchecked Sendable {
    private let lock = NSLock()
    private var value: Value

    package init(_ value: consuming sending Value) { self.value = value }

    package func withLock<Result, Failure: Error>(_ body: (inout Value) throws(Failure) -> Result) throws(Failure) -> Result {
      lock.lock()
      defer { lock.unlock() }
      return try body(&value)
    }
  }
#else
  private import Synchronization

  /// A value behind a lock.
  package struct Protected<Value: ~Copyable>: ~Copyable, Sendable {
    private let mutex: Synchronization.Mutex<Value>

    package init(_ value: consuming sending Value) { mutex = Synchronization.Mutex(value) }

    package borrowing func withLock<Result, Failure: Error>(
      _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
      try mutex.withLock(body)
    }
  }
#endif
