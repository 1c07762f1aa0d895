#include "terminal.h"

#include "base64.h"
#include "environment.h"
#include "failure.h"
#include "util.h"
#include "verbs.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* As much as goes into one record. */
#define SHOWN_MAX 12288
#define RECORDS_FD 3
#define LINE_MAX_BYTES 65536
/* Records after the end of the verb's process. */
#define LAST_WORDS_MAX 64
/* Several messages wait here for a program that does not read, so that a change of the size gets past them. */
#define TYPED_MAX (4 * TERMINAL_TYPED_MAX)
/* Bytes of a stream that may be on their way before its reader has taken the first of them. */
#define WINDOW (256 * 1024)
/* Between looks whether a verb has ended that has become another program. */
#define EXIT_CHECK_MS 50

struct terminal {
    /* Our end of the terminal, or of the socket that is in its place when the verb runs with a stream. */
    int master;
    /* What the verb says on its standard error when it runs with a stream, otherwise -1. */
    int errors;
    bool is_stream;
    /* Of a stream: bytes passed on that the reader has not taken yet. */
    uint32_t untaken;
    /* Nothing more will be typed. */
    bool closing;
    /* Records of the verb. */
    int records;
    pid_t child;
    struct output *output;
    /* A record that is not yet whole. */
    char line[LINE_MAX_BYTES];
    size_t length;
    /* What was typed and the program has not read yet. */
    char typed[TYPED_MAX];
    size_t typed_length;
    /* The verb has said how it ended. */
    bool answered;
};

static int resize(int terminal, uint16_t columns, uint16_t rows)
{
    struct winsize size = { .ws_col = columns, .ws_row = rows };

    return ioctl(terminal, TIOCSWINSZ, &size) < 0 ? -errno : 0;
}

/* In the child: the terminal becomes its controlling one and its standard streams. `errors` is -1 or its standard error. */
static _Noreturn void run_verb(char *const *word, size_t count, int slave, int errors, int records, pid_t parent)
{
    struct output output;

    /* The parent may have died before prctl took effect. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
        _exit(1);
    if (setsid() < 0 || (errors < 0 && ioctl(slave, TIOCSCTTY, 0) < 0))
        _exit(1);
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (dup2(fd == STDERR_FILENO && errors >= 0 ? errors : slave, fd) < 0)
            _exit(1);
    close(slave);
    cleanup_close(&errors);
    /* A verb that is told `--records=3` says there how what it started has ended. */
    if (records != RECORDS_FD && dup3(records, RECORDS_FD, O_CLOEXEC) < 0)
        _exit(1);
    /* What VS Code's terminal understands; sshd gives none to a command without a terminal of its own. */
    environment_put("TERM", "xterm-256color");
    output_init(&output, RECORDS_FD, NO_ID);
    _exit(verb_run(word, count, &output, false));
}

static int open_terminal(const struct winsize *size, int *master, int *slave)
{
    autoclose int first = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

    if (first < 0 || grantpt(first) < 0 || unlockpt(first) < 0)
        return -errno;
    /* 4.13; wherever /dev/pts is mounted. */
    autoclose int second = ioctl(first, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (second < 0)
        return -errno;
    int result = resize(first, size->ws_col, size->ws_row);
    if (result)
        return result;
    *master = first;
    *slave = second;
    first = second = -1;
    return 0;
}

/* Half-closed by either side, as a pipe cannot be. The standard error is a pipe of its own. */
static int open_stream(struct terminal *terminal, int *end, int *errors)
{
    int pair[2], pipes[2];

    if (*end < 0) {
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
            return -errno;
        terminal->master = pair[0];
        *end = pair[1];
    }
    if (pipe2(pipes, O_CLOEXEC) < 0)
        return -errno;
    terminal->errors = pipes[0];
    *errors = pipes[1];
    return 0;
}

/* Passes on what there is as one record. 0 when there was something, 1 at the end. */
static int show(struct terminal *terminal, int from, const char *record)
{
    char shown[SHOWN_MAX];
    char text[(SHOWN_MAX + 2) / 3 * 4 + 1];
    ssize_t got = read(from, shown, sizeof shown);

    if (got < 0 && errno == EINTR)
        return 0;
    /* EIO: nobody has the other side open any more. Nothing, said of a stream, is its end. */
    if (got < 0 || (got == 0 && (!terminal->is_stream || from != terminal->master)))
        return 1;
    text[base64url_encode(shown, (size_t)got, text)] = '\0';
    terminal->untaken += from == terminal->master ? (uint32_t)got : 0;
    record_begin(terminal->output, record);
    json_text(terminal->output, "bytes", text);
    record_end(terminal->output);
    return output_flush(terminal->output) || got == 0 ? 1 : 0;
}

/* As much as there is room for, which is none while the program does not read. */
static void type(struct terminal *terminal)
{
    size_t at = 0;

    while (at < terminal->typed_length) {
        ssize_t written = write(terminal->master, terminal->typed + at, terminal->typed_length - at);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0 && errno == EAGAIN)
            break;
        /* Nobody has the other side open any more. */
        at = written <= 0 ? terminal->typed_length : at + (size_t)written;
    }
    terminal->typed_length -= at;
    memmove(terminal->typed, terminal->typed + at, terminal->typed_length);
    if (terminal->closing && terminal->typed_length == 0)
        shutdown(terminal->master, SHUT_WR);
}

