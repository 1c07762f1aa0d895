#include "serve.h"
#include "terminal.h"
#include "text.h"
#include "util.h"
#include "verbs.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

/* Children are not read while this much waits for the reader: their pipes fill, and they wait in turn. */
#define PENDING_MAX (256 * 1024)
/* The longest record; one that exceeds it ends its request. */
#define LINE_MAX_BYTES (4 * 1024 * 1024)

int serve_say(struct server *server, int64_t id, const struct failure *failure)
{
    struct output output;

    output_init(&output, -1, id);
    if (failure) {
        failure_print(&output, failure, 0);
    } else {
        record_begin(&output, "end");
        record_end(&output);
    }
    int result = output.error ? output.error : stream_append(&server->out, output.data, output.length);
    output_free(&output);
    return result;
}

static int say_error(struct server *server, int64_t id, const char *step, int number, const char *detail)
{
    struct failure failure;

    fail(&failure, step, number);
    failure.detail = detail;
    return serve_say(server, id, &failure);
}

void serve_forget(struct server *server, size_t index)
{
    struct running *running = &server->running[index];

    cleanup_close(&running->pipe);
    cleanup_close(&running->terminal);
    free(running->data);
    *running = server->running[--server->count];
}

static struct running *find(struct server *server, int64_t id)
{
    for (size_t i = 0; i < server->count; i++)
        if (server->running[i].id == id && server->running[i].child)
            return &server->running[i];
    return NULL;
}

/* Notes who has ended; the request is finished when its pipe is read to the end. */
static void reap(struct server *server)
{
    struct signalfd_siginfo info;
    pid_t pid;
    int status;

    while (read(server->children, &info, sizeof info) > 0)
        server->ending = server->ending || info.ssi_signo != SIGCHLD;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        for (size_t i = 0; i < server->count; i++)
            if (server->running[i].child == pid) {
                server->running[i].exited = true;
                server->running[i].status = status;
            }
}

static void end_all(struct server *server)
{
    while (server->count > 0) {
        if (server->running[0].child)
            kill(server->running[0].child, SIGKILL);
        serve_forget(server, 0);
    }
    door_close(&server->door);
    free(server->in);
    stream_free(&server->out);
    close(server->children);
}

/* In the child: only the verb's own descriptors are left, and it does not outlive the server. */
static _Noreturn void work(struct server *server, const struct request *request, int pipe, int terminal, int connection,
                           pid_t parent)
{
    struct rlimit limit;
    struct output output;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    /* The parent may have died before prctl took effect. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
        _exit(1);
    sigprocmask(SIG_UNBLOCK, &server->signals, NULL);
    dup2(terminal >= 0 ? terminal : null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = server->files;
        prlimit(0, RLIMIT_NOFILE, &limit, NULL);
    }
    for (size_t i = 0; i < server->count; i++) {
        close(server->running[i].pipe);
        cleanup_close(&server->running[i].terminal);
    }
    close(server->children);
    cleanup_close(&server->door.listener);
    if (server->out.own)
        close(server->out.fd);
    output_init(&output, pipe, request->id);
    /* With descriptors of its own for records and errors, or without another process in between. */
    if (terminal >= 0 || (connection >= 0 && verb_is_top_level(request->word[1])))
        _exit(terminal_run(request->word, request->count, connection, &output));
    if (connection >= 0) {
        dup2(connection, STDIN_FILENO);
        dup2(connection, STDOUT_FILENO);
        close(connection);
        _exit(verb_run(request->word + 1, request->count - 1, &output, true));
    }
    _exit(verb_run(request->word, request->count, &output, true));
}

int serve_start(struct server *server, const struct request *request, int connection)
{
    autoclose int taken = connection, read_end = -1, write_end = -1, terminal = -1, terminal_end = -1;
    int pair[2];

    struct running *running = find(server, request->id);
    if (running) {
        /* An error closes a request, and there is only one to close by this id: so both end. */
        kill(running->child, SIGKILL);
        serve_forget(server, (size_t)(running - server->running));
        return say_error(server, request->id, "request", EEXIST, "a request with this id was running");
    }
    if (server->count == RUNNING_MAX)
        return say_error(server, request->id, "request", EAGAIN, "too many requests at once");
    if (pipe2(pair, O_CLOEXEC) < 0)
        return say_error(server, request->id, "pipe2", errno, NULL);
    read_end = pair[0];
    write_end = pair[1];
    bool is_stream = strcmp(request->word[0], "stream") == 0;
    if (connection >= 0 && (!is_stream || request->count < 2))
        return say_error(server, request->id, "request", EINVAL, "a connection is for a stream");
    if (connection < 0 && (is_stream || strcmp(request->word[0], "terminal") == 0)) {
        int result = terminal_socket(pair);
        if (result)
            return say_error(server, request->id, "socketpair", -result, NULL);
        terminal = pair[0];
        terminal_end = pair[1];
    }
    pid_t parent = getpid(), child = fork();
    if (child < 0)
        return say_error(server, request->id, "fork", errno, NULL);
    if (child == 0) {
        close(read_end);
        cleanup_close(&terminal);
        work(server, request, write_end, terminal_end, taken, parent);
    }
    server->running[server->count++] =
        (struct running){ .id = request->id, .child = child, .pipe = read_end, .terminal = terminal };
    read_end = terminal = -1;
    return 0;
}

