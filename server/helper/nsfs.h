#ifndef NSHELPER_NSFS_H
#define NSHELPER_NSFS_H

#include "host.h"

/* Identity of an open namespace. */
struct nsfs_identity {
    enum ns_type type;
    uint32_t id;
    /* NS_GET_ID, 0 where the kernel has none. */
    uint64_t nsid;
};

/* Notes what nsfs has in this kernel, asked with any namespace descriptor. */
void nsfs_probe(struct host *host, int fd);

/*
 * Whether PATH beneath `directory`, followed, is a namespace file; and of which inode. Nobody is asked who might not
 * answer: neither is the file opened nor are its attributes fetched.
 */
bool nsfs_is_file(const struct host *host, int directory, const char *path, uint32_t *id);

/* -EINVAL when the descriptor is not of a namespace. Touches nothing but the descriptor. */
int nsfs_identify(const struct host *host, int fd, struct nsfs_identity *identity);

/* The inode number alone. */
int nsfs_inode(int fd, uint32_t *id);

/*
 * Opens PATH beneath `directory` if it is that namespace, else -ESTALE. Safe for any path: what turns out to be another
 * file is not opened, since that would wait (FIFO) or do something (device).
 */
int nsfs_open_at(const struct host *host, int directory, const char *path, uint32_t id);

/* Opens a namespace by NS_GET_ID's number alone, from 6.19 on. A descriptor, or -errno. */
int nsfs_open_id(uint64_t nsid);

/* Descriptors of the owning user namespace and of the parent; -EPERM at the top or outside of the caller's view. */
int nsfs_owner(int fd);
int nsfs_parent(int fd);
/* Uid that created a user namespace, as the caller's user namespace sees it. */
int nsfs_owner_uid(int fd, uint32_t *uid);

#endif
