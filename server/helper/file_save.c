#include "file.h"

#include "text.h"
#include "util.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#define LINKS_MAX 40
#define PERMISSIONS 01777
#define SET_IDS 06000
/* The kernel's limit of a list of names and of a value: xattr(7). */
#define ATTRIBUTES_MAX 65536

/* A new content on its way to its place. */
struct save {
    int folder;
    char name[NAME_MAX + 1];
    /* Beside the file under this name, or in memory when another file could not take the old one's place. */
    int draft;
    char draft_name[32];
    /* O_PATH, -1 for a new file. */
    int old;
    struct stat was;
    unsigned flags;
};

void save_discard(struct save *save)
{
    if (save->draft_name[0])
        unlinkat(save->folder, save->draft_name, 0);
    cleanup_close(&save->draft);
    cleanup_close(&save->old);
    cleanup_close(&save->folder);
    free(save);
}

/* The file that is meant, however many links lead to it: another one is to take its place, not that of a link. */
static int find_place(const struct files *files, const char *first, struct save *save)
{
    char path[2 * PATH_MAX];
    const char *name;

    text_format(path, sizeof path, "%s", first);
    for (unsigned links = 0; links <= LINKS_MAX; links++) {
        cleanup_close(&save->folder);
        save->folder = files_open_parent(files, path, &name);
        if (save->folder < 0)
            return save->folder;
        if (text_format(save->name, sizeof save->name, "%s", name) >= sizeof save->name)
            return -ENAMETOOLONG;
        save->old = checked(openat(save->folder, save->name, O_PATH | O_NOFOLLOW | O_CLOEXEC));
        int result = save->old < 0 ? save->old : checked(fstat(save->old, &save->was));
        if (result || !S_ISLNK(save->was.st_mode))
            return result == -ENOENT ? 0 : result;
        /* What the link says takes the place of its name, or of all. */
        size_t at = (size_t)(name - path);
        ssize_t length = readlinkat(save->old, "", path + at, PATH_MAX - 1);
        cleanup_close(&save->old);
        save->old = -1;
        if (length <= 0)
            return -ENOENT;
        path[at + (size_t)length] = '\0';
        if (path[at] == '/')
            memmove(path, path + at, (size_t)length + 1);
    }
    return -ELOOP;
}

/* `expected` or NULL. */
static int check(const struct save *save, unsigned flags, const char *expected)
{
    const struct file_identity identity = file_identity_of(&save->was);

    if (save->old < 0)
        return flags & FLAG_CREATE && !expected ? 0 : -ENOENT;
    if (!S_ISREG(save->was.st_mode))
        return S_ISDIR(save->was.st_mode) ? -EISDIR : -ENXIO;
    if (!(flags & FLAG_OVERWRITE))
        return -EEXIST;
    return expected && memcmp(expected, &identity, sizeof identity) != 0 ? -ESTALE : 0;
}

/*
 * Owner and extended attributes. With `flags` all but file capabilities, which a change of the content takes away
 * (capabilities(7)).
 */
static int copy_owner(int from, const struct stat *status, int to, unsigned *flags)
{
    autofree char *names = malloc(2 * ATTRIBUTES_MAX);
    int result = checked(fchown(to, status->st_uid, status->st_gid));
    int length = !names ? -ENOMEM : result ? result : checked(flistxattr(from, names, ATTRIBUTES_MAX));

    if (length == -EOPNOTSUPP)
        return 0;
    for (const char *name = names; name < names + length; name += strlen(name) + 1) {
        if (flags && strcmp(name, "security.capability") == 0) {
            *flags |= ANSWER_DROPPED;
            continue;
        }
        ssize_t size = fgetxattr(from, name, names + ATTRIBUTES_MAX, ATTRIBUTES_MAX);
        if (size < 0 || fsetxattr(to, name, names + ATTRIBUTES_MAX, (size_t)size, 0) < 0)
            return -errno;
    }
    return length < 0 ? length : 0;
}

/* Whether a file made here can take the old one's place with all that it has, its owner and its other names. */
static bool becomes_alike(const struct files *files, struct save *save)
{
    autoclose int old = files_reopen(files, save->old, O_RDONLY);
    autoclose int unmounted = files_open_unmounted(files, save->folder, save->name);

    return old >= 0 && unmounted >= 0 && save->was.st_nlink == 1 &&
           copy_owner(old, &save->was, save->draft, &save->flags) == 0;
}

