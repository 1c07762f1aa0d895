#include "surroundings.h"

#include "procfs.h"
#include "text.h"
#include "util.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

/* proc_ns.h's PROC_USER_INIT_INO: the one user namespace that is below none, on every kernel from 3.8 on. */
#define INITIAL_USER_NAMESPACE 0xeffffffd
/* A kernel takes 340 lines in a map since 4.15. */
#define MAP_LINES 340
#define SUBORDINATE_LINES 256

void map_print(const struct host *host, const char *key, const char *path, struct output *output)
{
    autofree char *text = NULL;
    size_t capacity = 0;
    ssize_t length = read_whole_at(host->proc, path, &text, &capacity);
    struct lines lines = lines_of(text, length);
    const char *line, *stop;

    if (length < 0)
        return;
    json_array(output, key);
    for (unsigned count = 0; count < MAP_LINES && next_line(&lines, &line, &stop); count++) {
        static const char part[][8] = { "inside", "outside", "count" };
        const char *at = line;
        json_object(output, NULL);
        for (unsigned i = 0; i < array_length(part); i++) {
            uint64_t number;
            while (at < stop && *at == ' ')
                at++;
            if (parse_number(&at, stop, &number))
                json_number(output, part[i], number);
        }
        json_close(output, '}');
    }
    json_close(output, ']');
}

void user_namespace_print(const struct host *host, struct output *output)
{
    char text[64];

    if (host->own[NS_USER] == 0)
        return;
    json_object(output, "userns");
    /* Not by an identity map, which systemd also gives to others. */
    json_boolean(output, "initial", host->own[NS_USER] == INITIAL_USER_NAMESPACE);
    map_print(host, "uid_map", "self/uid_map", output);
    map_print(host, "gid_map", "self/gid_map", output);
    if (read_text_at(host->proc, "self/setgroups", text, sizeof text) > 0)
        json_text(output, "setgroups", text);
    json_close(output, '}');
}

void bounding_print(const struct host *host, const char *(*name)(unsigned capability), struct output *output)
{
    char text[8192];
    size_t size;
    uint64_t set = 0;
    ssize_t length = read_file_at(host->proc, "self/status", text, sizeof text);
    const char *value = length > 0 ? find_field(text, (size_t)length, "CapBnd", &size) : NULL;

    if (!value)
        return;
    for (; size > 0; value++, size--)
        set = set << 4 | ((unsigned)(*value <= '9' ? *value - '0' : *value - 'a' + 10) & 15);
    json_array(output, "bounding");
    for (unsigned i = 0; i < 64; i++)
        if (set >> i & 1 && name(i))
            json_text(output, NULL, name(i));
    json_close(output, ']');
}

void resource_limits_print(struct output *output)
{
    static const struct {
        const char *key;
        int resource;
    } limits[] = {
        { "nproc", RLIMIT_NPROC },
        { "nofile", RLIMIT_NOFILE },
        { "memlock", RLIMIT_MEMLOCK },
        { "msgqueue", RLIMIT_MSGQUEUE },
    };

    json_object(output, "rlimits");
    for (unsigned i = 0; i < array_length(limits); i++) {
        struct rlimit limit;
        if (getrlimit(limits[i].resource, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
            json_number(output, limits[i].key, limit.rlim_cur);
    }
    json_close(output, '}');
}

/* `struct vfs_cap_data` of linux/capability.h: a magic word, then two words for the low half: permitted, inheritable. */
static bool has_file_capability(const char *path, unsigned capability)
{
    uint8_t data[24];
    ssize_t length = getxattr(path, "security.capability", data, sizeof data);

    return length >= 8 && data[4 + capability / 8] >> capability % 8 & 1;
}

void mapper_print(const char *key, const char *path, struct output *output)
{
    struct stat status;
    struct statvfs system;
    /* CAP_SETGID is 6, CAP_SETUID 7. */
    unsigned capability = strcmp(key, "newgidmap") == 0 ? 6 : 7;

    if (stat(path, &status) < 0)
        return;
    json_object(output, key);
    json_text(output, "path", path);
    json_number(output, "owner", status.st_uid);
    json_boolean(output, "setuid", status.st_mode & S_ISUID);
    json_boolean(output, "capability", has_file_capability(path, capability));
    if (statvfs(path, &system) == 0)
        json_boolean(output, "nosuid", system.f_flag & ST_NOSUID);
    json_close(output, '}');
}

/* `name:first:count` or `uid:first:count`, subuid(5). */
static void print_subordinate(const char *key, const char *path, struct output *output)
{
    autofree char *text = NULL;
    size_t capacity = 0;
    ssize_t length = read_whole_at(AT_FDCWD, path, &text, &capacity);
    struct lines lines = lines_of(text, length);
    const char *line, *stop;

    if (length < 0)
        return;
    json_array(output, key);
    for (unsigned printed = 0; printed < SUBORDINATE_LINES && next_line(&lines, &line, &stop);) {
        const char *colon = memchr(line, ':', (size_t)(stop - line));
        const char *at = colon ? colon + 1 : stop;
        uint64_t start, count;
        if (!colon || colon == line || !parse_number(&at, stop, &start) || at == stop || *at++ != ':' ||
            !parse_number(&at, stop, &count))
            continue;
        json_object(output, NULL);
        json_bytes(output, "name", line, (size_t)(colon - line));
        json_number(output, "start", start);
        json_number(output, "count", count);
        json_close(output, '}');
        printed++;
    }
    json_close(output, ']');
}

void subordinate_files_print(struct output *output)
{
    autofree char *text = NULL;
    size_t capacity = 0, size;
    ssize_t length = read_whole_at(AT_FDCWD, "/etc/nsswitch.conf", &text, &capacity);
    const char *source = length > 0 ? find_field(text, (size_t)length, "subid", &size) : NULL;

    json_object(output, "subordinate");
    print_subordinate("subuid", "/etc/subuid", output);
    print_subordinate("subgid", "/etc/subgid", output);
    /* Then the files do not say everything: nsswitch.conf(5), `subid: sss`. */
    if (source)
        json_bytes(output, "source", source, size);
    json_close(output, '}');
}
