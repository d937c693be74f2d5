import COpenSSL
import Glibc

/// OpenSSL's `SSL_CTX`: versions, ciphers, certificate and key that connections share; never changed once made.
final class TLSContext: Sendable {
  /// Safe because it is only configured in `init`; after that OpenSSL locks what connections share and counts who uses it.
  nonisolated(unsafe) let pointer: OpaquePointer

  init(_ files: TLSIdentity.Files) throws(TLSError) {
    ERR_clear_error()
    guard let pointer = SSL_CTX_new(TLS_server_method()) else { throw TLSError("TLS is not available") }
    do throws(TLSError) {
      try Self.configure(pointer)
      try Self.loadCertificate(files, into: pointer)
      if let authority = files.clientAuthority { try Self.requireClientCertificate(from: authority, in: pointer) }
    } catch {
      SSL_CTX_free(pointer)
      throw error
    }
    self.pointer = pointer
  }

  deinit { SSL_CTX_free(pointer) }

  /// TLS 1.3 and 1.2, forward secrecy and authenticated encryption only (RFC 9325 §3.1.1, §4.2).
  private static func configure(_ context: OpaquePointer) throws(TLSError) {
    guard ssl_ctx_set_min_proto_version(context, TLS1_2_VERSION) == 1,
      SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1,
      ssl_ctx_set_groups_list(context, "X25519:P-256:P-384") == 1
    else { throw TLSError("OpenSSL does not know the ciphers that are asked for") }
    ssl_ctx_set_server_options(context)
    // Writes that take a part are finished from another address; an idle connection keeps no record buffers (34 KiB each).
    ssl_ctx_set_mode(context, Int(SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS))
    // One system call for a record's header and content, instead of one each.
    ssl_ctx_set_read_ahead(context, 1)
    // Sessions are resumed from tickets that the client keeps (RFC 8446 §2.2, RFC 5077): no memory that clients can fill.
    ssl_ctx_set_session_cache_mode(context, Int(SSL_SESS_CACHE_OFF))
    let name: StaticString = "posterior"
    SSL_CTX_set_session_id_context(context, name.utf8Start, UInt32(name.utf8CodeUnitCount))
    SSL_CTX_set_alpn_select_cb(
      context, { _, selected, count, offered, length, _ in TLSContext.selectProtocol(selected, count, offered, length) }, nil)
    // A key with a passphrase is refused; asking for it on the terminal would hang a service.
    SSL_CTX_set_default_passwd_cb(context) { _, _, _, _ in 0 }
  }

  private static func loadCertificate(_ files: TLSIdentity.Files, into context: OpaquePointer) throws(TLSError) {
    guard SSL_CTX_use_certificate_chain_file(context, files.certificate) == 1 else {
      throw TLSError("can't use the certificate in \(files.certificate)")
    }
    guard SSL_CTX_use_PrivateKey_file(context, files.key, SSL_FILETYPE_PEM) == 1 else {
      throw TLSError("can't use the key in \(files.key) with the certificate in \(files.certificate)")
    }
  }

  private static func requireClientCertificate(from authority: String, in context: OpaquePointer) throws(TLSError) {
    guard SSL_CTX_load_verify_file(context, authority) == 1, let names = SSL_load_client_CA_file(authority) else {
      throw TLSError("can't use the client authority in \(authority)")
    }
    SSL_CTX_set_client_CA_list(context, names)
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
  }

  /// Chooses `http/1.1`; a client that offers protocols without it is refused (RFC 7301 §3.2).
  private static func selectProtocol(
    _ selected: UnsafeMutablePointer<UnsafePointer<UInt8>?>?, _ count: UnsafeMutablePointer<UInt8>?, _ offered: UnsafePointer<UInt8>?,
    _ length: UInt32
  ) -> Int32 {
    let protocols: StaticString = "\u{8}http/1.1"
    var chosen: UnsafeMutablePointer<UInt8>?
    let result = SSL_select_next_proto(&chosen, count, protocols.utf8Start, UInt32(protocols.utf8CodeUnitCount), offered, length)
    guard result == OPENSSL_NPN_NEGOTIATED else { return SSL_TLSEXT_ERR_ALERT_FATAL }
    selected?.pointee = UnsafePointer(chosen)
    return SSL_TLSEXT_ERR_OK
  }
}