static bool has_room(const struct terminal *terminal)
{
    return sizeof terminal->typed - terminal->typed_length >= TERMINAL_TYPED_MAX;
}

/* Keyboard input, for which there is room, or a size from the socket. 1 when `serve` has closed it. */
static int take_message(struct terminal *terminal)
{
    char buffer[sizeof(struct terminal_message) + TERMINAL_TYPED_MAX];
    struct terminal_message head;
    ssize_t got = recv(STDIN_FILENO, buffer, sizeof buffer, MSG_DONTWAIT);

    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return 0;
    if (got < (ssize_t)sizeof head)
        return 1;
    memcpy(&head, buffer, sizeof head);
    if (head.length == 0 && head.columns > 0) {
        uint32_t taken = head.columns * UINT32_C(1024);
        if (terminal->is_stream)
            terminal->untaken -= taken < terminal->untaken ? taken : terminal->untaken;
        else if (head.rows > 0)
            resize(terminal->master, head.columns, head.rows);
        return 0;
    }
    terminal->closing = terminal->is_stream && head.length == 0;
    memcpy(terminal->typed + terminal->typed_length, buffer + sizeof head, head.length);
    terminal->typed_length += head.length;
    type(terminal);
    return 0;
}

/* Passes records of the verb on; `end` and `error` close the answer, so they wait until all has been shown. */
static int take_records(struct terminal *terminal)
{
    ssize_t got = read(terminal->records, terminal->line + terminal->length, sizeof terminal->line - terminal->length);

    if (got < 0 && errno == EINTR)
        return 0;
    if (got <= 0)
        return 1;
    terminal->length += (size_t)got;
    return terminal->length == sizeof terminal->line ? 1 : 0;
}

static bool is_last(const char *line)
{
    return strncmp(line, "{\"end\":", 7) == 0 || strncmp(line, "{\"error\":", 9) == 0;
}

/* Whole lines: those before the answer's end at once, or all of them. */
static void pass_records(struct terminal *terminal, bool all)
{
    size_t at = 0;

    for (;;) {
        char *line = terminal->line + at;
        const char *newline = memchr(line, '\n', terminal->length - at);
        if (!newline || (is_last(line) && !all))
            break;
        size_t size = (size_t)(newline + 1 - line);
        terminal->answered = terminal->answered || is_last(line);
        output_record(terminal->output, line, size - 1);
        at += size;
    }
    terminal->length -= at;
    memmove(terminal->line, terminal->line + at, terminal->length);
    output_flush(terminal->output);
}

static bool may_show(const struct terminal *terminal)
{
    return !terminal->is_stream || terminal->untaken < WINDOW;
}

/* The last words on the screen, not all that a process in the background goes on to say; of a stream all that is there. */
static void show_rest(struct terminal *terminal)
{
    unsigned shown = 0;

    for (;;) {
        struct pollfd polls[] = { { .fd = terminal->master, .events = POLLIN },
                                  { .fd = STDIN_FILENO, .events = POLLIN } };
        if (!may_show(terminal)) {
            if (poll(polls + 1, 1, -1) < 0 || take_message(terminal))
                return;
        } else if (poll(polls, 1, 0) <= 0 || show(terminal, terminal->master, "data") ||
                   (++shown == LAST_WORDS_MAX && !terminal->is_stream)) {
            return;
        }
    }
}

