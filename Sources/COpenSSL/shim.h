#pragma once
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

// OpenSSL's macros, as functions that Swift can call.

static inline int ssl_ctx_set_min_proto_version(SSL_CTX *context, int version) { return (int)SSL_CTX_set_min_proto_version(context, version); }

static inline int ssl_ctx_set_groups_list(SSL_CTX *context, const char *groups) { return (int)SSL_CTX_set1_groups_list(context, groups); }

static inline void ssl_ctx_set_mode(SSL_CTX *context, long mode) { SSL_CTX_set_mode(context, mode); }

static inline void ssl_ctx_set_session_cache_mode(SSL_CTX *context, long mode) { SSL_CTX_set_session_cache_mode(context, mode); }

static inline void ssl_ctx_set_read_ahead(SSL_CTX *context, int on) { SSL_CTX_set_read_ahead(context, on); }

// The server chooses the cipher, except that a client without AES in hardware may ask for ChaCha20; no compression (CRIME), no renegotiation;
// an end without close_notify is an end, because HTTP frames its messages itself.
static inline void ssl_ctx_set_server_options(SSL_CTX *context) {
  SSL_CTX_set_options(
      context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                   SSL_OP_IGNORE_UNEXPECTED_EOF);
}
