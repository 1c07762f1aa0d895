#include "nsfs.h"

#include "kernel.h"
#include "text.h"
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

/* statx(2), which musl does not have yet; only what is of use is named. */
struct statx_part {
    uint32_t mask, block_size;
    uint64_t attributes;
    uint32_t links, uid, gid;
    uint16_t mode, spare0;
    uint64_t inode, size, blocks, attributes_mask;
    uint64_t times[8];
    uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
    uint64_t spare[14];
};
#define DONT_SYNC 0x4000
#define MASK_INODE 0x100

static int stat_unasked(int directory, const char *path, int flags, struct statx_part *part)
{
    *part = (struct statx_part){ 0 };
    if (syscall(SYS_statx, directory, path, flags | DONT_SYNC, MASK_INODE, part) < 0)
        return -errno;
    return 0;
}

static uint64_t device_of(const struct statx_part *part)
{
    return (uint64_t)part->dev_major << 32 | part->dev_minor;
}

void nsfs_probe(struct host *host, int fd)
{
    struct nsfs_file_handle body;
    struct statx_part part;
    uint64_t id;

    host->nsid = ioctl(fd, (int)NS_GET_ID, &id) == 0;
    host->handles = read_handle(fd, &body) == 0;
    if (stat_unasked(fd, "", AT_EMPTY_PATH, &part) == 0)
        host->nsfs_device = device_of(&part);
}

bool nsfs_is_file(const struct host *host, int directory, const char *path, uint32_t *id)
{
    struct statx_part part;

    if (host->nsfs_device == 0 || stat_unasked(directory, path, path[0] ? 0 : AT_EMPTY_PATH, &part) < 0 ||
        device_of(&part) != host->nsfs_device)
        return false;
    *id = (uint32_t)part.inode;
    return true;
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

int nsfs_open_at(const struct host *host, int directory, const char *path, uint32_t id)
{
    autoclose int place = openat(directory, path, O_PATH | O_CLOEXEC);
    char again[64];
    uint32_t found;

    if (place < 0)
        return -errno;
    if (!nsfs_is_file(host, place, "", &found) || found != id)
        return -ESTALE;
    /* Not self: a thread of the scan has a descriptor table of its own. */
    text_format(again, sizeof again, "thread-self/fd/%d", place);
    int fd = openat(host->proc, again, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
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
    uid_t value = 0;

    if (ioctl(fd, NS_GET_OWNER_UID, &value) < 0)
        return -errno;
    *uid = value;
    return 0;
}
