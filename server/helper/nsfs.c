#include "nsfs.h"

#include "kernel.h"
#include "util.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

static int read_handle(int fd, struct nsfs_file_handle *body)
{
    /* A flexible array ends struct file_handle, so the room for it is made by hand. */
    union {
        struct file_handle header;
        char room[sizeof(struct file_handle) + sizeof(struct nsfs_file_handle)];
    } handle = { .header = { .handle_bytes = sizeof *body } };
    int mount;

    if (name_to_handle_at(fd, "", &handle.header, &mount, AT_EMPTY_PATH) < 0)
        return -errno;
    if (handle.header.handle_type != FILEID_NSFS || handle.header.handle_bytes != sizeof *body)
        return -EOPNOTSUPP;
    memcpy(body, handle.header.f_handle, sizeof *body);
    return 0;
}

void nsfs_probe(int fd, bool *nsid, bool *handles)
{
    struct nsfs_file_handle body;
    uint64_t id;

    *nsid = ioctl(fd, (int)NS_GET_ID, &id) == 0;
    *handles = read_handle(fd, &body) == 0;
}

int nsfs_inode(int fd, uint32_t *id)
{
    struct stat status;

    if (fstat(fd, &status) < 0)
        return -errno;
    *id = (uint32_t)status.st_ino;
    return 0;
}

int nsfs_identify(const struct host *host, int fd, struct nsfs_identity *identity)
{
    struct nsfs_file_handle body;
    struct statfs filesystem;

    *identity = (struct nsfs_identity){ .type = NS_NONE };
    if (host->handles && read_handle(fd, &body) == 0) {
        identity->type = ns_type_by_flag(body.ns_type);
        identity->id = body.ns_inum;
        identity->nsid = body.ns_id;
        return identity->type == NS_NONE ? -EINVAL : 0;
    }
    if (fstatfs(fd, &filesystem) < 0 || filesystem.f_type != NSFS_MAGIC)
        return -EINVAL;
    int type = ioctl(fd, NS_GET_NSTYPE);
    if (type < 0)
        return -errno;
    identity->type = ns_type_by_flag((uint32_t)type);
    if (identity->type == NS_NONE)
        return -EINVAL;
    if (host->nsid && ioctl(fd, (int)NS_GET_ID, &identity->nsid) < 0)
        identity->nsid = 0;
    return nsfs_inode(fd, &identity->id);
}

int nsfs_open_at(int directory, const char *path, enum ns_type type, uint32_t id)
{
    /* O_NONBLOCK: should the path have become a FIFO or a device meanwhile, opening it must not wait. */
    int fd = openat(directory, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat status;

    if (fd < 0)
        return -errno;
    if (fstat(fd, &status) == 0 && status.st_ino == id && S_ISREG(status.st_mode)) {
        int flag = ioctl(fd, NS_GET_NSTYPE);
        if (flag > 0 && ns_type_by_flag((uint32_t)flag) == type)
            return fd;
    }
    close(fd);
    return -ESTALE;
}

int nsfs_open_id(uint64_t nsid)
{
    union {
        struct file_handle header;
        char room[sizeof(struct file_handle) + sizeof(struct nsfs_file_handle)];
    } handle = { .header = { .handle_bytes = sizeof(struct nsfs_file_handle), .handle_type = FILEID_NSFS } };
    struct nsfs_file_handle body = { .ns_id = nsid };

    memcpy(handle.header.f_handle, &body, sizeof body);
    int fd = open_by_handle_at(FD_NSFS_ROOT, &handle.header, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int nsfs_owner(int fd)
{
    int owner = ioctl(fd, NS_GET_USERNS);

    return owner < 0 ? -errno : owner;
}

int nsfs_parent(int fd)
{
    int parent = ioctl(fd, NS_GET_PARENT);

    return parent < 0 ? -errno : parent;
}

int nsfs_owner_uid(int fd, uint32_t *uid)
{
    uid_t value;

    if (ioctl(fd, NS_GET_OWNER_UID, &value) < 0)
        return -errno;
    *uid = value;
    return 0;
}
