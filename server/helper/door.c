/*
 * The way for bytes that does not lead through records: the SSH server connects to a unix socket for the client
 * (direct-streamlocal@openssh.com). The first thing on each connection is a request as on the standard input, with the
 * token before the verb; what follows is the verb's.
 */
#include "base64.h"
#include "serve.h"
#include "text.h"
#include "util.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

#define PREFIX "linux-namespaces-"

/* sudo(8) tells who has called it. */
static uid_t find_owner(void)
{
    const char *text = geteuid() == 0 ? getenv("SUDO_UID") : NULL;
    uint64_t number;

    return text && parse_number(&text, text + strlen(text), &number) ? (uid_t)number : geteuid();
}

/* `text` has room for the digits of `size` bytes, at most 18, and what ends them. */
static int make_secret(char *text, size_t size)
{
    char bytes[18];

    if (getrandom(bytes, size, 0) != (ssize_t)size)
        return -EIO;
    text[base64url_encode(bytes, size, text)] = '\0';
    return 0;
}

/* Takes away what a helper left that was killed: nobody listens there any more. One that begins to is younger. */
static void sweep(int tmp, const char *name)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct stat status;
    autoclose int folder = openat(tmp, name, O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    autoclose int fd = folder < 0 ? -1 : socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    text_format(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/socket", folder);
    if (fd >= 0 && fstat(folder, &status) == 0 && status.st_uid == geteuid() && time(NULL) - status.st_mtime > 60 &&
        connect(fd, (struct sockaddr *)&address, sizeof address) < 0 && errno == ECONNREFUSED &&
        unlinkat(folder, "socket", 0) == 0)
        unlinkat(tmp, name, AT_REMOVEDIR);
}

static void sweep_all(void)
{
    DIR *list = opendir("/tmp");

    if (!list)
        return;
    for (struct dirent *entry; (entry = readdir(list));)
        if (strncmp(entry->d_name, PREFIX, sizeof PREFIX - 1) == 0)
            sweep(dirfd(list), entry->d_name);
    closedir(list);
}

/* The folder stays ours: in one of somebody else's a name could be made to mean another file. */
static int listen_at(struct door *door)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    sweep_all();
    size_t length = text_format(door->folder, sizeof door->folder, "/tmp/" PREFIX);
    if (make_secret(door->folder + length, 6) < 0 || mkdir(door->folder, 0700) < 0) {
        door->folder[0] = '\0';
        return -errno;
    }
    text_format(address.sun_path, sizeof address.sun_path, "%s/socket", door->folder);
    autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t mask = umask(077);
    int result = fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ? -errno : 0;
    umask(mask);
    if (!result && door->owner != geteuid() &&
        (chmod(door->folder, 0711) < 0 || lchown(address.sun_path, door->owner, (gid_t)-1) < 0))
        result = -errno;
    if (!result && listen(fd, RUNNING_MAX) < 0)
        result = -errno;
    if (result)
        return result;
    door->listener = fd;
    fd = -1;
    return 0;
}

int door_open(struct server *server, int64_t id)
{
    struct door *door = &server->door;
    struct output output;
    struct failure failure = { 0 };

    if (door->listener < 0) {
        door->owner = find_owner();
        int result = make_secret(door->token, 18);
        if (!result)
            result = listen_at(door);
        if (result) {
            door_close(door);
            fail(&failure, "door", -result);
            return serve_say(server, id, &failure);
        }
    }
    output_init(&output, -1, id);
    record_begin(&output, "door");
    char path[sizeof door->folder + 8];
    text_format(path, sizeof path, "%s/socket", door->folder);
    json_text(&output, "path", path);
    json_text(&output, "token", door->token);
    record_end(&output);
    int result = output.error ? output.error : stream_append(&server->out, output.data, output.length);
    output_free(&output);
    return result ? result : serve_say(server, id, NULL);
}

void door_close(struct door *door)
{
    char path[sizeof door->folder + 8];

    cleanup_close(&door->listener);
    door->listener = -1;
    if (!door->folder[0])
        return;
    text_format(path, sizeof path, "%s/socket", door->folder);
    unlink(path);
    rmdir(door->folder);
    door->folder[0] = '\0';
}

void door_accept(struct server *server)
{
    struct ucred peer;
    socklen_t length = sizeof peer;
    autoclose int fd = accept4(server->door.listener, NULL, NULL, SOCK_CLOEXEC);

    if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0 || peer.uid != server->door.owner)
        return;
    server->running[server->count++] = (struct running){ .id = NO_ID, .pipe = fd, .terminal = -1 };
    fd = -1;
}

/* In the same time wherever they differ. */
static bool is_token(const struct door *door, const char *text)
{
    unsigned char difference = 0;

    if (strlen(text) != sizeof door->token - 1)
        return false;
    for (size_t i = 0; i < sizeof door->token; i++)
        difference |= (unsigned char)(door->token[i] ^ text[i]);
    return difference == 0;
}

int door_greet(struct server *server, size_t index)
{
    struct running *running = &server->running[index];
    struct request request;
    long taken = -ENOMEM;

    if (reserve(running->data, running->capacity, running->length + READ_SIZE) == 0) {
        /* Nothing is taken away that comes after the request. */
        ssize_t got = recv(running->pipe, running->data + running->length, READ_SIZE, MSG_PEEK | MSG_DONTWAIT);
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            return 0;
        size_t length = running->length + (size_t)(got > 0 ? got : 0);
        taken = got <= 0 ? -EPIPE : request_read(running->data, length, &request);
        if (taken >= 0) {
            size_t more = (taken ? (size_t)taken : length) - running->length;
            if (recv(running->pipe, running->data + running->length, more, MSG_DONTWAIT) != (ssize_t)more)
                taken = taken ? taken : -EPIPE;
            running->length += more;
        }
    }
    if (taken == 0)
        return 0;
    int result = 0;
    if (taken > 0) {
        if (!request.error && request.count > 1 && is_token(&server->door, request.word[0])) {
            int connection = running->pipe;
            running->pipe = -1;
            serve_forget(server, index);
            index = RUNNING_MAX;
            request.word++;
            request.count--;
            result = serve_start(server, &request, connection);
        }
        request_free(&request);
    }
    if (index < RUNNING_MAX)
        serve_forget(server, index);
    return result;
}
