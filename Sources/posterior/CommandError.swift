import ArgumentParser
import Foundation
import Service

/// Why a command stops: one sentence on standard error, exit code 1.
struct CommandError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }

  /// A line for people, past the standard output that scripts read.
  static func note(_ line: String) { FileHandle.standardError.write(Data("\(line)\n".utf8)) }
}

/// Runs the body of a command; what it throws becomes the sentence that HTTP clients get in `detail`, and what a registry refused an exit code of its own.
func reporting<Result>(_ body: () async throws -> Result) async throws -> Result {
  do {
    return try await body()
  } catch let error as CommandError {
    throw error
  } catch let error as ExitCode {
    throw error
  } catch let error as RegistryRefusal {
    CommandError.note("Error: \(error.detail)")
    throw ExitCode(error.exitCode)
  } catch {
    throw CommandError(Problem(error)?.detail ?? (error as? CocoaError)?.sentence ?? "\(error)")
  }
}

extension CocoaError {
  /// What Foundation says of a file, without its own names for things.
  fileprivate var sentence: String {
    let path = (userInfo[NSFilePathErrorKey] as? String) ?? (userInfo[NSURLErrorKey] as? URL)?.path ?? "A file"
    let reason = (userInfo[NSUnderlyingErrorKey] as? NSError).map { String(cString: strerror(Int32($0.code))) } ?? localizedDescription
    return "\(path) can't be used: \(reason)."
  }
}
