import HTTP

/// libFuzzer's entry: a form if the bytes start like one, else requests; read whole and in pieces, under wide and under tight limits.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzTarget(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  var splits = Splits(of: bytes)
  if bytes.starts(with: "--".utf8) {
    check(bytes, &splits, reading: FormReading.init)
  } else {
    check(bytes, &splits) { RequestReading($0, limits: .init()) }
    check(bytes, &splits) { RequestReading($0, limits: .tight) }
    checkBehindLargeRequest(bytes, &splits)
  }
  return 0
}

/// The differential law: the same bytes give the same reading, however they are cut. A breach traps, and so is a crash to libFuzzer.
private func check<Reading: Equatable>(_ bytes: [UInt8], _ splits: inout Splits, reading: ([ArraySlice<UInt8>]) -> Reading) {
  let whole = reading([bytes[...]])
  for grain in [1, 3, 40, 700] {
    let pieces = splits.next(grain: grain)
    let other = reading(pieces)
    guard other == whole else {
      print("cut into \(pieces.map(\.count)):\n\(other)\nwhole:\n\(whole)")
      preconditionFailure("a reading depends on the cuts")
    }
  }
}

/// A request in front changes nothing; this one is so large that the parser makes room while the fuzzed bytes are half read.
private func checkBehindLargeRequest(_ bytes: [UInt8], _ splits: inout Splits) {
  let size = 33 * 1024
  let front = Array("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(size)\r\n\r\n".utf8) + [UInt8](repeating: UInt8(ascii: "x"), count: size)
  var alone = RequestReading([bytes[...]], limits: .init())
  var pieces = splits.next(grain: 40)
  if pieces.isEmpty { pieces = [[]] }
  pieces[0] = front + pieces[0]
  let behind = RequestReading(pieces, limits: .init())
  precondition(behind.requests.first?.body.count == size, "the request in front is read otherwise")
  alone.requests.insert(behind.requests[0], at: 0)
  guard behind == alone else {
    print("behind a large request:\n\(behind)\nalone:\n\(alone)")
    preconditionFailure("a reading depends on the request in front")
  }
}
