#ifndef NSHELPER_FILE_H
#define NSHELPER_FILE_H

#include "host.h"
#include "joining.h"

#include <stdbool.h>
#include <sys/stat.h>

/*
 * The protocol of `file`: requests on stdin, answers on stdout, any number of requests on their way, numbers in the order of
 * this machine, which is little-endian wherever the helper is built for. extension/files/protocol.ts is its other end.
 *
 * Request:  size u32 (of what follows) · id u32 · operation u16 · flags u16 · amount u32 · number u64 · path NUL · content
 * Answer:   size u32 (of what follows) · id u32 · errno u16 · flags u16 · content
 *
 * Requests are carried out in order. Each has one answer whose flags lack ANSWER_MORE, after any number that have it. Those of
 * id 0 are to no request: the greeting, which comes first (version u32, uid u32, gid u32); ANSWER_EVENTS; ANSWER_MOUNTS; and
 * with an errno, that the target has ended and nothing more is answered.
 *
 * A path is bytes, begins with a slash and means what it means to the target: absolute symbolic links lead from its root,
 * which nothing leads out of, and magic links (symlink(7)) lead nowhere, ELOOP.
 *
 * STATUS   of the path, with FLAG_OWN of a symbolic link itself
 * LIST     status of each entry of a folder
 * READ     opens a regular file at offset `number`: its status, then up to `amount` bytes. ANSWER_OPEN: it goes on, by
 * NEXT     up to `amount` further bytes of the READ whose id is `number`; ANSWER_OPEN as long as there may be more
 * CLOSE    gives up the READ or WRITE whose id is `number`
 * WRITE    begins a new content for a regular file, with `amount` as mode where it is new. ANSWER_OPEN: it goes on, by
 * APPEND   content for the WRITE whose id is `number`. FLAG_LAST of either: it takes its place, and the answer is its status
 * MKDIR    a folder with mode `amount`
 * RENAME   to the path in the content
 * DELETE   with FLAG_DEEP also what is in it; EBUSY for what something is mounted on
 * COPY     a regular file to the path in the content; otherwise as a WRITE of one with that mode
 * LINK     text of a symbolic link
 * SYMLINK  makes one with the text in the content
 * WATCH    what happens to a file, or in a folder: its number u32, by which ANSWER_EVENTS tell of it as inotify(7) does
 * UNWATCH  gives up the watch `number`
 * ALIKE    gives what is at the path in the content the owner, mode, attributes and times of what is at the path
 * MOUNTS   text of /proc/PID/mountinfo
 *
 * The content of a WRITE with FLAG_EXPECT begins with a `file_identity`: ESTALE when the old file is another one.
 */
#define FILE_VERSION 1

enum file_operation {
    FILE_STATUS = 1,
    FILE_LIST,
    FILE_READ,
    FILE_NEXT,
    FILE_CLOSE,
    FILE_WRITE,
    FILE_APPEND,
    FILE_MKDIR,
    FILE_RENAME,
    FILE_DELETE,
    FILE_COPY,
    FILE_LINK,
    FILE_SYMLINK,
    FILE_WATCH,
    FILE_UNWATCH,
    FILE_MOUNTS,
    FILE_ALIKE,
};

enum file_flag {
    FLAG_OWN = 1 << 0,
    /* WRITE: the file may be new, or may be there already; RENAME, COPY: what is there may be replaced. */
    FLAG_CREATE = 1 << 1,
    FLAG_OVERWRITE = 1 << 2,
    FLAG_EXPECT = 1 << 3,
    FLAG_LAST = 1 << 4,
    FLAG_DEEP = 1 << 5,
};

enum answer_flag {
    ANSWER_MORE = 1 << 0,
    ANSWER_OPEN = 1 << 1,
    /* The content was written into the old file, because another one could not have taken its place. */
    ANSWER_IN_PLACE = 1 << 2,
    /* The old file had set-user-ID or set-group-ID, or file capabilities, which the new content does not get. */
    ANSWER_DROPPED = 1 << 3,
    ANSWER_EVENTS = 1 << 4,
    /* Something was mounted or unmounted. */
    ANSWER_MOUNTS = 1 << 5,
};

