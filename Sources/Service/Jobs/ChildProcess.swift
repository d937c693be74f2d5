internal import Foundation
internal import Glibc
internal import Locking

/// A process that does one job: it has nothing of this one's but a pipe, by whose end it can see that this one has ended.
package struct ChildProcess: Sendable {
  let id: pid_t
  /// Closed when this process ends, however it ends.
  private let lifeline: Int32

  package enum Ending: Sendable, Equatable {
    case exit(Int32)
    case signal(Int32)
  }

  package struct Failure: Error, CustomStringConvertible { package let description: String }

  /// - Parameters:
  ///   - command: the program and its arguments.
  ///   - log: a file for all that it writes.
  package init(_ command: [String], log: String) throws {
    (id, lifeline) = try Self.spawning.withLock { _ in try Self.spawn(command, log: log) }
  }

  /// One at a time: a pipe's ends are marked after they are made, and no other child may get one in between.
  private static let spawning = Protected(())

  private static func spawn(_ command: [String], log: String) throws(Failure) -> (pid_t, lifeline: Int32) {
    var pipe: [Int32] = [0, 0]
    guard Glibc.pipe(&pipe) == 0 else { throw Failure(description: "no pipe: \(String(cString: strerror(errno)))") }
    for end in pipe { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, pipe[0], STDIN_FILENO)
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
    // A group of its own, so that a terminal's Ctrl-C is this process's to pass on; and signals as they are for any program.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var (none, all) = (sigset_t(), sigset_t())
    sigemptyset(&none)
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
    var id = pid_t()
    let arguments = command.map { strdup($0) }
    defer { for argument in arguments { free(argument) } }
    let code = posix_spawn(&id, command[0], &actions, &attributes, arguments + [nil], environ)
    close(pipe[0])
    guard code == 0 else {
      close(pipe[1])
      throw Failure(description: "\(command[0]) can't be started: \(String(cString: strerror(code)))")
    }
    return (id, pipe[1])
  }

  /// Waits for its end on a thread of its own.
  func wait() async -> Ending {
    await withCheckedContinuation { continuation in
      let thread = Thread { [id, lifeline] in
        var status: Int32 = 0
        while waitpid(id, &status, 0) < 0, errno == EINTR {}
        close(lifeline)
        continuation.resume(returning: Ending(status))
      }
      thread.start()
    }
  }

  /// How it has ended; nil while it goes on. Once it has said so, the process is gone and is not to be asked again.
  package func ended() -> Ending? {
    var status: Int32 = 0
    guard waitpid(id, &status, WNOHANG) == id else { return nil }
    close(lifeline)
    return Ending(status)
  }

  func send(_ signal: Int32) { kill(id, signal) }

  /// To the processes that it has started as well.
  package func sendToGroup(_ signal: Int32) { kill(-id, signal) }
}

extension ChildProcess.Ending {
  /// WIFEXITED and WEXITSTATUS are macros.
  fileprivate init(_ status: Int32) { self = status & 0x7F == 0 ? .exit(status >> 8 & 0xFF) : .signal(status & 0x7F) }
}