static int cancel(struct server *server, const struct request *request)
{
    int64_t id;

    if (request->count != 2 || !request_id(request->word[1], &id))
        return say_error(server, request->id, "cancel", EINVAL, "cancel takes a request id");
    struct running *running = find(server, id);
    if (running) {
        /* One with a terminal or a stream ends it first, and itself when its socket is closed. */
        if (running->terminal < 0)
            kill(running->child, SIGKILL);
        bool answered = running->answered;
        serve_forget(server, (size_t)(running - server->running));
        int result = answered ? 0 : say_error(server, id, "cancel", ECANCELED, NULL);
        if (result)
            return result;
    }
    /* One that has ended meanwhile is what the caller wanted, too. */
    return serve_say(server, request->id, NULL);
}

/* What is for the terminal or stream of a running request. */
static const struct passed {
    char verb[8];
    int (*pass)(int socket, char *const *word, size_t count);
} passed[] = { { "input", terminal_type }, { "resize", terminal_resize }, { "taken", terminal_taken } };

static int pass_to_terminal(struct server *server, const struct request *request,
                            int (*pass)(int socket, char *const *word, size_t count))
{
    const char *verb = request->word[0];
    int64_t id;

    if (request->count < 2 || !request_id(request->word[1], &id))
        return say_error(server, request->id, verb, EINVAL, "no request id");
    struct running *running = find(server, id);
    if (!running || running->terminal < 0)
        return say_error(server, request->id, verb, ESRCH, "no terminal with this id");
    int result = pass(running->terminal, request->word + 2, request->count - 2);
    return result ? say_error(server, request->id, verb, -result, NULL) : serve_say(server, request->id, NULL);
}

static int pass_or_start(struct server *server, const struct request *request)
{
    for (size_t i = 0; i < array_length(passed); i++)
        if (strcmp(request->word[0], passed[i].verb) == 0)
            return pass_to_terminal(server, request, passed[i].pass);
    return serve_start(server, request, -1);
}

/* Takes every whole request from the input. Returns -errno when nothing can be read any more. */
static int take_requests(struct server *server)
{
    size_t at = 0;
    int result = 0;

    while (!result) {
        struct request request;
        long taken = request_read(server->in + at, server->in_length - at, &request);
        if (taken == 0)
            break;
        if (taken < 0) {
            say_error(server, NO_ID, "request", (int)-taken, "not a netstring; the connection ends");
            return (int)taken;
        }
        at += (size_t)taken;
        if (request.error)
            result = say_error(server, request.id, "request", -request.error, request.detail);
        else if (strcmp(request.word[0], "cancel") == 0)
            result = cancel(server, &request);
        else if (strcmp(request.word[0], "door") == 0)
            result = door_open(server, request.id);
        else
            result = pass_or_start(server, &request);
        request_free(&request);
    }
    memmove(server->in, server->in + at, server->in_length - at);
    server->in_length -= at;
    return result;
}

/* 1 when the other side has closed its end. */
static int read_requests(struct server *server)
{
    int result = reserve(server->in, server->in_capacity, server->in_length + READ_SIZE);

    if (result)
        return result;
    ssize_t got = read(STDIN_FILENO, server->in + server->in_length, READ_SIZE);
    if (got < 0)
        return errno == EINTR || errno == EAGAIN ? 0 : -errno;
    if (got == 0) {
        if (server->in_length == 0)
            return 1;
        say_error(server, NO_ID, "request", EBADMSG, "the input ends within a request");
        return -EBADMSG;
    }
    server->in_length += (size_t)got;
    return take_requests(server);
}

/* The child is done or dead. What it left unsaid is said for it. */
static int finish(struct server *server, size_t index)
{
    struct running *running = &server->running[index];
    char detail[64] = "ended without an answer";
    int result = 0;

    while (!running->exited && waitpid(running->child, &running->status, 0) < 0 && errno == EINTR)
        ;
    if (!running->answered) {
        if (WIFSIGNALED(running->status))
            text_format(detail, sizeof detail, "killed by signal %d", WTERMSIG(running->status));
        result = say_error(server, running->id, "child", EIO, detail);
    }
    serve_forget(server, index);
    return result;
}

