// libcurl, loaded when a command first speaks to a server: serving and learning start without it and the thirty libraries that it brings.
#ifndef CCURL_H
#define CCURL_H
#include <curl/curl.h>

// Loads libcurl, once. Nothing else here may be called before, nor where it failed.
// Returns why it can't be used; NULL where it can.
const char *_Nullable posterior_curl_load(void);

CURL *_Nullable posterior_curl_start(void);
CURLcode posterior_curl_perform(CURL *_Nonnull handle);
void posterior_curl_end(CURL *_Nonnull handle);
const char *_Nonnull posterior_curl_error(CURLcode code);

struct curl_slist *_Nullable posterior_curl_append(struct curl_slist *_Nullable list, const char *_Nonnull line);
void posterior_curl_free(struct curl_slist *_Nullable list);

// curl_easy_setopt takes any type of argument, which Swift can't call: one function a type.

CURLcode posterior_curl_set_number(CURL *_Nonnull handle, CURLoption option, long value);
CURLcode posterior_curl_set_size(CURL *_Nonnull handle, CURLoption option, curl_off_t value);
CURLcode posterior_curl_set_pointer(CURL *_Nonnull handle, CURLoption option, const void *_Nullable value);

typedef size_t (*posterior_curl_transfer)(char *_Nullable, size_t, size_t, void *_Nullable);
CURLcode posterior_curl_set_callback(CURL *_Nonnull handle, CURLoption option, posterior_curl_transfer _Nonnull value);

// A field of the last answer's head; NULL where it has none. It lasts until the next transfer.
const char *_Nullable posterior_curl_header(CURL *_Nonnull handle, const char *_Nonnull name);
long posterior_curl_status(CURL *_Nonnull handle);
#endif
