#include "mounted.h"

#include "nsfs.h"
#include "procfs.h"
#include "text.h"
#include "util.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>

#define UMOUNT_ATTEMPTS 32
/* Attempts to get a lock that somebody may hold on purpose, 10 ms apart. */
#define LOCK_ATTEMPTS 500

static int fail_path(struct failure *failure, const char *step, int number, const char *path, const char *detail)
{
    fail(failure, step, number);
    failure->path = path;
    failure->detail = detail;
    return -number;
}

/* The folder's descriptor, and the last name in the path. Links on the way are the path's own business. */
static int open_folder(const char *path, const char **name, struct failure *failure)
{
    const char *slash = strrchr(path, '/');
    size_t length = slash ? (size_t)(slash - path) : 0;

    *name = slash ? slash + 1 : path;
    if (path[0] != '/' || !**name || strcmp(*name, ".") == 0 || strcmp(*name, "..") == 0)
        return fail_usage(failure, "path", "a path has to be absolute and to end with a name");
    autofree char *folder = strndup(path, length ? length : 1);
    if (!folder)
        return fail(failure, "memory", ENOMEM);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? fail_path(failure, "open", errno, path, NULL) : fd;
}

/* The descriptor's file as a path that cannot come to mean another one. */
static void path_of(int fd, char path[32])
{
    text_format(path, 32, "/proc/self/fd/%d", fd);
}

static int mount_on(int namespace, int folder, const char *name)
{
    autoclose int file = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    char source[32], target[32];

    if (file < 0)
        return -errno;
    path_of(namespace, source);
    path_of(file, target);
    return mount(source, target, NULL, MS_BIND, NULL) < 0 ? -errno : 0;
}

static int make_file(int folder, const char *name)
{
    /* Nobody reads it; ip-netns(8) gives it no rights either. */
    autoclose int file = openat(folder, name, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0);

    return file < 0 ? -errno : 0;
}

int mounted_add(int namespace, const char *path, struct failure *failure)
{
    const char *name;
    autoclose int folder = open_folder(path, &name, failure);

    if (folder < 0)
        return folder;
    int result = make_file(folder, name);
    if (result)
        return fail_path(failure, "open", -result, path, result == -EEXIST ? "the name is taken" : NULL);
    result = mount_on(namespace, folder, name);
    if (!result)
        return 0;
    unlinkat(folder, name, 0);
    return fail_path(failure, "mount", -result, path, NULL);
}

void mounted_close(struct mounted *mounted)
{
    cleanup_close(&mounted->folder);
    cleanup_close(&mounted->namespace);
    mounted->folder = mounted->namespace = -1;
}

static bool is_empty_file(int fd)
{
    struct stat status;

    return fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size == 0;
}

int mounted_look(const struct host *host, const char *path, bool leftover, struct mounted *mounted,
                 struct failure *failure)
{
    const char *name;
    struct nsfs_identity identity;
    uint32_t id;

