// Files of the project that travel inside the binary.
#ifndef CRESOURCES_H
#define CRESOURCES_H
#include <stddef.h>

typedef struct {
  const char *name;  // path from the project's root
  const unsigned char *bytes;
  size_t count;
} embedded_resource;

// Sorted by name. A test compares the list with the files in migrations/.
extern const embedded_resource embedded_resources[];
extern const size_t embedded_resources_count;
#endif
