// Files of the project that travel inside the binary.
#ifndef CRESOURCES_H
#define CRESOURCES_H
#include <stddef.h>

typedef struct {
  const char *_Nonnull name;  // path from the project's root
  const unsigned char *_Nonnull bytes;
  size_t count;
} embedded_resource;

// Sorted by name. Tests compare the list with the files in migrations/ and Sources/Page/.
extern const size_t embedded_resources_count;

// The resource at an index below the count.
embedded_resource embedded_resource_at(size_t index);

// The git commit that stood checked out when this was built, as 40 hexadecimal digits; empty where it could not be told (no checkout, or another branch
// than main). Changes that were not committed do not show in it.
extern const char *_Nonnull const build_revision;
#endif