static int open_draft(const struct files *files, struct save *save, uint32_t mode)
{
    static unsigned drafts;

    text_format(save->draft_name, sizeof save->draft_name, ".nshelper-%u-%u", (unsigned)getpid(), drafts++);
    save->draft = checked(openat(save->folder, save->draft_name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                                 save->old < 0 ? mode & 0777 : 0600));
    if (save->draft < 0)
        save->draft_name[0] = '\0';
    if (save->old < 0 || save->draft == -ENOSPC || save->draft == -EDQUOT)
        return save->draft < 0 ? save->draft : 0;
    if (save->draft >= 0) {
        if (becomes_alike(files, save))
            return 0;
        unlinkat(save->folder, save->draft_name, 0);
        save->draft_name[0] = '\0';
        close(save->draft);
    }
    /* Refused before the content has come all the way. */
    autoclose int file = files_reopen(files, save->old, O_WRONLY);
    save->draft = file < 0 ? file : checked(syscall(SYS_memfd_create, "draft", 1 /* MFD_CLOEXEC */));
    return save->draft < 0 ? save->draft : 0;
}

static int write_all(int fd, const char *data, size_t length)
{
    while (length > 0) {
        int written = checked(write(fd, data, length < FILE_PART ? length : FILE_PART));
        if (written <= 0)
            return written < 0 ? written : -EIO;
        data += written;
        length -= (size_t)written;
    }
    return 0;
}

/* By the room for answers. One write for all that has place there, as files of /proc/sys want it. */
static int copy_content(struct files *files, int from, int to)
{
    int result = from < 0 ? from : reserve(files->data, files->capacity, files->length + FILE_PART);

    while (!result) {
        int got = checked(read(from, files->data + files->length, FILE_PART));
        if (got <= 0)
            return got;
        result = write_all(to, files->data + files->length, (size_t)got);
    }
    return result;
}

/* Its room is made sure of first, so that a full disk leaves the old content. */
static int write_in_place(struct files *files, struct save *save)
{
    autoclose int file = files_reopen(files, save->old, O_WRONLY);
    off_t size = lseek(save->draft, 0, SEEK_CUR);
    int result = file < 0 ? file : size > 0 ? checked(fallocate(file, FALLOC_FL_KEEP_SIZE, 0, size)) : 0;

    if (file < 0 || result == -ENOSPC || result == -EDQUOT || result == -EFBIG || lseek(save->draft, 0, SEEK_SET) < 0)
        return result;
    result = copy_content(files, save->draft, file);
    if (!result && save->was.st_size > size)
        result = checked(ftruncate(file, size));
    if (!result && (save->was.st_mode & SET_IDS))
        result = checked(fchmod(file, save->was.st_mode & PERMISSIONS));
    if (!result)
        result = checked(fsync(file));
    save->flags |= ANSWER_IN_PLACE;
    /* What is no file on a disk. */
    return result == -EINVAL ? 0 : result;
}

/* As renameat2(2) with RENAME_NOREPLACE, also where the file system does not have it. */
int file_place(int from, const char *name, int to, const char *new_name, bool overwrite)
{
    if (!overwrite) {
        struct stat there;
        int result = checked(syscall(SYS_renameat2, from, name, to, new_name, 1 /* RENAME_NOREPLACE */));
        if (result != -EINVAL && result != -ENOSYS)
            return result;
        if (fstatat(to, new_name, &there, AT_SYMLINK_NOFOLLOW) == 0)
            return -EEXIST;
    }
    return checked(renameat(from, name, to, new_name));
}

static int put_in_place(struct files *files, struct save *save)
{
    bool is_new = save->old < 0;
    struct stat now;

    if (!is_new) {
        if (fstatat(save->folder, save->name, &now, AT_SYMLINK_NOFOLLOW) < 0)
            return -ESTALE;
        const struct file_identity before = file_identity_of(&save->was), after = file_identity_of(&now);
        if (memcmp(&before, &after, sizeof before) != 0)
            return -ESTALE;
    }
    if (save->was.st_mode & SET_IDS)
        save->flags |= ANSWER_DROPPED;
    if (!save->draft_name[0])
        return write_in_place(files, save);
    int result = is_new ? 0 : checked(fchmod(save->draft, save->was.st_mode & PERMISSIONS));
    if (!result)
        result = checked(fsync(save->draft));
    if (!result)
        result = file_place(save->folder, save->draft_name, save->folder, save->name, !is_new);
    if (!result)
        save->draft_name[0] = '\0';
    /* In a folder with the sticky bit only the owner of a file may put another one in its place. */
    return !is_new && (result == -EPERM || result == -EACCES || result == -EBUSY) ? write_in_place(files, save) : result;
}