enum status_flag {
    /* A symbolic link; everything else is about what it leads to, unless that cannot be told. */
    STATUS_LINK = 1 << 0,
    STATUS_DANGLING = 1 << 1,
    /* The mount that it is on is read-only. */
    STATUS_READ_ONLY = 1 << 2,
};

struct __attribute__((packed)) file_identity {
    uint64_t seconds;
    uint32_t nanoseconds;
    uint64_t size, inode;
};

struct __attribute__((packed)) file_status {
    uint32_t mode, uid, gid, links;
    struct file_identity identity;
    uint64_t changed;
    uint16_t flags;
    /* Of the name that follows. */
    uint16_t length;
};

struct __attribute__((packed)) file_request_head {
    uint32_t id;
    uint16_t operation, flags;
    uint32_t amount;
    uint64_t number;
};

struct __attribute__((packed)) file_answer_head {
    uint32_t size, id;
    uint16_t number, flags;
};

/* Of the content of one answer, and of a request beside its paths. */
#define FILE_PART (1u << 20)
#define FILE_REQUEST_MAX (FILE_PART + 16384)
#define FILE_OPEN_MAX 64

struct file_request {
    struct file_request_head head;
    const char *path;
    /* Terminated like the path. */
    const char *content;
    size_t length;
};

/* A READ or a WRITE that goes on. */
struct file_open {
    uint32_t id;
    int fd;
    struct save *save;
};

struct files {
    const struct host *host;
    /* O_PATH; of the target. */
    int root;
    /* Text of its mounts. */
    int mounts;
    /* The kernel has no openat2(2): this process is in a chroot and follows links by itself. */
    bool walks;
    int inotify;
    struct file_open open[FILE_OPEN_MAX];
    /* The answer to come, after its head. */
    char *data;
    size_t length, capacity;
};

/* Everything gives a descriptor, 0 or the flags of an answer, or -errno; also what a system call has given. */
int checked(long result);

/* file.c */
int answer_bytes(struct files *files, const void *data, size_t length);
struct file_identity file_identity_of(const struct stat *status);
int answer_status(struct files *files, const struct stat *status, unsigned flags, const char *name);
/* Writes it and begins the next. */
int answer_send(struct files *files, uint32_t id, int number, unsigned flags);
/* `id` 0 finds a free one; NULL when there is none. */
struct file_open *file_open_find(struct files *files, uint64_t id);

/* file_path.c: descriptors of O_PATH. */
/* `flags` O_NOFOLLOW or 0. */
int files_open(const struct files *files, const char *path, int flags);
/* The folder that the last name of a path is in. `*name` is a part of the path; EINVAL where there is none. */
int files_open_parent(const struct files *files, const char *path, const char **name);
/* One name of a folder; EBUSY when something is mounted there, since what does that to another mount namespace takes it away. */
int files_open_unmounted(const struct files *files, int folder, const char *name);
/* The file for reading or writing, of what was opened by O_PATH: EISDIR, ENXIO for what is not a regular one. */
int files_reopen(const struct files *files, int place, int flags);
/* A folder for listing. */
int files_reopen_folder(int place);
/* Calls `visit` for each entry but `.` and `..`; stops at the first result that is not 0. */
int files_each(struct files *files, int folder,
               int (*visit)(struct files *files, void *context, int folder, const char *name), void *context);

/* file_look.c */
int file_status(struct files *files, const struct file_request *request);
int file_list(struct files *files, const struct file_request *request);
int file_read(struct files *files, const struct file_request *request);
int file_next(struct files *files, const struct file_request *request);
int file_link(struct files *files, const struct file_request *request);

/* file_save.c */
int file_write(struct files *files, const struct file_request *request);
int file_append(struct files *files, const struct file_request *request);
int file_copy(struct files *files, const struct file_request *request);
int file_alike(struct files *files, const struct file_request *request);
void save_discard(struct save *save);
/* Puts one file in the place of another, if `overwrite`, else EEXIST. */
int file_place(int from, const char *name, int to, const char *new_name, bool overwrite);

/* file_tree.c */
int file_mkdir(struct files *files, const struct file_request *request);
int file_symlink(struct files *files, const struct file_request *request);
int file_rename(struct files *files, const struct file_request *request);
int file_delete(struct files *files, const struct file_request *request);

#endif
