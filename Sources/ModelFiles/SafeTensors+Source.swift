internal import Foundation

extension SafeTensors {
  /// Where a container's bytes come from.
  enum Source: Sendable {
    case memory([UInt8])
    case file(ReadableFile)

    var count: Int {
      switch self {
      case .memory(let bytes): bytes.count
      case .file(let file): file.count
      }
    }

    /// Bytes of a range inside `0..<count`.
    func read(_ range: Range<Int>) throws(ModelFileError) -> [UInt8] {
      switch self {
      case .memory(let bytes): return Array(bytes[range])
      case .file(let file):
        var isComplete = false
        let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, initialized in
          isComplete = file.read(range, into: UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: range.count))
          initialized = isComplete ? range.count : 0
        }
        guard isComplete else { throw cutShort }
        return bytes
      }
    }

    /// Fills a buffer of the range's size; false where the file has become shorter since it was opened.
    func read(_ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) -> Bool {
      precondition(
        range.lowerBound >= 0 && range.upperBound <= count && range.count == buffer.count, "\(range) of \(count) bytes into \(buffer.count)")
      switch self {
      case .memory(let bytes):
        bytes.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[range])) }
        return true
      case .file(let file): return file.read(range, into: buffer)
      }
    }

    var cutShort: ModelFileError {
      ModelFileError(.unreadable, "the file", given: "shorter than when it was opened, or damaged", expected: "a file that nobody changes")
    }
  }
}

/// A regular file that is open for reading as long as this object lives.
final class ReadableFile: Sendable {
  private let descriptor: CInt
  /// Bytes at the time of opening.
  let count: Int

  init(path: String) throws(ModelFileError) {
    // Without O_NONBLOCK a pipe of that name would wait for its other end.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .system(path, "open", errno) }
    var status = stat()
    let code = fstat(descriptor, &status) == 0 ? 0 : errno
    guard code == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      if code != 0 { throw .system(path, "read", code) }
      throw ModelFileError(.unreadable, path, given: "a folder, pipe or device", expected: "a regular file")
    }
    self.descriptor = descriptor
    count = Int(status.st_size)
  }

  deinit { close(descriptor) }

  /// Fills the buffer; false where the file ends before it or cannot be read.
  func read(_ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) -> Bool {
    var done = 0
    while done < buffer.count {
      let got = pread(descriptor, buffer.baseAddress! + done, buffer.count - done, off_t(range.lowerBound + done))
      if got < 0 && errno == EINTR { continue }
      guard got > 0 else { return false }
      done += got
    }
    return true
  }
}