static int read_child(struct server *server, size_t index)
{
    struct running *running = &server->running[index];

    if (!running->child)
        return door_greet(server, index);
    int result = reserve(running->data, running->capacity, running->length + READ_SIZE);
    if (result)
        return result;
    ssize_t got = read(running->pipe, running->data + running->length, READ_SIZE);
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return 0;
    if (got <= 0)
        return finish(server, index);
    running->length += (size_t)got;
    /* Whole lines only, so that the lines of two requests never mix. */
    const char *newline = memrchr(running->data + running->length - got, '\n', (size_t)got);
    if (newline) {
        size_t whole = (size_t)(newline + 1 - running->data);
        result = stream_append(&server->out, running->data, whole);
        running->answered = running->answered || request_is_answer(running->data, whole, running->id);
        running->length -= whole;
        memmove(running->data, running->data + whole, running->length);
        /* There may be a thousand that will not say much more. */
        if (running->length == 0) {
            free(running->data);
            running->data = NULL;
            running->capacity = 0;
        }
    } else if (running->length > LINE_MAX_BYTES) {
        kill(running->child, SIGKILL);
        result = say_error(server, running->id, "record", EMSGSIZE, "a record is too long");
        serve_forget(server, index);
    }
    return result;
}

/* One round. 1 when the input has ended, -errno when it or the output has failed. */
static int round_once(struct server *server)
{
    struct pollfd polls[RUNNING_MAX + 4];
    bool room = stream_pending(&server->out) < PENDING_MAX;
    size_t children = room ? server->count : 0;
    int result = 0;

    polls[0] = (struct pollfd){ .fd = STDIN_FILENO, .events = room ? POLLIN : 0 };
    /* Even with nothing to write, a reader that went away shows as POLLERR. */
    polls[1] = (struct pollfd){ .fd = server->out.fd, .events = stream_pending(&server->out) ? POLLOUT : 0 };
    polls[2] = (struct pollfd){ .fd = server->children, .events = POLLIN };
    polls[3] = (struct pollfd){ .fd = server->door.listener, .events = server->count < RUNNING_MAX ? POLLIN : 0 };
    for (size_t i = 0; i < children; i++)
        polls[i + 4] = (struct pollfd){ .fd = server->running[i].pipe, .events = POLLIN };
    if (poll(polls, children + 4, -1) < 0)
        return errno == EINTR ? 0 : -errno;
    if (polls[2].revents)
        reap(server);
    if (server->ending)
        return 1;
    if (polls[1].revents & (POLLERR | POLLHUP | POLLNVAL))
        return -EPIPE;
    if (polls[1].revents & POLLOUT)
        result = stream_write(&server->out);
    /* Backwards, because a request that is finished is replaced by the last one. */
    for (size_t i = children; !result && i-- > 0;)
        if (polls[i + 4].revents)
            result = read_child(server, i);
    if (polls[3].revents)
        door_accept(server);
    if (!result && polls[0].revents)
        result = read_requests(server);
    return result;
}

int verb_serve(const struct options *options, struct output *output, struct failure *failure)
{
    struct server server = { .door.listener = -1 };
    struct rlimit limit;
    int result = 0;

    (void)options;
    version_print(output);
    if (output_flush(output))
        return fail(failure, "write", -output->error);
    /* Where the one who started us ignores it, children would vanish with their status. */
    signal(SIGCHLD, SIG_DFL);
    sigemptyset(&server.signals);
    sigaddset(&server.signals, SIGCHLD);
    /* Told to end, it ends as with its input: the door's folder must not be left. */
    sigaddset(&server.signals, SIGTERM);
    sigaddset(&server.signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &server.signals, NULL);
    server.children = signalfd(-1, &server.signals, SFD_NONBLOCK | SFD_CLOEXEC);
    if (server.children < 0)
        return fail(failure, "signalfd", errno);
    stream_init(&server.out, output->fd);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        server.files = limit.rlim_cur;
        limit.rlim_cur = limit.rlim_max;
        prlimit(0, RLIMIT_NOFILE, &limit, NULL);
    }
    while (!result)
        result = round_once(&server);
    /* A last word about broken input, if the reader takes it at once. */
    if (result < 0 && result != -EPIPE)
        stream_write(&server.out);
    end_all(&server);
    failure->printed = true;
    return result < 0 ? result : 0;
}
