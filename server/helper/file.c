#include "file.h"

#include "enter.h"
#include "procfs.h"
#include "util.h"
#include "verbs.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>

#define WATCHED (IN_CREATE | IN_DELETE | IN_MODIFY | IN_ATTRIB | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF)
/* With room for what ends the last one. */
#define BUFFERED (FILE_REQUEST_MAX + 5)

struct file_open *file_open_find(struct files *files, uint64_t id)
{
    for (size_t i = 0; i < FILE_OPEN_MAX; i++)
        if (files->open[i].id == id)
            return &files->open[i];
    return NULL;
}

int answer_bytes(struct files *files, const void *data, size_t length)
{
    int result = reserve(files->data, files->capacity, files->length + length);

    if (result)
        return result;
    memcpy(files->data + files->length, data, length);
    files->length += length;
    return 0;
}

struct file_identity file_identity_of(const struct stat *status)
{
    return (struct file_identity){
        .seconds = (uint64_t)status->st_mtim.tv_sec,
        .nanoseconds = (uint32_t)status->st_mtim.tv_nsec,
        .size = (uint64_t)status->st_size,
        .inode = status->st_ino,
    };
}

int answer_status(struct files *files, const struct stat *status, unsigned flags, const char *name)
{
    const struct file_status record = {
        .mode = status->st_mode,
        .uid = status->st_uid,
        .gid = status->st_gid,
        .links = (uint32_t)status->st_nlink,
        .identity = file_identity_of(status),
        .changed = (uint64_t)status->st_ctim.tv_sec,
        .flags = (uint16_t)flags,
        .length = (uint16_t)strlen(name),
    };
    int result = answer_bytes(files, &record, sizeof record);

    return result ? result : answer_bytes(files, name, record.length);
}

int answer_send(struct files *files, uint32_t id, int number, unsigned flags)
{
    const struct file_answer_head head = {
        .size = (uint32_t)files->length - 4, .id = id, .number = (uint16_t)number, .flags = (uint16_t)flags
    };
    size_t at = 0, length = files->length;

    memcpy(files->data, &head, sizeof head);
    files->length = sizeof head;
    while (at < length) {
        struct pollfd room = { .fd = STDOUT_FILENO, .events = POLLOUT };
        int written = checked(write(STDOUT_FILENO, files->data + at, length - at));
        if (written == -EAGAIN)
            poll(&room, 1, -1);
        else if (written < 0)
            /* Nothing else fails so. */
            return -EPIPE;
        else
            at += (size_t)written;
    }
    return 0;
}

static int file_close(struct files *files, const struct file_request *request)
{
    struct file_open *open = request->head.number ? file_open_find(files, request->head.number) : NULL;

    if (!open)
        return -EBADF;
    if (open->save)
        save_discard(open->save);
    else
        close(open->fd);
    open->id = 0;
    return 0;
}

