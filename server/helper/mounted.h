#ifndef NSHELPER_MOUNTED_H
#define NSHELPER_MOUNTED_H

#include "failure.h"
#include "host.h"

/*
 * Makes an empty file at the absolute path and mounts the namespace on it; the file is taken back when that fails.
 * -EEXIST when there is anything at the path, a symbolic link included.
 */
int mounted_add(int namespace, const char *path, struct failure *failure);

/* A namespace file that is mounted, or an empty file on which one was. */
struct mounted {
    const char *path;
    /* Folder of the path, and the namespace: -1 for an empty file. */
    int folder;
    int namespace;
    enum ns_type type;
    uint32_t id;
    /* How often it was mounted there. */
    unsigned layers;
    bool removed;
};

/*
 * Looks what is at the absolute path, which must outlive `mounted`, following no link at its end. -EINVAL for anything
 * but a namespace, and for an empty file unless `leftover`.
 */
int mounted_look(const struct host *host, const char *path, bool leftover, struct mounted *mounted,
                 struct failure *failure);
void mounted_close(struct mounted *mounted);

/* Unmounts it, also where it is busy, and removes the file. Either both or nothing. */
int mounted_remove(const struct host *host, struct mounted *mounted, struct failure *failure);
/* Puts back what was removed. */
void mounted_restore(struct mounted *mounted);

/* An exclusive flock(2); waits for others, for a few seconds, then -EAGAIN. */
int mounted_lock(int fd);

/*
 * Opens and locks a folder under /run that has been made a mount point of its own, so that mounts in it are passed on
 * as `shared` says. A folder that was just made for it is told by `made`. -EACCES or -EROFS where the caller may not.
 */
struct made {
    bool folder, mount;
};
int mounted_open_folder(const char *path, bool shared, struct made *made, struct failure *failure);
/* Takes back what was made. The folder is locked by the caller. */
void mounted_undo_folder(const char *path, const struct made *made);

/* The folder, locked; -EACCES when it is another's, -EPERM when others may write in it, -ENOENT, -errno. */
int mounted_lock_folder(const char *path);
/*
 * Takes away what mounted_open_folder made of a folder that nobody needs any more: it is the caller's, and nothing is in
 * it but, at most, the helper's own files. The folder is locked by the caller, as whoever puts something there has to.
 */
void mounted_leave_folder(const char *path, int folder);

#endif
