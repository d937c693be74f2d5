#include "CResources.h"

static const unsigned char migration_0001[] = {
#embed "../../migrations/0001-initial.sql"
};
static const unsigned char migration_0002[] = {
#embed "../../migrations/0002-keys-and-annotations.sql"
};
static const unsigned char migration_0003[] = {
#embed "../../migrations/0003-recorded-inference.sql"
};
static const unsigned char migration_0004[] = {
#embed "../../migrations/0004-run-documents.sql"
};
static const unsigned char migration_0005[] = {
#embed "../../migrations/0005-resumed-runs.sql"
};
static const unsigned char migration_0006[] = {
#embed "../../migrations/0006-deleted-and-renamed-models.sql"
};
static const unsigned char migration_0007[] = {
#embed "../../migrations/0007-datasets-and-jobs.sql"
};
static const unsigned char migration_0008[] = {
#embed "../../migrations/0008-runs-of-a-model-file.sql"
};
static const unsigned char openapi[] = {
#embed "../../openapi.yaml"
};

static const embedded_resource embedded_resources[] = {
    {"migrations/0001-initial.sql", migration_0001, sizeof migration_0001},
    {"migrations/0002-keys-and-annotations.sql", migration_0002, sizeof migration_0002},
    {"migrations/0003-recorded-inference.sql", migration_0003, sizeof migration_0003},
    {"migrations/0004-run-documents.sql", migration_0004, sizeof migration_0004},
    {"migrations/0005-resumed-runs.sql", migration_0005, sizeof migration_0005},
    {"migrations/0006-deleted-and-renamed-models.sql", migration_0006, sizeof migration_0006},
    {"migrations/0007-datasets-and-jobs.sql", migration_0007, sizeof migration_0007},
    {"migrations/0008-runs-of-a-model-file.sql", migration_0008, sizeof migration_0008},
    {"openapi.yaml", openapi, sizeof openapi},
};
const size_t embedded_resources_count = sizeof embedded_resources / sizeof embedded_resources[0];

embedded_resource embedded_resource_at(size_t index) { return embedded_resources[index]; }
