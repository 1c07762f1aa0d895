#ifndef NSHELPER_MOUNTINFO_H
#define NSHELPER_MOUNTINFO_H

#include "types.h"

/*
 * Fields of a line of /proc/PID/mountinfo: id, parent, device, root, mount point, options, optional fields; and after
 * " - ": type, source, options.
 */
#define MOUNTINFO_ROOT 3
#define MOUNTINFO_POINT 4
#define MOUNTINFO_OPTIONS 5

/* Field by its number, from 0; NULL where the line has fewer. Blanks within it are escaped as octal digits. */
const char *mountinfo_field(const char *line, const char *end, unsigned number, size_t *length);

/* Type of what is on top at a mount point; NULL where nothing is mounted. `point` has no blanks. */
const char *mountinfo_type_at(const char *text, size_t length, const char *point, size_t *size);
/* A file system that asks someone else, so that walking a path on it can wait for ever. */
bool mountinfo_is_remote(const char *type, size_t length);
/* `shared:N` of a line: the peer group with which the mount exchanges what is mounted beneath it. */
bool mountinfo_peer_group(const char *line, const char *end, uint32_t *group);

/* One mount of a namespace's file. */
struct nsfs_mount {
    enum ns_type type;
    uint32_t id;
    /* The path leads over a file system whose server may not answer. */
    bool remote;
    /* Mount point as the process sees it; terminated. */
    const char *path;
    size_t path_length;
};

/*
 * Calls `found` for every nsfs mount in the text of /proc/PID/mountinfo. Stops at the first result that is not 0 and
 * returns it. `length` is not negative.
 */
int mountinfo_each_nsfs(const char *text, size_t length, int (*found)(void *context, const struct nsfs_mount *mount),
                        void *context);

#endif
