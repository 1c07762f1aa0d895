#include "facts.h"

#include "kernel.h"
#include "nsfs.h"
#include "procfs.h"
#include "text.h"
#include "util.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>

/* A user namespace can be 33 levels below the initial one; one more is room for a kernel that allows it. */
#define LEVELS 64
#define UNKNOWN UINT64_MAX

static void read_limits(const struct host *host, uint64_t limit[NS_TYPES])
{
    for (enum ns_type type = 0; type < NS_TYPES; type++) {
        char path[PROC_PATH_SIZE];
        text_format(path, sizeof path, "sys/user/max_%s_namespaces", ns_types[type].name);
        if (read_number_at(host->proc, path, &limit[type]) < 0)
            limit[type] = UNKNOWN;
    }
}

/* /proc/sys/user shows the limits of the reader's own user namespace, so a child goes there to read them. */
static int read_limits_in(const struct host *host, int fd, uint64_t limit[NS_TYPES])
{
    size_t size = sizeof(uint64_t) * NS_TYPES;
    int ends[2], status;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    autoclose int from = ends[0];
    autoclose int to = ends[1];
    pid_t child = fork();
    if (child < 0)
        return -errno;
    if (child == 0) {
        if (setns(fd, CLONE_NEWUSER) < 0)
            _exit(1);
        read_limits(host, limit);
        _exit(write(to, limit, size) == (ssize_t)size ? 0 : 1);
    }
    close(to);
    to = -1;
    ssize_t length = read(from, limit, size);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return length == (ssize_t)size ? 0 : -EPERM;
}

static void print_level(const struct host *host, int fd, uint32_t id, bool top, struct output *output)
{
    uint64_t limit[NS_TYPES];
    uint32_t uid;
    bool own = id == host->own[NS_USER];

    record_begin(output, "userns");
    json_number(output, "id", id);
    json_boolean(output, "own", own);
    json_boolean(output, "top", top);
    if (nsfs_owner_uid(fd, &uid) == 0)
        json_number(output, "uid", uid);
    if (own)
        read_limits(host, limit);
    if (own || read_limits_in(host, fd, limit) == 0) {
        json_object(output, "limits");
        for (enum ns_type type = 0; type < NS_TYPES; type++) {
            char key[32];
            text_format(key, sizeof key, "max_%s_namespaces", ns_types[type].name);
            if (limit[type] != UNKNOWN)
                json_number(output, key, limit[type]);
        }
        json_close(output, '}');
    }
    record_end(output);
}

int user_namespaces_print(const struct host *host, uint32_t pid, struct output *output, struct failure *failure)
{
    char path[PROC_PATH_SIZE];

    text_format(path, sizeof path, "%u/ns/user", pid);
    int fd = openat(host->proc, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail(failure, "open", errno);
    for (unsigned level = 0; fd >= 0 && level < LEVELS; level++) {
        autoclose int current = fd;
        uint32_t id;
        int result = nsfs_inode(current, &id);
        if (result)
            return fail(failure, "fstat", -result);
        /* -EPERM at the caller's own: what is above it is not shown to it. */
        fd = nsfs_parent(current);
        print_level(host, current, id, fd < 0, output);
    }
    if (fd >= 0)
        close(fd);
    return 0;
}