    *mounted = (struct mounted){ .path = path, .folder = open_folder(path, &name, failure), .namespace = -1 };
    if (mounted->folder < 0)
        return mounted->folder;
    autoclose int place = openat(mounted->folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    int result = place < 0 ? -errno : 0;
    if (result) {
        fail_path(failure, "open", -result, path, NULL);
    } else if (nsfs_is_file(host, place, "", &id)) {
        mounted->namespace = nsfs_open_at(host, mounted->folder, name, id);
        result = mounted->namespace < 0 ? mounted->namespace : nsfs_identify(host, mounted->namespace, &identity);
        if (result)
            fail_path(failure, "open", -result, path, NULL);
        mounted->type = identity.type;
        mounted->id = identity.id;
    } else if (!is_empty_file(place)) {
        result = fail_path(failure, "nsfs", EINVAL, path, "not a namespace");
    } else if (!leftover) {
        result = fail_path(failure, "nsfs", EINVAL, path, "an empty file: no namespace is mounted on it here");
    }
    if (result)
        mounted_close(mounted);
    return result;
}

/*
 * One file may have several namespaces on it; only the uppermost shows. 1 when the file below is empty and so was made
 * for this; another one is not ours to remove.
 */
static int unmount_all(const struct host *host, struct mounted *mounted, const char *name)
{
    uint32_t id;
    int result = -EBUSY;

    for (unsigned attempt = 0; attempt < UMOUNT_ATTEMPTS; attempt++) {
        autoclose int place = openat(mounted->folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        char path[32];
        if (place < 0)
            return -errno;
        if (!nsfs_is_file(host, place, "", &id))
            return is_empty_file(place);
        /* What was looked at is to go, and with it what it hid; not what has come on top of it meanwhile. */
        if (mounted->layers == 0 && (mounted->namespace < 0 || id != mounted->id))
            return -ESTALE;
        path_of(place, path);
        result = umount2(path, MNT_DETACH) < 0 ? -errno : 0;
        /* Also when somebody else has just unmounted it, which the next look shows. */
        if (result && result != -EINVAL)
            return result;
        mounted->layers += !result;
    }
    return result ? result : -EBUSY;
}

int mounted_remove(const struct host *host, struct mounted *mounted, struct failure *failure)
{
    const char *name = strrchr(mounted->path, '/') + 1;
    const char *step = "umount2";
    int result = unmount_all(host, mounted, name);

    if (result > 0) {
        result = unlinkat(mounted->folder, name, 0) < 0 ? -errno : 0;
        step = "unlink";
    }
    /* Somebody else was quicker, which is what was wanted. */
    mounted->removed = !result || result == -ENOENT;
    if (mounted->removed)
        return 0;
    if (mounted->layers > 0)
        mount_on(mounted->namespace, mounted->folder, name);
    return fail_path(failure, step, -result, mounted->path, NULL);
}

void mounted_restore(struct mounted *mounted)
{
    const char *name = strrchr(mounted->path, '/') + 1;

    if (!mounted->removed || make_file(mounted->folder, name) < 0)
        return;
    if (mounted->namespace >= 0)
        mount_on(mounted->namespace, mounted->folder, name);
    mounted->removed = false;
}

int mounted_lock(int fd)
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

int mounted_lock_folder(const char *path)
{
    struct stat status, again;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0)
        return -errno;
    int result = fstat(fd, &status) < 0 ? -errno : mounted_lock(fd);
    /* Somebody may have removed it before the lock was had. */
    if (!result && (lstat(path, &again) < 0 || again.st_ino != status.st_ino || again.st_dev != status.st_dev))
        result = -ENOENT;
    if (!result && status.st_uid != geteuid())
        result = -EACCES;
    if (!result && (status.st_mode & (S_IWGRP | S_IWOTH)))
        result = -EPERM;
    if (!result)
        return fd;
    close(fd);
    return result;
}

static int make_folder(const char *path, struct made *made, struct failure *failure)
{
    if (mkdir(path, 0755) == 0)
        made->folder = true;
    else if (errno != EEXIST)
        return fail_path(failure, "mkdir", errno, path, NULL);
    int fd = mounted_lock_folder(path);
    if (fd < 0)
        fail_path(failure, "folder", -fd, path, fd == -EPERM ? "others may write in it" : NULL);
    return fd;
}

/* As ip-netns(8) does it: what is no mount point yet cannot be made shared or private, which is EINVAL. */
int mounted_open_folder(const char *path, bool shared, struct made *made, struct failure *failure)
{
    unsigned long propagation = shared ? MS_SHARED | MS_REC : MS_PRIVATE;
    int fd = -ENOENT;

    *made = (struct made){ 0 };
    for (int attempt = 0; fd == -ENOENT && attempt < 100; attempt++)
        fd = make_folder(path, made, failure);
    if (fd < 0)
        return fd;
    if (mount(NULL, path, NULL, propagation, NULL) == 0)
        return fd;
    int number = errno;
    if (number == EINVAL && mount(path, path, NULL, MS_BIND | MS_REC, NULL) == 0) {
        made->mount = true;
        number = mount(NULL, path, NULL, propagation, NULL) < 0 ? errno : 0;
    } else if (number == EINVAL) {
        number = errno;
    }
    if (number == 0)
        return fd;
    mounted_undo_folder(path, made);
    close(fd);
    return fail_path(failure, "mount", number, path, NULL);
}

void mounted_undo_folder(const char *path, const struct made *made)
{
    /* Detached, because of the descriptor that is open. */
    if (made->mount)
        umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW);
    if (made->folder)
        rmdir(path);
}

/* What is mounted there is the folder itself and not another's; nothing is in it but the helper's own files. */
static bool is_unused(int folder)
{
    struct stat status, above;
    DIR *list = NULL;
    int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool unused = fstat(folder, &status) == 0 && fstatat(folder, "..", &above, 0) == 0 &&
                  status.st_dev == above.st_dev && copy >= 0 && (list = fdopendir(copy)) != NULL;

    for (struct dirent *entry; unused && (entry = readdir(list));)
        unused = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
                 strcmp(entry->d_name, "helper") == 0;
    if (list)
        closedir(list);
    else
        cleanup_close(&copy);
    return unused;
}

void mounted_leave_folder(const char *path, int folder)
{
    if (is_unused(folder))
        mounted_undo_folder(path, &(struct made){ .folder = true, .mount = true });
}
