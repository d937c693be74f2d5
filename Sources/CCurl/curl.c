#include "CCurl.h"

#include <dlfcn.h>

// Each function of libcurl that is used, with the type that its own header gives it.
#define FUNCTIONS(each) \
  each(curl_global_init) each(curl_easy_init) each(curl_easy_perform) each(curl_easy_cleanup) each(curl_easy_strerror) \
  each(curl_easy_setopt) each(curl_easy_getinfo) each(curl_easy_header) each(curl_slist_append) each(curl_slist_free_all)

// The header checks calls of these by macros, which would meet the members below.
#undef curl_easy_setopt
#undef curl_easy_getinfo

#define MEMBER(name) __typeof__(name) *name;
static struct { FUNCTIONS(MEMBER) } curl;

const char *posterior_curl_load(void) {
  void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
  if (!library) return dlerror();
#define LOOK_UP(name) if (!(curl.name = (__typeof__(name) *)dlsym(library, #name))) return dlerror();
  FUNCTIONS(LOOK_UP)
  CURLcode code = curl.curl_global_init(CURL_GLOBAL_DEFAULT);
  return code == CURLE_OK ? NULL : curl.curl_easy_strerror(code);
}

CURL *posterior_curl_start(void) { return curl.curl_easy_init(); }
CURLcode posterior_curl_perform(CURL *handle) { return curl.curl_easy_perform(handle); }
void posterior_curl_end(CURL *handle) { curl.curl_easy_cleanup(handle); }
const char *posterior_curl_error(CURLcode code) { return curl.curl_easy_strerror(code); }

struct curl_slist *posterior_curl_append(struct curl_slist *list, const char *line) { return curl.curl_slist_append(list, line); }
void posterior_curl_free(struct curl_slist *list) { curl.curl_slist_free_all(list); }

CURLcode posterior_curl_set_number(CURL *handle, CURLoption option, long value) { return curl.curl_easy_setopt(handle, option, value); }
CURLcode posterior_curl_set_size(CURL *handle, CURLoption option, curl_off_t value) { return curl.curl_easy_setopt(handle, option, value); }
CURLcode posterior_curl_set_pointer(CURL *handle, CURLoption option, const void *value) { return curl.curl_easy_setopt(handle, option, value); }
CURLcode posterior_curl_set_callback(CURL *handle, CURLoption option, posterior_curl_transfer value) {
  return curl.curl_easy_setopt(handle, option, value);
}

const char *posterior_curl_header(CURL *handle, const char *name) {
  struct curl_header *header = NULL;
  return curl.curl_easy_header(handle, name, 0, CURLH_HEADER, -1, &header) == CURLHE_OK ? header->value : NULL;
}

long posterior_curl_status(CURL *handle) {
  long status = 0;
  curl.curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  return status;
}
