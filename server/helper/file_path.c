#include "file.h"

#include "kernel.h"
#include "procfs.h"
#include "text.h"
#include "util.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/vfs.h>

/* As the kernel's own limit, path_resolution(7). */
#define LINKS_MAX 40
/* With `..` in it, a path is given up when something is renamed meanwhile: openat2(2). */
#define TRIES_MAX 16
#define PLACE (O_PATH | O_CLOEXEC)
#define LISTED 32768

int checked(long result)
{
    return result < 0 ? -errno : (int)result;
}

static int open_how(int folder, const char *path, int flags, uint64_t resolve)
{
    struct open_how how = { .flags = (uint64_t)(flags | PLACE), .resolve = resolve };
    int tries = TRIES_MAX, fd;

    do
        fd = checked(syscall(SYSCALL_OPENAT2, folder, path, &how, sizeof how));
    while (fd == -EAGAIN && --tries > 0);
    return fd;
}

/* Links of /proc that lead to something by other means than a path show a path all the same, or `TYPE:[…]`. */
static bool is_magic(int link, const char *text)
{
    struct statfs status;

    return fstatfs(link, &status) < 0 || (status.f_type == PROC_SUPER_MAGIC && (text[0] == '/' || strchr(text, ':')));
}

static int duplicate(int fd)
{
    return checked(fcntl(fd, F_DUPFD_CLOEXEC, 0));
}

/* What RESOLVE_IN_ROOT and RESOLVE_NO_MAGICLINKS do; within a chroot, which `..` does not lead out of. */
static int walk(int root, const char *path, int flags)
{
    char rest[2 * PATH_MAX], link[PATH_MAX], *next = rest;
    autoclose int at = duplicate(root);

    text_format(rest, sizeof rest, "%s", path);
    for (unsigned links = 0; at >= 0;) {
        char *name = next + strspn(next, "/");
        if (!*name)
            return duplicate(at);
        next = name + strcspn(name, "/");
        bool last = *next == '\0';
        if (!last)
            *next++ = '\0';
        autoclose int parent = at;
        at = checked(openat(parent, name, PLACE | O_NOFOLLOW));
        ssize_t size = at < 0 || (last && (flags & O_NOFOLLOW)) ? -1 : readlinkat(at, "", link, sizeof link - 1);
        if (size < 0)
            continue;
        link[size] = '\0';
        if (++links > LINKS_MAX || is_magic(at, link))
            return -ELOOP;
        size_t left = strlen(next) + 1;
        if (left > PATH_MAX)
            return -ENAMETOOLONG;
        memmove(rest + size + 1, next, left);
        memcpy(rest, link, (size_t)size);
        rest[size] = '/';
        next = rest;
        close(at);
        at = duplicate(link[0] == '/' ? root : parent);
    }
    return at;
}

int files_open(const struct files *files, const char *path, int flags)
{
    return files->walks ? walk(files->root, path, flags)
                        : open_how(files->root, path, flags, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

int files_open_parent(const struct files *files, const char *path, const char **name)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');

    if (!slash || !slash[1] || strcmp(slash, "/.") == 0 || strcmp(slash, "/..") == 0)
        return -EINVAL;
    *name = slash + 1;
    if (text_format(folder, sizeof folder, "%.*s", (int)(*name - path), path) >= sizeof folder)
        return -ENAMETOOLONG;
    return files_open(files, folder, 0);
}

int files_reopen(const struct files *files, int place, int flags)
{
    char path[PROC_PATH_SIZE];
    struct stat status;

    if (place < 0)
        return place;
    int result = checked(fstat(place, &status));
    if (result || !S_ISREG(status.st_mode))
        return result ? result : S_ISDIR(status.st_mode) ? -EISDIR : -ENXIO;
    text_format(path, sizeof path, "self/fd/%d", place);
    return checked(openat(files->host->proc, path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

int files_reopen_folder(int place)
{
    return place < 0 ? place : checked(openat(place, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

/* The number of the mount that a descriptor is on; 0 unknown. */
static uint64_t mount_of(const struct files *files, int fd)
{
    char path[PROC_PATH_SIZE], text[512];
    size_t size;
    uint64_t number = 0;

    text_format(path, sizeof path, "self/fdinfo/%d", fd);
    ssize_t length = read_file_at(files->host->proc, path, text, sizeof text);
    const char *value = length > 0 ? find_field(text, (size_t)length, "mnt_id", &size) : NULL;
    if (value)
        parse_number(&value, value + size, &number);
    return number;
}

int files_open_unmounted(const struct files *files, int folder, const char *name)
{
    int fd;

    if (!files->walks) {
        fd = open_how(folder, name, O_NOFOLLOW, RESOLVE_NO_XDEV);
        return fd == -EXDEV ? -EBUSY : fd;
    }
    fd = checked(openat(folder, name, PLACE | O_NOFOLLOW));
    if (fd >= 0 && mount_of(files, fd) != mount_of(files, folder)) {
        close(fd);
        return -EBUSY;
    }
    return fd;
}

int files_each(struct files *files, int folder,
               int (*visit)(struct files *files, void *context, int folder, const char *name), void *context)
{
    struct entry {
        uint64_t inode, offset;
        uint16_t size;
        uint8_t type;
        char name[];
    };
    autofree char *buffer = malloc(LISTED);
    int result = buffer ? 1 : -ENOMEM;

    while (result > 0) {
        result = checked(syscall(SYS_getdents64, folder, buffer, LISTED));
        /* The kernel keeps them aligned. */
        for (char *at = buffer, *end = buffer + result; result > 0 && at < end;) {
            const struct entry *entry = (const void *)at;
            int visited = strcmp(entry->name, ".") == 0 || strcmp(entry->name, "..") == 0
                              ? 0
                              : visit(files, context, folder, entry->name);
            result = visited ? visited : result;
            at += entry->size;
        }
    }
    return result;
}
