#include "keep.h"

#include "kernel.h"
#include "link.h"
#include "nsfs.h"
#include "procfs.h"
#include "text.h"
#include "util.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#define CAP_SYS_ADMIN 21

/* Attempts to get a lock that somebody may hold on purpose, 10 ms apart. */
#define LOCK_ATTEMPTS 500

static int lock(int fd)
{
    const struct timespec pause = { .tv_nsec = 10000000 };

    for (int i = 0; i < LOCK_ATTEMPTS; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return 0;
        if (errno != EWOULDBLOCK)
            return -errno;
        nanosleep(&pause, NULL);
    }
    return -EAGAIN;
}

/* The file that everybody has who sees the same processes: names are looked for in /proc. */
int keep_lock(const struct host *host)
{
    int fd = openat(host->proc, "self/ns/pid", O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return -errno;
    int result = lock(fd);
    if (result) {
        close(fd);
        return result;
    }
    return fd;
}

int keep_check_name(const struct host *host, const char *name, struct failure *failure)
{
    autofree uint32_t *pids = NULL;
    size_t capacity = 0;
    char wanted[128], text[128];
    size_t length = text_format(wanted, sizeof wanted, "linux-namespaces: %s ", name);
    ssize_t count = list_numbers_at(host->proc, ".", &pids, &capacity);

    for (ssize_t i = 0; i < count; i++) {
        char path[PROC_PATH_SIZE];
        text_format(path, sizeof path, "%u/cmdline", pids[i]);
        if (read_file_at(host->proc, path, text, sizeof text) >= (ssize_t)length && memcmp(text, wanted, length) == 0) {
            fail(failure, "keep", EEXIST);
            failure->detail = "a process keeps an instance of this name";
            return -EEXIST;
        }
    }
    return 0;
}

bool keep_may_mount(const struct host *host)
{
    autoclose int fd = openat(host->proc, "self/ns/mnt", O_RDONLY | O_CLOEXEC);
    autoclose int owner = fd < 0 ? -1 : nsfs_owner(fd);
    uint32_t id;

    return (host_capabilities() >> CAP_SYS_ADMIN & 1) && owner >= 0 && nsfs_inode(owner, &id) == 0 &&
           id == host->own[NS_USER];
}

static int fail_path(struct failure *failure, const char *step, const char *path, int number)
{
    fail(failure, step, number);
    failure->path = path;
    return -number;
}

static bool is_mount_point(const char *path)
{
    autofree char *text = NULL;
    size_t capacity = 0;
    char wanted[64];
    size_t length = text_format(wanted, sizeof wanted, " %s ", path);
    ssize_t size = read_whole_at(AT_FDCWD, "/proc/self/mountinfo", &text, &capacity);

    return size > 0 && memmem(text, (size_t)size, wanted, length);
}

/*
 * As ip-netns(8) does it for /run/netns, but private: a mount namespace cannot be mounted where the mount would be
 * passed on to others.
 */
static int make_directory(struct undo *undo, struct failure *failure)
{
    struct stat status, again;

    if (mkdir(KEEP_DIRECTORY, 0755) == 0)
        undo->made_directory = true;
    else if (errno != EEXIST)
        return fail_path(failure, "mkdir", KEEP_DIRECTORY, errno);
    int fd = open(KEEP_DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return fail_path(failure, "open", KEEP_DIRECTORY, errno == ENOENT ? ESTALE : errno);
    int result = fstat(fd, &status) < 0 ? -errno : lock(fd);
    /* Somebody may have removed it before the lock was had. */
    if (!result && (lstat(KEEP_DIRECTORY, &again) < 0 || again.st_ino != status.st_ino))
        result = -ESTALE;
    if (!result && (status.st_uid != geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH))))
        result = -EPERM;
    if (result) {
        close(fd);
        return fail_path(failure, "keep", KEEP_DIRECTORY, -result);
    }
    return fd;
}

