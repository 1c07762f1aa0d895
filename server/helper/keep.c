#include "keep.h"

#include "link.h"
#include "mounted.h"
#include "nsfs.h"
#include "text.h"
#include "util.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define CAP_SYS_ADMIN 21

int keep_claim(const struct host *host, const char *name, struct failure *failure)
{
    struct instance instance;
    int fd = openat(host->proc, "self/ns/pid", O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return fail(failure, "open", errno);
    int result = mounted_lock(fd);
    if (result)
        fail(failure, "flock", -result);
    else
        result = instance_find(host, name, &instance, failure);
    if (result == -EEXIST || (!result && instance.pid != 0)) {
        result = fail(failure, "name", EEXIST);
        failure->detail = "a process keeps something of this name";
    } else if (result == -ENOENT) {
        result = 0;
    }
    if (!result)
        return fd;
    close(fd);
    return result;
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

static void folder_path(char path[128], const char *name, const char *type)
{
    text_format(path, 128, "%s/%s%s%s", INSTANCES_DIRECTORY, name, type ? "/" : "", type ? type : "");
}

int keep_make_folder(const char *name, struct undo *undo, struct failure *failure)
{
    struct made made;
    struct stat status;
    char path[128];

    undo->opened = true;
    /* Held until it is done, so that nobody takes the mount point away meanwhile. */
    autoclose int directory = mounted_open_folder(INSTANCES_DIRECTORY, false, &made, failure);
    if (directory < 0)
        return directory;
    folder_path(path, name, NULL);
    if (mkdir(path, 0755) < 0)
        return fail_path(failure, "keep", INSTANCES_DIRECTORY, errno);
    undo->held = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (undo->held < 0 || fstat(undo->held, &status) < 0)
        return fail_path(failure, "keep", INSTANCES_DIRECTORY, errno);
    undo->folder = status.st_ino;
    if (chmod(path, 0755) < 0)
        return fail_path(failure, "keep", INSTANCES_DIRECTORY, errno);
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
            fail_path(failure, "mount", INSTANCES_DIRECTORY, errno);
            failure->type = type;
            return -failure->number;
        }
    }
    return 0;
}

/* By its inode, under whatever name `rename` has given it. */
static bool find_folder(int directory, uint64_t inode, char name[65])
{
    int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = copy < 0 ? NULL : fdopendir(copy);
    struct stat status;
    bool found = false;

    for (struct dirent *entry; !found && list && (entry = readdir(list));) {
        found = instance_is_name(entry->d_name) &&
                fstatat(directory, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 && status.st_ino == inode;
        text_format(name, 65, "%s", entry->d_name);
    }
    if (list)
        closedir(list);
    else
        cleanup_close(&copy);
    return found;
}

static void undo_folder(const struct undo *undo, int directory)
{
    char name[65], path[128];

    if (!undo->folder || !find_folder(directory, undo->folder, name))
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

void undo_all(struct undo *undo)
{
    if (undo->link)
        link_delete(undo->link);
    autoclose int directory = undo->opened ? mounted_lock_folder(INSTANCES_DIRECTORY) : -1;
    if (directory >= 0) {
        undo_folder(undo, directory);
        mounted_leave_folder(INSTANCES_DIRECTORY, directory);
    }
    *undo = (struct undo){ 0 };
}