/* Takes it over: it is put in its place, discarded, or goes on when `result` is ANSWER_OPEN. */
static int finish(struct files *files, struct save *save, int result)
{
    struct stat status;

    if (result == ANSWER_OPEN)
        return result;
    if (!result)
        result = put_in_place(files, save);
    if (!result)
        result = checked(fstat(save->flags & ANSWER_IN_PLACE ? save->old : save->draft, &status));
    if (!result)
        result = answer_status(files, &status, 0, save->name);
    if (!result)
        result = (int)save->flags;
    save_discard(save);
    return result;
}

static int begin(const struct files *files, const char *path, const struct file_request *request, const char *expected,
                 uint32_t mode, struct save **begun)
{
    struct save *save = calloc(1, sizeof *save);

    if (!save)
        return -ENOMEM;
    save->folder = save->draft = save->old = -1;
    int result = find_place(files, path, save);
    if (!result)
        result = check(save, request->head.flags, expected);
    if (!result)
        result = open_draft(files, save, mode);
    if (result)
        save_discard(save);
    *begun = save;
    return result;
}

static int go_on(struct save *save, const struct file_request *request, size_t skip)
{
    int result = write_all(save->draft, request->content + skip, request->length - skip);

    return !result && !(request->head.flags & FLAG_LAST) ? ANSWER_OPEN : result;
}

int file_write(struct files *files, const struct file_request *request)
{
    struct file_open *open = file_open_find(files, 0);
    bool expects = request->head.flags & FLAG_EXPECT;
    size_t skip = expects ? sizeof(struct file_identity) : 0;
    struct save *save;

    if (!open || request->length < skip)
        return open ? -EINVAL : -ENFILE;
    int result = begin(files, request->path, request, expects ? request->content : NULL, request->head.amount, &save);
    if (!result)
        result = finish(files, save, go_on(save, request, skip));
    if (result == ANSWER_OPEN)
        *open = (struct file_open){ .id = request->head.id, .save = save };
    return result;
}

int file_append(struct files *files, const struct file_request *request)
{
    struct file_open *open = file_open_find(files, request->head.number);

    if (!open || !open->save)
        return -EBADF;
    int result = finish(files, open->save, go_on(open->save, request, 0));
    if (result != ANSWER_OPEN)
        open->id = 0;
    return result;
}

int file_copy(struct files *files, const struct file_request *request)
{
    struct stat status;
    struct save *save;
    autoclose int place = files_open(files, request->path, 0);
    autoclose int from = files_reopen(files, place, O_RDONLY);
    int result = from < 0 ? from : checked(fstat(from, &status));

    /* Neither set-user-ID nor set-group-ID comes to a new owner. */
    if (!result)
        result = begin(files, request->content, request, NULL, status.st_mode, &save);
    return result ? result : finish(files, save, copy_content(files, from, save->draft));
}

int file_alike(struct files *files, const struct file_request *request)
{
    struct stat status;
    autoclose int from = files_open(files, request->path, O_NOFOLLOW);
    autoclose int to = from < 0 ? from : files_open(files, request->content, O_NOFOLLOW);
    int result = to < 0 ? to : checked(fstat(from, &status));

    if (result || S_ISLNK(status.st_mode))
        return result ? result : checked(fchownat(to, "", status.st_uid, status.st_gid, AT_EMPTY_PATH));
    bool folder = S_ISDIR(status.st_mode);
    autoclose int old = folder ? files_reopen_folder(from) : files_reopen(files, from, O_RDONLY);
    autoclose int new = folder ? files_reopen_folder(to) : files_reopen(files, to, O_RDONLY);
    const struct timespec times[] = { status.st_atim, status.st_mtim };
    result = old < 0 ? old : new < 0 ? new : copy_owner(old, &status, new, NULL);
    /* A change of the owner takes set-user-ID away. */
    if (!result)
        result = checked(fchmod(new, status.st_mode & 07777));
    return result ? result : checked(futimens(new, times));
}
