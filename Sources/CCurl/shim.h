#include <curl/curl.h>

// curl_easy_setopt and curl_easy_getinfo take any type of argument, which Swift can't call: one function a type.

static inline CURLcode posterior_curl_set_number(CURL *handle, CURLoption option, long value) { return curl_easy_setopt(handle, option, value); }

static inline CURLcode posterior_curl_set_size(CURL *handle, CURLoption option, curl_off_t value) { return curl_easy_setopt(handle, option, value); }

static inline CURLcode posterior_curl_set_pointer(CURL *handle, CURLoption option, const void *value) { return curl_easy_setopt(handle, option, value); }

typedef size_t (*posterior_curl_transfer)(char *, size_t, size_t, void *);

static inline CURLcode posterior_curl_set_callback(CURL *handle, CURLoption option, posterior_curl_transfer value) {
  return curl_easy_setopt(handle, option, value);
}

// A field of the last answer's head; NULL where it has none. It lasts until the next transfer.
static inline const char *posterior_curl_header(CURL *handle, const char *name) {
  struct curl_header *header = NULL;
  return curl_easy_header(handle, name, 0, CURLH_HEADER, -1, &header) == CURLHE_OK ? header->value : NULL;
}

static inline long posterior_curl_status(CURL *handle) {
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  return status;
}
