import ArgumentParser
import Service

/// Why a command stops: one sentence on standard error, exit code 1.
struct CommandError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// Runs the body of a command; what it throws becomes the sentence that HTTP clients get in `detail`.
func reporting<Result>(_ body: () async throws -> Result) async throws -> Result {
  do {
    return try await body()
  } catch let error as CommandError {
    throw error
  } catch let error as ExitCode {
    throw error
  } catch {
    throw CommandError(Problem(error)?.detail ?? "\(error)")
  }
}
