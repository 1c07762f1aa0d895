#ifndef NSHELPER_KEEP_H
#define NSHELPER_KEEP_H

#include "reference.h"

/*
 * What is visible outside of the new namespaces and has to be taken back when something fails. It lies in memory that
 * the guardian and its parent share: whichever of them is killed, the other one can undo it.
 */
struct undo {
    /* INSTANCES_DIRECTORY may have been made, and made a mount point, here. */
    bool opened;
    /* Inode of NAME in it, 0 when it was not made: the name may be another's by now, and the folder have another name. */
    uint64_t folder;
    /* The folder, open in the guardian as long as it lives: an inode that is gone gives its number to the next one. */
    int held;
    /* Bits of the types that are or may be mounted. */
    unsigned types;
    /* Index of the host's end of a veth pair, 0 for none. */
    unsigned link;
    /* The process that stays in the namespaces, and its start; 0 until it is known. */
    uint32_t init;
    uint64_t start;
    /* Kept: nothing is to be undone while the holder lives. */
    bool committed;
};
void undo_all(struct undo *undo);

/* Whether the caller may mount in its mount namespace. */
bool keep_may_mount(const struct host *host);

/*
 * One name is claimed at a time, by everybody who sees the same processes: names are looked for in /proc. Waits for
 * others, for a few seconds. Returns a descriptor to close when the name shows, or -EEXIST when a process has it.
 */
int keep_claim(const struct host *host, const char *name, struct failure *failure);

/* Makes INSTANCES_DIRECTORY and NAME in it. -EACCES or -EROFS where the caller may not. */
int keep_make_folder(const char *name, struct undo *undo, struct failure *failure);
/* Mounts the namespaces that the descriptors are of; -1 for those not to keep. */
int keep_mount(const char *name, const int fd[NS_TYPES], struct undo *undo, struct failure *failure);

#endif
