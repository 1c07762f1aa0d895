#include "cgroups.h"

#include "util.h"

#include <string.h>

const char *cgroup_path(const char *text, size_t length, size_t *path_length, bool *is_unified)
{
    static const char systemd[] = ":name=systemd:";
    const size_t systemd_length = sizeof systemd - 1;
    struct lines lines = lines_of(text, (ssize_t)length);
    const char *line, *stop, *unified = NULL, *named = NULL;
    size_t unified_length = 0, named_length = 0;

    while (next_line(&lines, &line, &stop)) {
        const char *colon = memchr(line, ':', (size_t)(stop - line));
        if (stop - line > 3 && memcmp(line, "0::", 3) == 0) {
            unified = line + 3;
            unified_length = (size_t)(stop - unified);
        } else if (colon && (size_t)(stop - colon) > systemd_length && memcmp(colon, systemd, systemd_length) == 0) {
            named = colon + systemd_length;
            named_length = (size_t)(stop - named);
        }
    }
    /* In the hybrid layout a process may be placed in either: the root of one says nothing where the other does. */
    *is_unified = unified && (!named || unified_length > 1 || named_length <= unified_length);
    if (*is_unified) {
        *path_length = unified_length;
        return unified;
    }
    *path_length = named_length;
    return named;
}

struct cgroup_entry {
    uint64_t id;
    char *path;
    size_t length;
};

/* More cgroups than this at once are rare; beginning anew then bounds the memory of a long watch. */
#define CACHE_LIMIT 4096

void cgroup_cache_free(struct cgroup_cache *cache)
{
    for (size_t i = 0; i < cache->capacity; i++)
        free(cache->entry[i].path);
    free(cache->entry);
    *cache = (struct cgroup_cache){ 0 };
}

/* The entry of `id`, or the free one where it belongs. The table is never full. */
static struct cgroup_entry *locate(const struct cgroup_cache *cache, uint64_t id)
{
    size_t at = hash_number(id) & (cache->capacity - 1);

    while (cache->entry[at].path && cache->entry[at].id != id)
        at = (at + 1) & (cache->capacity - 1);
    return &cache->entry[at];
}

const char *cgroup_cache_find(const struct cgroup_cache *cache, uint64_t id, size_t *path_length)
{
    if (cache->capacity == 0)
        return NULL;
    const struct cgroup_entry *entry = locate(cache, id);
    *path_length = entry->length;
    return entry->path;
}

void cgroup_cache_add(struct cgroup_cache *cache, uint64_t id, const char *path, size_t length)
{
    if (cache->count >= CACHE_LIMIT)
        cgroup_cache_free(cache);
    if (cache->count * 2 >= cache->capacity) {
        struct cgroup_cache larger = { .capacity = cache->capacity ? cache->capacity * 2 : 64, .count = cache->count };
        larger.entry = calloc(larger.capacity, sizeof *larger.entry);
        if (!larger.entry)
            return;
        for (size_t i = 0; i < cache->capacity; i++)
            if (cache->entry[i].path)
                *locate(&larger, cache->entry[i].id) = cache->entry[i];
        free(cache->entry);
        *cache = larger;
    }
    struct cgroup_entry *entry = locate(cache, id);
    char *copy = entry->path ? NULL : malloc(length + 1);
    if (!copy)
        return;
    memcpy(copy, path, length);
    copy[length] = '\0';
    *entry = (struct cgroup_entry){ .id = id, .path = copy, .length = length };
    cache->count++;
}
