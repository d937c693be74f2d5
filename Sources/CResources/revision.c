#include "CResources.h"

// Git keeps the commit in HEAD when it is detached, and in the branch's own file when HEAD names a branch. Both are read at build time, and a build
// follows when they change.
static const char head[] = {
#if __has_embed("../../.git/HEAD")
#embed "../../.git/HEAD"
    ,
#endif
    0};
static const char main_branch[] = {
#if __has_embed("../../.git/refs/heads/main")
#embed "../../.git/refs/heads/main"
    ,
#endif
    0};
static const char main_reference[] = "ref: refs/heads/main";

static char revision[41];
const char *const build_revision = revision;

__attribute__((constructor)) static void read_revision(void) {
  int on_main = 1;
  for (size_t i = 0; i + 1 < sizeof main_reference; i++) on_main = on_main && i < sizeof head && head[i] == main_reference[i];
  const char *text = on_main ? main_branch : head;
  size_t length = 0;
  while (text[length] && ((text[length] >= '0' && text[length] <= '9') || (text[length] >= 'a' && text[length] <= 'f'))) length++;
  if (length == 40)
    for (size_t i = 0; i < 40; i++) revision[i] = text[i];
}
