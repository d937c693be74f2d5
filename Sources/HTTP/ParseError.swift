/// Everything that can be wrong with the bytes of a request; after any of these the connection answers and closes (RFC 9112 §2.2, §9.2).
package enum ParseError: Error, Hashable, Sendable, CaseIterable {
  case malformedRequestLine, bareCarriageReturn, bareLineFeed
  case invalidMethod, methodTooLong, tunnelRequested
  case invalidTarget, targetTooLong, invalidPercentEncoding, invalidUTF8, controlCharacterInTarget, dotSegment
  case malformedVersion, unsupportedVersion
  case headersTooLarge, tooManyFields, foldedField, missingColon, emptyFieldName, spaceBeforeColon, invalidFieldName, invalidFieldValue
  case missingHost, severalHosts, invalidHost, hostMismatch
  case invalidContentLength, severalContentLengths, contentLengthOverflow
  case lengthAndTransferEncoding, severalTransferEncodings, invalidTransferEncoding, unknownTransferCoding, transferEncodingInHTTP10
  case unknownExpectation
  case invalidChunkSize, chunkSizeOverflow, invalidChunkExtension, chunkExtensionsTooLong, missingChunkEnd, trailersTooLarge, forbiddenTrailer
}

extension ParseError: Refusable {
  package var refusal: Refusal { Refusal(status, sentence) }

  package var status: Status {
    switch self {
    case .targetTooLong: .targetTooLong
    case .headersTooLarge, .tooManyFields, .trailersTooLarge: .headersTooLarge
    case .methodTooLong, .tunnelRequested, .unknownTransferCoding: .notImplemented
    case .unsupportedVersion: .versionNotSupported
    case .unknownExpectation: .expectationFailed
    case .contentLengthOverflow, .chunkSizeOverflow: .contentTooLarge
    case .malformedRequestLine, .bareCarriageReturn, .bareLineFeed, .invalidMethod, .invalidTarget, .invalidPercentEncoding, .invalidUTF8,
      .controlCharacterInTarget, .dotSegment, .malformedVersion, .foldedField, .missingColon, .emptyFieldName, .spaceBeforeColon, .invalidFieldName,
      .invalidFieldValue, .missingHost, .severalHosts, .invalidHost, .hostMismatch, .invalidContentLength, .severalContentLengths,
      .lengthAndTransferEncoding, .severalTransferEncodings, .invalidTransferEncoding, .transferEncodingInHTTP10, .invalidChunkSize,
      .invalidChunkExtension, .chunkExtensionsTooLong, .missingChunkEnd, .forbiddenTrailer:
      .badRequest
    }
  }

  private var sentence: String {
    switch self {
    case .malformedRequestLine: "The request line has to be METHOD SP TARGET SP HTTP/1.1 with single spaces."
    case .bareCarriageReturn: "A carriage return stands without its line feed; lines end in CRLF."
    case .bareLineFeed: "A line ends in a line feed alone; lines end in CRLF."
    case .invalidMethod: "The method holds a byte that a token can't hold."
    case .methodTooLong: "The method is longer than any that this server knows."
    case .tunnelRequested: "CONNECT is not served here."
    case .invalidTarget:
      "The request target is neither a path that starts with / nor an http URL, or it holds a character that has to be percent-encoded."
    case .targetTooLong: "The request target is too long."
    case .invalidPercentEncoding: "A % in the request target is not followed by two hexadecimal digits."
    case .invalidUTF8: "The percent-decoded request target is not valid UTF-8."
    case .controlCharacterInTarget: "The percent-decoded request target holds a control character."
    case .dotSegment: "The path holds a . or .. segment; send the path that is meant."
    case .malformedVersion: "The request line has to end in HTTP/1.1 or HTTP/1.0."
    case .unsupportedVersion: "Only HTTP/1.1 and HTTP/1.0 are served here."
    case .headersTooLarge: "The header section is too large."
    case .tooManyFields: "There are too many header fields."
    case .foldedField: "A header field is folded over several lines; send it on one."
    case .missingColon: "A header line has no colon."
    case .emptyFieldName: "A header field has an empty name."
    case .spaceBeforeColon: "A header field has white space between its name and the colon."
    case .invalidFieldName: "A header field's name holds a byte that a token can't hold."
    case .invalidFieldValue: "A header field's value holds a control character."
    case .missingHost: "An HTTP/1.1 request needs a Host field."
    case .severalHosts: "There is more than one Host field."
    case .invalidHost: "The Host field is not a host with an optional port."
    case .hostMismatch: "The Host field and the host in the request target differ."
    case .invalidContentLength: "Content-Length has to be decimal digits without sign, comma or leading zeros."
    case .severalContentLengths: "There is more than one Content-Length."
    case .contentLengthOverflow: "Content-Length is larger than any body that can be sent."
    case .lengthAndTransferEncoding: "Content-Length and Transfer-Encoding are both there; send one of them."
    case .severalTransferEncodings: "There is more than one Transfer-Encoding, or chunked is applied more than once."
    case .invalidTransferEncoding: "Transfer-Encoding has to be exactly: chunked."
    case .unknownTransferCoding: "The only transfer coding understood here is chunked."
    case .transferEncodingInHTTP10: "HTTP/1.0 has no Transfer-Encoding."
    case .unknownExpectation: "The only expectation met here is 100-continue."
    case .invalidChunkSize: "A chunk's size has to be hexadecimal digits alone."
    case .chunkSizeOverflow: "A chunk's size is larger than any body that can be sent."
    case .invalidChunkExtension: "A chunk's extension is malformed."
    case .chunkExtensionsTooLong: "The chunk extensions are too long."
    case .missingChunkEnd: "A chunk's data is not followed by CRLF where its size says so."
    case .trailersTooLarge: "The trailer section is too large."
    case .forbiddenTrailer: "A field that frames, routes or authorises the request can't be sent in the trailer section."
    }
  }
}
