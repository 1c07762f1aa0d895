#include "subordinate.h"

#include "procfs.h"
#include "util.h"

#include <fcntl.h>
#include <string.h>

/* `name:first:count` or `uid:first:count`. */
static bool parse_line(const char *line, const char *stop, const char *name, uint32_t uid, struct subordinate *range)
{
    const char *at = line, *colon = memchr(line, ':', (size_t)(stop - line));
    uint64_t number;

    if (!colon || colon == line)
        return false;
    bool own = !name || (parse_number(&at, stop, &number) && at == colon && number == uid);
    if (!own && strlen(name) == (size_t)(colon - line))
        own = memcmp(line, name, (size_t)(colon - line)) == 0;
    at = colon + 1;
    return own && parse_number(&at, stop, &range->start) && at < stop && *at++ == ':' &&
           parse_number(&at, stop, &range->count);
}

void subordinate_visit(const char *path, const char *name, uint32_t uid,
                       void (*visit)(const struct subordinate *range, void *context), void *context)
{
    autofree char *text = NULL;
    size_t capacity = 0;
    ssize_t length = read_whole_at(AT_FDCWD, path, &text, &capacity);
    struct lines lines = lines_of(text, length);
    const char *line, *stop;
    struct subordinate range;

    while (next_line(&lines, &line, &stop))
        if (parse_line(line, stop, name, uid, &range))
            visit(&range, context);
}