static int file_watch(struct files *files, const struct file_request *request)
{
    const char *name = ".";
    autoclose int place = files_open(files, request->path, O_NOFOLLOW);

    if (place < 0)
        return place;
    /* It has no way to name what is open, but the working directory. */
    if (fchdir(place) < 0) {
        autoclose int folder = errno == ENOTDIR ? files_open_parent(files, request->path, &name) : -1;
        if (folder < 0 || fchdir(folder) < 0)
            return -errno;
    }
    if (files->inotify < 0)
        files->inotify = checked(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    int number = files->inotify < 0 ? files->inotify
                                    : checked(inotify_add_watch(files->inotify, name, WATCHED | IN_DONT_FOLLOW));
    (void)!fchdir(files->root);
    return number < 0 ? number : answer_bytes(files, &number, sizeof number);
}

static int file_unwatch(struct files *files, const struct file_request *request)
{
    return checked(inotify_rm_watch(files->inotify, (int)request->head.number));
}

static int file_mounts(struct files *files, const struct file_request *request)
{
    autofree char *text = NULL;
    size_t capacity = 0;

    (void)request;
    if (lseek(files->mounts, 0, SEEK_SET) < 0)
        return -errno;
    ssize_t length = read_whole_fd(files->mounts, &text, &capacity);
    return length < 0 ? (int)length : answer_bytes(files, text, (size_t)length);
}

/* No table: each pointer in one costs 32 bytes. */
static int carry_out(struct files *files, const struct file_request *request)
{
    switch (request->head.operation) {
    case FILE_STATUS: return file_status(files, request);
    case FILE_LIST: return file_list(files, request);
    case FILE_READ: return file_read(files, request);
    case FILE_NEXT: return file_next(files, request);
    case FILE_CLOSE: return file_close(files, request);
    case FILE_WRITE: return file_write(files, request);
    case FILE_APPEND: return file_append(files, request);
    case FILE_MKDIR: return file_mkdir(files, request);
    case FILE_RENAME: return file_rename(files, request);
    case FILE_DELETE: return file_delete(files, request);
    case FILE_COPY: return file_copy(files, request);
    case FILE_LINK: return file_link(files, request);
    case FILE_SYMLINK: return file_symlink(files, request);
    case FILE_WATCH: return file_watch(files, request);
    case FILE_UNWATCH: return file_unwatch(files, request);
    case FILE_MOUNTS: return file_mounts(files, request);
    case FILE_ALIKE: return file_alike(files, request);
    default: return -ENOSYS;
    }
}

/* `size` bytes. -EBADMSG for what is no request, after which the rest of the input makes no sense. */
static int answer(struct files *files, char *data, size_t size)
{
    struct file_request request = { .path = data + sizeof request.head };
    const char *stop = memchr(request.path, '\0', size - sizeof request.head);

    memcpy(&request.head, data, sizeof request.head);
    if (!stop || request.head.id == 0)
        return -EBADMSG;
    request.content = stop + 1;
    request.length = size - (size_t)(request.content - data);
    int result = stop - request.path < PATH_MAX ? carry_out(files, &request) : -ENAMETOOLONG;
    if (result < 0)
        files->length = sizeof(struct file_answer_head);
    return answer_send(files, request.head.id, result < 0 ? -result : 0, result < 0 ? 0 : (unsigned)result);
}

/* Answers what is whole of `length` bytes; how many are left, or -errno. */
static ssize_t answer_all(struct files *files, char *buffer, size_t length)
{
    char *at = buffer;
    uint32_t size;

    while (length >= sizeof size) {
        memcpy(&size, at, sizeof size);
        if (size <= sizeof(struct file_request_head) || size > FILE_REQUEST_MAX)
            return -EBADMSG;
        if (length - sizeof size < size)
            break;
        at += sizeof size;
        /* Paths in a content end with it. */
        char next = at[size];
        at[size] = '\0';
        int result = answer(files, at, size);
        if (result)
            return result;
        at[size] = next;
        at += size;
        length -= sizeof size + size;
    }
    memmove(buffer, at, length);
    return (ssize_t)length;
}

static int serve(struct files *files, int pidfd, struct failure *failure)
{
    autofree char *buffer = malloc(BUFFERED);
    ssize_t length = buffer ? 0 : -ENOMEM;

    while (length >= 0) {
        struct pollfd polls[] = {
            { .fd = STDIN_FILENO, .events = POLLIN },
            { .fd = files->inotify, .events = POLLIN },
            { .fd = pidfd, .events = POLLIN },
            /* Tells of a change: proc_pid_mountinfo(5). */
            { .fd = files->mounts, .events = POLLPRI },
        };
        char events[16384];
        int result = 0;
        poll(polls, array_length(polls), -1);
        if (polls[2].revents) {
            answer_send(files, 0, ESRCH, 0);
            fail(failure, "target", ESRCH);
            failure->detail = "the process has ended";
            return -ESRCH;
        }
        if (polls[3].revents & POLLPRI)
            result = answer_send(files, 0, 0, ANSWER_MOUNTS);
        if (!result && polls[1].revents) {
            ssize_t got = read(files->inotify, events, sizeof events);
            result = got > 0 ? answer_bytes(files, events, (size_t)got) : 0;
            if (!result)
                result = answer_send(files, 0, 0, ANSWER_EVENTS);
        }
        if (!result && polls[0].revents) {
            ssize_t got = read(STDIN_FILENO, buffer + length, BUFFERED - 1 - (size_t)length);
            if (got == 0)
                return 0;
            if (got > 0)
                length = answer_all(files, buffer, (size_t)(length + got));
            else if (errno != EINTR && errno != EAGAIN)
                result = -errno;
        }
        length = result ? result : length;
    }
    return fail(failure, "file", (int)-length);
}

static int join(const struct enter *enter, struct joining *joining, struct failure *failure)
{
    const unsigned both = 1u << NS_MNT | 1u << NS_USER;
    int result = enter_join(enter, joining, both, failure);

    /*
     * The root of a process can be used without being in its mount namespace, which takes CAP_SYS_ADMIN over the owner;
     * which stays open, since its mounts would go with its last process.
     */
    if (result == -EPERM && joining->root >= 0 && joining_has(joining, NS_MNT)) {
        int kept = joining->fd[NS_MNT];
        joining->fd[NS_MNT] = -1;
        joining->needed = 0;
        result = joining_join(joining, failure);
        joining->fd[NS_MNT] = kept;
    }
    /* What is made belongs to the target's root as the target sees it. */
    return result ? result : enter_set_identity(enter, joining, failure);
}

static int open_root(struct files *files, const struct joining *joining, struct failure *failure)
{
    files->root = joining->root >= 0 ? joining->root : open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    files->mounts = joining->mounts >= 0 ? joining->mounts
                                         : openat(joining->host->proc, "self/mountinfo", O_RDONLY | O_CLOEXEC);
    int again = files_open(files, "/", 0);
    files->walks = again == -ENOSYS;
    cleanup_close(&again);
    if (fchdir(files->root) < 0 || (files->walks && chroot(".") < 0))
        return fail(failure, "chroot", errno);
    return 0;
}

static int greet(struct files *files)
{
    const uint32_t greeting[] = { FILE_VERSION, geteuid(), getegid() };

    files->length = sizeof(struct file_answer_head);
    int result = answer_bytes(files, greeting, sizeof greeting);
    return result ? result : answer_send(files, 0, 0, 0);
}

int verb_file(const struct options *options, struct output *output, struct failure *failure)
{
    struct enter enter = { .records = STDERR_FILENO };
    struct host host = { .proc = -1 };
    struct joining joining;
    struct files files = { .host = &host, .inotify = -1 };
    int result = enter_parse_options(options->word, options->count, &enter, failure);

    joining_init(&joining, &host);
    joining.wants_root = joining.wants_mounts = true;
    if (!result)
        result = host_open(&host, failure);
    if (!result)
        result = join(&enter, &joining, failure);
    umask(022);
    if (!result)
        result = open_root(&files, &joining, failure);
    if (!result)
        result = greet(&files);
    if (!result)
        result = serve(&files, joining.pidfd, failure);
    /* What was begun and not finished leaves nothing behind. */
    for (size_t i = 0; i < FILE_OPEN_MAX; i++)
        if (files.open[i].id && files.open[i].save)
            save_discard(files.open[i].save);
    free(files.data);
    /* The standard output belongs to the answers. */
    if (enter.has_records || output->fd == STDOUT_FILENO)
        output->fd = enter.records;
    if (!result) {
        record_begin(output, "end");
        record_end(output);
    }
    return result;
}
