#include "file.h"

#include "text.h"
#include "util.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

static unsigned read_only(int place)
{
    struct statfs status;

    return fstatfs(place, &status) == 0 && (status.f_flags & ST_RDONLY) ? STATUS_READ_ONLY : 0;
}

/* What a link leads to, or that it leads nowhere. */
static unsigned follow(const struct files *files, const char *path, struct stat *status)
{
    autoclose int there = files_open(files, path, 0);

    return there < 0 || fstat(there, status) < 0 ? STATUS_LINK | STATUS_DANGLING : STATUS_LINK | read_only(there);
}

int file_status(struct files *files, const struct file_request *request)
{
    autoclose int place = files_open(files, request->path, O_NOFOLLOW);
    struct stat status;
    int result = place < 0 ? place : checked(fstat(place, &status));

    if (result)
        return result;
    unsigned flags = read_only(place);
    if (S_ISLNK(status.st_mode))
        flags = request->head.flags & FLAG_OWN ? flags | STATUS_LINK : follow(files, request->path, &status);
    return answer_status(files, &status, flags, "");
}

struct listing {
    const struct file_request *request;
    unsigned read_only;
};

static int list_entry(struct files *files, void *context, int folder, const char *name)
{
    const struct listing *listing = context;
    char path[PATH_MAX + NAME_MAX + 2];
    struct stat status = { 0 };
    unsigned flags = listing->read_only;
    int result = checked(fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT));

    /* One that is not to be asked, as a mount of FUSE that is another user's, is listed without what it is. */
    if (result == -ENOENT)
        return 0;
    if (S_ISLNK(status.st_mode)) {
        text_format(path, sizeof path, "%s/%s", listing->request->path, name);
        flags = follow(files, path, &status);
    }
    result = answer_status(files, &status, flags, name);
    if (!result && files->length > FILE_PART / 16)
        result = answer_send(files, listing->request->head.id, 0, ANSWER_MORE);
    return result;
}

int file_list(struct files *files, const struct file_request *request)
{
    autoclose int place = files_open(files, request->path, 0);
    autoclose int folder = files_reopen_folder(place);
    struct listing listing = { request, 0 };

    if (folder < 0)
        return folder;
    listing.read_only = read_only(folder);
    return files_each(files, folder, list_entry, &listing);
}

int file_link(struct files *files, const struct file_request *request)
{
    autoclose int place = files_open(files, request->path, O_NOFOLLOW);
    char text[PATH_MAX];
    int length = place < 0 ? place : checked(readlinkat(place, "", text, sizeof text));

    return length < 0 ? length : answer_bytes(files, text, (size_t)length);
}

/* Up to `amount` bytes, straight into the answer. ANSWER_OPEN when there may be more. */
static int read_part(struct files *files, int fd, size_t amount)
{
    size_t left = amount < FILE_PART ? amount : FILE_PART;
    int result = reserve(files->data, files->capacity, files->length + left);

    while (!result && left > 0) {
        result = checked(read(fd, files->data + files->length, left));
        /* A file of the kernel's whose next line is not there yet, as /proc/kmsg, ends here. */
        if (result == 0 || result == -EAGAIN)
            return 0;
        if (result < 0)
            return result;
        files->length += (size_t)result;
        left -= (size_t)result;
        result = 0;
    }
    return result ? result : ANSWER_OPEN;
}

int file_read(struct files *files, const struct file_request *request)
{
    struct stat status;
    autoclose int place = files_open(files, request->path, 0);
    autoclose int fd = files_reopen(files, place, O_RDONLY);
    struct file_open *open = file_open_find(files, 0);
    int result = fd < 0 ? fd : open ? checked(fstat(fd, &status)) : -ENFILE;

    if (!result && request->head.number > 0 && lseek(fd, (off_t)request->head.number, SEEK_SET) < 0)
        return -errno;
    if (!result)
        result = answer_status(files, &status, read_only(fd), "");
    if (!result)
        result = read_part(files, fd, request->head.amount);
    if (result == ANSWER_OPEN) {
        *open = (struct file_open){ .id = request->head.id, .fd = fd };
        fd = -1;
    }
    return result;
}

int file_next(struct files *files, const struct file_request *request)
{
    struct file_open *open = file_open_find(files, request->head.number);

    if (!open || open->save)
        return -EBADF;
    int result = read_part(files, open->fd, request->head.amount);
    if (result != ANSWER_OPEN) {
        close(open->fd);
        open->id = 0;
    }
    return result;
}