/* Returns how the verb's process ended, as waitpid says it. */
static int relay(struct terminal *terminal)
{
    enum { SHOWN, ERRORS, RECORDS, TYPED, COUNT };
    struct pollfd polls[COUNT] = {
        [SHOWN] = { .fd = terminal->master, .events = POLLIN },
        [ERRORS] = { .fd = terminal->errors, .events = POLLIN },
        [RECORDS] = { .fd = terminal->records, .events = POLLIN },
        /* Without a socket to `serve`, as where the verb has the connection itself, nothing is typed and nothing cancelled. */
        [TYPED] = { .fd = terminal->master < 0 ? -1 : STDIN_FILENO, .events = POLLIN },
    };
    int status = 0;

    /* What the verb started may hold the terminal for longer than the verb, and an exec closes the verb's pipe. */
    while (polls[RECORDS].fd >= 0 || waitpid(terminal->child, &status, WNOHANG) == 0) {
        bool room = has_room(terminal);
        polls[SHOWN].events = (short)((may_show(terminal) ? POLLIN : 0) | (terminal->typed_length > 0 ? POLLOUT : 0));
        polls[TYPED].events = room ? POLLIN : 0;
        if (poll(polls, COUNT, polls[RECORDS].fd >= 0 ? -1 : EXIT_CHECK_MS) < 0) {
            if (errno != EINTR)
                break;
            continue;
        }
        if (polls[SHOWN].revents & POLLOUT)
            type(terminal);
        if ((polls[SHOWN].revents & ~POLLOUT) && show(terminal, terminal->master, "data"))
            polls[SHOWN].fd = -1;
        if (polls[ERRORS].revents && show(terminal, terminal->errors, "stderr"))
            polls[ERRORS].fd = -1;
        if (polls[RECORDS].revents) {
            if (take_records(terminal))
                polls[RECORDS].fd = -1;
            pass_records(terminal, false);
        }
        if (polls[TYPED].fd >= 0 && polls[TYPED].revents && (!room || take_message(terminal))) {
            polls[TYPED].fd = -1;
            /* It was cancelled. A verb that only saw its input end would pass that on as an end. */
            kill(terminal->child, SIGKILL);
        }
    }
    if (polls[SHOWN].fd >= 0)
        show_rest(terminal);
    while (polls[ERRORS].fd >= 0 && poll(&polls[ERRORS], 1, 0) > 0 && !show(terminal, terminal->errors, "stderr"))
        ;
    pass_records(terminal, true);
    return status;
}

static void print_exit(int status, struct output *output)
{
    record_begin(output, "exit");
    if (WIFSIGNALED(status))
        json_number(output, "signal", (uint64_t)WTERMSIG(status));
    else
        json_number(output, "code", (uint64_t)WEXITSTATUS(status));
    record_end(output);
    record_begin(output, "end");
    record_end(output);
    output_flush(output);
}

static int start(char *const *word, size_t count, int connection, struct terminal *terminal, struct failure *failure)
{
    struct winsize size = { 0 };
    autoclose int slave = connection, errors = -1;
    int pipes[2], result;
    size_t taken = 1;

    terminal->is_stream = strcmp(word[0], "stream") == 0;
    if (terminal->is_stream) {
        result = open_stream(terminal, &slave, &errors);
    } else {
        taken = 3;
        if (count <= taken || !terminal_parse_size(word[1], &size.ws_col) || !terminal_parse_size(word[2], &size.ws_row))
            return fail_usage(failure, "terminal", "terminal takes COLUMNS ROWS VERB");
        result = open_terminal(&size, &terminal->master, &slave);
    }
    if (result)
        return fail(failure, terminal->is_stream ? "socketpair" : "openpt", -result);
    if (pipe2(pipes, O_CLOEXEC) < 0)
        return fail(failure, "pipe2", errno);
    pid_t parent = getpid();
    terminal->child = fork();
    if (terminal->child == 0)
        run_verb(word + taken, count - taken, slave, errors, pipes[1], parent);
    int number = errno;
    close(pipes[1]);
    terminal->records = pipes[0];
    if (terminal->child < 0)
        return fail(failure, "fork", number);
    /* Typing must not wait for a program that does not read. */
    if (terminal->master >= 0 && fcntl(terminal->master, F_SETFL, O_RDWR | O_NONBLOCK) < 0)
        return fail(failure, "fcntl", errno);
    return 0;
}

int terminal_run(char *const *word, size_t count, int connection, struct output *output)
{
    struct failure failure = { 0 };
    autofree struct terminal *terminal = calloc(1, sizeof *terminal);
    int result = terminal ? 0 : -ENOMEM;

    if (terminal) {
        terminal->master = terminal->records = terminal->errors = -1;
        terminal->output = output;
        result = start(word, count, connection, terminal, &failure);
    }
    if (result) {
        failure_print(output, &failure, result);
        output_flush(output);
        return 1;
    }
    int status = relay(terminal);
    close(terminal->master);
    if (!terminal->answered)
        print_exit(status, output);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
