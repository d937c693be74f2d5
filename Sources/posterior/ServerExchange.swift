import CCurl
import Foundation

/// One request to a server and its answer, through libcurl, which knows TLS, proxies and authorities; on the thread that performs it.
struct ServerExchange {
  enum Content {
    case none
    case bytes([UInt8])
    /// Read while it is sent.
    case file(path: String, byteCount: Int)
  }

  var method: String
  var url: String
  var headers: [String] = []
  var content = Content.none
  /// A PEM file that vouches for the server's certificate; nil for the system's authorities.
  var authorities: String?
  /// Fields of the answer's head that are looked for.
  var wantedFields: [String] = []
  /// Seconds without a byte after which the server is given up; nil: as long as the connection stands.
  var patience: Int? = 600

  /// What came back beside the body.
  struct Head {
    let status: Int
    /// Those of the fields wanted that are there.
    let fields: [String: String]
  }

  /// Why there is no answer, in curl's words.
  struct Failure: Error { let reason: String }

  /// Why libcurl can't be used; nil where it can.
  private static let obstacle = posterior_curl_load().map { String(cString: $0) }

  /// What curl's callbacks work on.
  private final class Progress {
    var source: UnsafeMutablePointer<FILE>?
    var unsent: ArraySlice<UInt8> = []
    let take: ([UInt8]) -> Bool

    init(_ take: @escaping ([UInt8]) -> Bool) { self.take = take }
  }

  /// - Parameter take: gets the answer's body piece by piece, and the status; false ends the exchange.
  /// - Returns: the head, also of an exchange that `take` ended.
  func perform(_ take: @escaping (_ piece: [UInt8], _ status: Int) -> Bool) throws(Failure) -> Head {
    if let obstacle = Self.obstacle {
      throw Failure(reason: "libcurl, which asks servers, can't be used (\(obstacle)); Debian has it in the package libcurl4")
    }
    guard let handle = posterior_curl_start() else { throw Failure(reason: "libcurl has no memory") }
    defer { posterior_curl_end(handle) }
    let progress = Progress { take($0, posterior_curl_status(handle)) }
    let context = Unmanaged.passUnretained(progress).toOpaque()
    var list: UnsafeMutablePointer<curl_slist>?
    // Without an Expect: 100-continue: it would make every upload wait.
    for header in headers + ["Expect:"] { list = posterior_curl_append(list, header) }
    defer { posterior_curl_free(list) }

    func set(_ option: CURLoption, _ value: Int) { _ = posterior_curl_set_number(handle, option, value) }
    func set(_ option: CURLoption, _ value: String) { _ = value.withCString { posterior_curl_set_pointer(handle, option, $0) } }
    set(CURLOPT_URL, url)
    set(CURLOPT_CUSTOMREQUEST, method)
    set(CURLOPT_NOSIGNAL, 1)
    if let patience {
      set(CURLOPT_LOW_SPEED_LIMIT, 1)
      set(CURLOPT_LOW_SPEED_TIME, patience)
    }
    set(CURLOPT_TCP_KEEPALIVE, 1)
    set(CURLOPT_CONNECTTIMEOUT, 30)
    // A key goes to the server that was named and to no other.
    set(CURLOPT_FOLLOWLOCATION, 0)
    if let authorities { set(CURLOPT_CAINFO, authorities) }
    _ = posterior_curl_set_pointer(handle, CURLOPT_HTTPHEADER, list)
    _ = posterior_curl_set_pointer(handle, CURLOPT_WRITEDATA, context)
    _ = posterior_curl_set_callback(handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
      guard let bytes, let context else { return 0 }
      let progress = Unmanaged<Progress>.fromOpaque(context).takeUnretainedValue()
      let piece = UnsafeRawBufferPointer(start: bytes, count: size * count)
      return progress.take(Array(piece)) ? piece.count : 0
    }
    switch content {
    case .none: break
    case .bytes(let bytes):
      progress.unsent = bytes[...]
      send(bytes.count, on: handle, context)
    case .file(let path, let byteCount):
      guard let source = fopen(path, "r") else { throw Failure(reason: "\(path) can't be read: \(String(cString: strerror(errno)))") }
      progress.source = source
      send(byteCount, on: handle, context)
    }
    defer { if let source = progress.source { fclose(source) } }
    // What went wrong, in more words than the code has.
    let words = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    defer { words.deallocate() }
    words[0] = 0
    _ = posterior_curl_set_pointer(handle, CURLOPT_ERRORBUFFER, words)
    let code = withExtendedLifetime(progress) { posterior_curl_perform(handle) }
    // The body was not wanted to its end.
    guard code == CURLE_OK || code == CURLE_WRITE_ERROR else {
      throw Failure(reason: String(cString: words[0] == 0 ? posterior_curl_error(code) : UnsafePointer(words)))
    }
    let fields = wantedFields.compactMap { name in posterior_curl_header(handle, name).map { (name, String(cString: $0)) } }
    return Head(status: posterior_curl_status(handle), fields: Dictionary(uniqueKeysWithValues: fields))
  }

  private func send(_ byteCount: Int, on handle: UnsafeMutableRawPointer, _ context: UnsafeMutableRawPointer) {
    _ = posterior_curl_set_number(handle, CURLOPT_UPLOAD, 1)
    _ = posterior_curl_set_size(handle, CURLOPT_INFILESIZE_LARGE, curl_off_t(byteCount))
    _ = posterior_curl_set_pointer(handle, CURLOPT_READDATA, context)
    _ = posterior_curl_set_callback(handle, CURLOPT_READFUNCTION) { buffer, size, count, context in
      guard let buffer, let context else { return 0 }
      let progress = Unmanaged<Progress>.fromOpaque(context).takeUnretainedValue()
      if let source = progress.source { return fread(buffer, 1, size * count, source) }
      let piece = progress.unsent.prefix(size * count)
      piece.withUnsafeBytes { UnsafeMutableRawPointer(buffer).copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(buffer), byteCount: $0.count) }
      progress.unsent = progress.unsent.dropFirst(piece.count)
      return piece.count
    }
  }
}
