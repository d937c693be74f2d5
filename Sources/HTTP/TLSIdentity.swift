import COpenSSL
import Locking

/// Who the server is under TLS: certificate and key from PEM files, read again on demand while connections go on.
package final class TLSIdentity: Sendable {
  package struct Files: Sendable, Equatable {
    /// The certificate, followed by the intermediates that lead to its authority.
    package var certificate: String
    package var key: String
    /// Authorities of which a client has to show a certificate; nil when clients need none.
    package var clientAuthority: String?

    package init(certificate: String, key: String, clientAuthority: String? = nil) {
      self.certificate = certificate
      self.key = key
      self.clientAuthority = clientAuthority
    }
  }

  package let files: Files
  private let current: Protected<TLSContext>

  package init(_ files: Files) throws(TLSError) {
    self.files = files
    current = Protected(try TLSContext(files))
  }

  /// Reads the files again: new connections get what they hold now, open ones keep what they have.
  ///
  /// - Throws: what is wrong with the files; then nothing has changed.
  package func reload() throws(TLSError) {
    let fresh = try TLSContext(files)
    current.withLock { $0 = fresh }
  }

  /// The server's end of a connection that has just been accepted.
  func session(over descriptor: Int32) throws(TLSError) -> TLSSession {
    try TLSSession(current.withLock { $0 }, descriptor: descriptor)
  }
}

/// Why TLS can't be set up: the file at fault and OpenSSL's reason.
package struct TLSError: Error, Equatable, CustomStringConvertible {
  package let description: String

  /// - Parameter what: what was tried; the oldest entry of OpenSSL's error queue, which is the cause, is appended.
  init(_ what: String) {
    let code = ERR_get_error()
    ERR_clear_error()
    if code == 0 {
      description = what
    } else if let reason = ERR_reason_error_string(code) {
      description = "\(what): \(String(cString: reason))"
    } else {
      // What the operating system said, such as a file that is not there.
      description = "\(what): \(Errno(ERR_GET_REASON(code)))"
    }
  }
}
