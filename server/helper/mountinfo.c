#include "mountinfo.h"

#include "util.h"

#include <string.h>

const char *mountinfo_field(const char *line, const char *end, unsigned number, size_t *length)
{
    for (; number > 0; number--) {
        const char *blank = memchr(line, ' ', (size_t)(end - line));
        if (!blank)
            return NULL;
        line = blank + 1;
    }
    const char *stop = memchr(line, ' ', (size_t)(end - line));
    *length = (size_t)((stop ? stop : end) - line);
    return line;
}

/* Blank, tab, newline and backslash are written as a backslash and three octal digits. */
static size_t unescape(char *text, size_t length)
{
    size_t to = 0;

    for (size_t from = 0; from < length; to++) {
        const char *at = text + from;
        if (length - from >= 4 && at[0] == '\\' && at[1] >= '0' && at[1] <= '3' && at[2] >= '0' && at[2] <= '7' &&
            at[3] >= '0' && at[3] <= '7') {
            text[to] = (char)((at[1] - '0') << 6 | (at[2] - '0') << 3 | (at[3] - '0'));
            from += 4;
        } else {
            text[to] = *at;
            from++;
        }
    }
    return to;
}

bool mountinfo_is_remote(const char *type, size_t length)
{
    static const char types[][7] = { "nfs", "nfs4", "cifs", "smb3",   "9p",
                                         "ceph", "afs", "coda", "lustre", "autofs" };

    if (length >= 4 && memcmp(type, "fuse", 4) == 0)
        return true;
    for (size_t i = 0; i < array_length(types); i++)
        if (strlen(types[i]) == length && memcmp(types[i], type, length) == 0)
            return true;
    return false;
}

const char *mountinfo_type_at(const char *text, size_t length, const char *point, size_t *size)
{
    struct lines lines = lines_of(text, (ssize_t)length);
    const char *line, *stop, *found = NULL;
    size_t point_length;

    while (next_line(&lines, &line, &stop)) {
        const char *fields = find_bytes(line, (size_t)(stop - line), " - ", 3);
        const char *at = mountinfo_field(line, stop, MOUNTINFO_POINT, &point_length);
        if (fields && at && point_length == strlen(point) && memcmp(at, point, point_length) == 0)
            found = mountinfo_field(fields + 3, stop, 0, size);
    }
    return found;
}

bool mountinfo_peer_group(const char *line, const char *end, uint32_t *group)
{
    static const char tag[] = "shared:";
    size_t size;
    uint64_t number;
    const char *at = mountinfo_field(line, end, MOUNTINFO_OPTIONS + 1, &size);

    /* The optional fields, up to the one that is a dash. */
    for (; at && *at != '-'; at = mountinfo_field(at, end, 1, &size)) {
        const char *digits = at + sizeof tag - 1;
        if (size >= sizeof tag && memcmp(at, tag, sizeof tag - 1) == 0 && parse_number(&digits, end, &number)) {
            *group = (uint32_t)number;
            return true;
        }
    }
    return false;
}

/* Whether a remote file system is mounted above the path. One on `/` would stop the whole process anyway. */
static bool leads_over_remote(const char *text, size_t length, const char *path, size_t path_length)
{
    struct lines lines = lines_of(text, (ssize_t)length);
    const char *line, *stop;

    while (next_line(&lines, &line, &stop)) {
        const char *fields = find_bytes(line, (size_t)(stop - line), " - ", 3);
        size_t point_length, type_length;
        const char *point = mountinfo_field(line, stop, MOUNTINFO_POINT, &point_length);
        if (fields && point && point_length > 1 && point_length < path_length &&
            memcmp(point, path, point_length) == 0 && path[point_length] == '/') {
            const char *type = mountinfo_field(fields + 3, stop, 0, &type_length);
            if (type && mountinfo_is_remote(type, type_length))
                return true;
        }
    }
    return false;
}

int mountinfo_each_nsfs(const char *text, size_t length, int (*found)(void *context, const struct nsfs_mount *mount),
                        void *context)
{
    static const char marker[] = " - nsfs ";
    const char *end = text + length;
    const char *line = text;

    /* Blanks within fields are escaped, so the marker cannot be part of a path. */
    for (const char *at; (at = find_bytes(line, (size_t)(end - line), marker, sizeof marker - 1));) {
        struct nsfs_mount mount;
        size_t root_length, point_length;
        const char *before = memrchr(line, '\n', (size_t)(at - line));
        if (before)
            line = before + 1;
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *next = newline ? newline + 1 : end;
        const char *root = mountinfo_field(line, at, MOUNTINFO_ROOT, &root_length);
        const char *point = mountinfo_field(line, at, MOUNTINFO_POINT, &point_length);
        if (root && point && ns_parse_link(root, root_length, &mount.type, &mount.id)) {
            /* Not yet unescaped: both sides of the comparison are as the kernel wrote them. */
            mount.remote = leads_over_remote(text, length, point, point_length);
            autofree char *path = malloc(point_length + 1);
            if (!path)
                return -ENOMEM;
            memcpy(path, point, point_length);
            mount.path_length = unescape(path, point_length);
            path[mount.path_length] = '\0';
            mount.path = path;
            int result = found(context, &mount);
            if (result)
                return result;
        }
        line = next;
    }
    return 0;
}