static int open_directory(struct undo *undo, struct failure *failure)
{
    int fd = -ESTALE;

    while (fd == -ESTALE)
        fd = make_directory(undo, failure);
    if (fd < 0)
        return fd;
    bool is_mounted = is_mount_point(KEEP_DIRECTORY);
    undo->made_mount = !is_mounted;
    if ((!is_mounted && mount(KEEP_DIRECTORY, KEEP_DIRECTORY, NULL, MS_BIND | MS_REC, NULL) < 0) ||
        mount(NULL, KEEP_DIRECTORY, NULL, MS_PRIVATE, NULL) < 0) {
        fail_path(failure, "mount", KEEP_DIRECTORY, errno);
        close(fd);
        return -failure->number;
    }
    return fd;
}

static void folder_path(char path[128], const char *name, const char *type)
{
    text_format(path, 128, "%s/%s%s%s", KEEP_DIRECTORY, name, type ? "/" : "", type ? type : "");
}

int keep_make_folder(const char *name, struct undo *undo, struct failure *failure)
{
    /* Held until it is done, so that nobody takes the mount point away meanwhile. */
    autoclose int directory = open_directory(undo, failure);
    struct stat status;
    char path[128];

    if (directory < 0)
        return directory;
    folder_path(path, name, NULL);
    if (mkdir(path, 0755) < 0)
        return fail_path(failure, "keep", KEEP_DIRECTORY, errno);
    if (lstat(path, &status) < 0)
        return fail_path(failure, "keep", KEEP_DIRECTORY, errno);
    undo->folder = status.st_ino;
    if (chmod(path, 0755) < 0)
        return fail_path(failure, "keep", KEEP_DIRECTORY, errno);
    return 0;
}

int keep_mount(const char *name, const int fd[NS_TYPES], struct undo *undo, struct failure *failure)
{
    for (enum ns_type type = 0; type < NS_TYPES; type++) {
        char source[64], target[128];
        if (fd[type] < 0)
            continue;
        folder_path(target, name, ns_types[type].name);
        undo->types |= 1u << type;
        autoclose int file = open(target, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0444);
        text_format(source, sizeof source, "/proc/self/fd/%d", fd[type]);
        if (file < 0 || mount(source, target, NULL, MS_BIND, NULL) < 0) {
            fail_path(failure, "mount", KEEP_DIRECTORY, errno);
            failure->type = type;
            return -failure->number;
        }
    }
    return 0;
}

static void undo_folder(struct undo *undo, const char *name)
{
    struct stat status;
    char path[128];

    folder_path(path, name, NULL);
    if (lstat(path, &status) < 0 || status.st_ino != undo->folder)
        return;
    for (enum ns_type type = 0; type < NS_TYPES; type++) {
        if (!(undo->types >> type & 1))
            continue;
        folder_path(path, name, ns_types[type].name);
        umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW);
        unlink(path);
    }
    folder_path(path, name, NULL);
    rmdir(path);
}

/* Whoever makes an instance holds the lock until its folder is there, so that an empty one is nobody's. */
static void undo_directory(struct undo *undo)
{
    autoclose int fd = open(KEEP_DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    char entries[1024];

    /* `.` and `..` take 24 bytes each. */
    if (fd < 0 || lock(fd) || syscall(SYS_getdents64, fd, entries, sizeof entries) > 48)
        return;
    /* Detached, because of our own descriptor. */
    if (undo->made_mount)
        umount2(KEEP_DIRECTORY, MNT_DETACH | UMOUNT_NOFOLLOW);
    if (undo->made_directory)
        rmdir(KEEP_DIRECTORY);
}

void undo_all(struct undo *undo, const char *name)
{
    if (undo->link)
        link_delete(undo->link);
    if (undo->folder)
        undo_folder(undo, name);
    if (undo->made_mount || undo->made_directory)
        undo_directory(undo);
    *undo = (struct undo){ 0 };
}
