#include "joining.h"
#include "keep.h"
#include "mounted.h"
#include "naming.h"
#include "nsfs.h"
#include "pinned.h"
#include "procfs.h"
#include "text.h"
#include "title.h"
#include "util.h"
#include "verbs.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

struct pin {
    const char *reference, *name, *path;
    bool holder;
};

static int parse(const struct options *options, struct pin *pin, struct failure *failure)
{
    for (size_t i = 0; i < options->count; i++) {
        const char *word = options->word[i];
        if (strncmp(word, "--name=", 7) == 0)
            pin->name = word + 7;
        else if (strncmp(word, "--path=", 7) == 0)
            pin->path = word + 7;
        else if (strcmp(word, "--holder") == 0)
            pin->holder = true;
        else if (word[0] != '-' && !pin->reference)
            pin->reference = word;
        else
            return fail_usage(failure, "option", "unknown option or argument");
    }
    if (!pin->reference || !pin->name == !pin->path || (pin->holder && pin->path))
        return fail_usage(failure, "option", "pin takes one reference, and --name, --name and --holder, or --path");
    if (pin->name && !instance_is_name(pin->name))
        return fail_usage(failure, "option",
                          "--name takes 1 to 64 of A-Z a-z 0-9 _ . -, not starting with a dot, and not helper");
    return 0;
}

int namespace_open_one(const struct host *host, const char *text, struct nsfs_identity *identity,
                       struct failure *failure)
{
    struct joining joining;
    int fd = -1, count = 0;

    joining_init(&joining, host);
    int result = joining_add(&joining, text, 0, failure);
    for (enum ns_type type = 0; !result && type < NS_TYPES; type++)
        if (joining.fd[type] >= 0 && count++ == 0)
            fd = fcntl(joining.fd[type], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    joining_close(&joining);
    if (!result && count != 1)
        result = fail_usage(failure, "reference", "one namespace is needed: TYPE:ID, a path, or TYPE: before the reference");
    else if (!result && (result = nsfs_identify(host, fd, identity)))
        fail(failure, "nsfs", -result);
    if (!result)
        return fd;
    if (fd >= 0)
        close(fd);
    return result;
}

static void print_pinned(struct output *output, const struct nsfs_identity *identity, const char *name,
                         const char *path, const struct reference *holder)
{
    record_begin(output, "pinned");
    json_text(output, "type", ns_types[identity->type].name);
    json_number(output, "id", identity->id);
    if (name)
        json_text(output, "name", name);
    if (path)
        json_text(output, "path", path);
    if (holder) {
        json_object(output, "holder");
        json_number(output, "pid", holder->id);
        json_number(output, "start", holder->start);
        json_close(output, '}');
    }
    record_end(output);
    record_begin(output, "end");
    record_end(output);
}

/* The path ends with this function, so it is not what a failure names. */
static int pin_by_name(const char *name, int namespace, const struct nsfs_identity *identity, struct output *output,
                       struct failure *failure)
{
    bool is_net = identity->type == NS_NET;
    const char *top = is_net ? NETNS_DIRECTORY : INSTANCES_DIRECTORY;
    char folder[128], path[192];
    struct made made;
    bool made_folder = false;

    autoclose int directory = mounted_open_folder(top, is_net, &made, failure);
    if (directory < 0)
        return directory;
    text_format(folder, sizeof folder, "%s/%s", top, name);
    text_format(path, sizeof path, is_net ? "%s" : "%s/%s", folder, ns_types[identity->type].name);
    int result = 0;
    if (!is_net && mkdir(folder, 0755) == 0)
        made_folder = true;
    else if (!is_net && errno != EEXIST)
        result = fail(failure, "mkdir", errno);
    if (!result)
        result = mounted_add(namespace, path, failure);
    if (!result) {
        print_pinned(output, identity, name, path, NULL);
        return 0;
    }
    failure->path = top;
    failure->type = identity->type;
    if (identity->type == NS_MNT && result == -EINVAL)
        failure->detail = "a mount namespace can be mounted only in an older one";
    if (made_folder)
        rmdir(folder);
    mounted_undo_folder(top, &made);
    return result;
}

/* The holder keeps nothing but the descriptor, and nothing of the connection that it came from. */
static _Noreturn void hold(int namespace, int ready, const char *title)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC), ends[2];
    sigset_t none;

    prctl(PR_SET_PDEATHSIG, 0);
    if (null < 0 || setsid() < 0 || chdir("/") < 0 || title_save_environment() || title_set(title))
        _exit(1);
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        dup2(null, fd);
    /* Both out of the way first, since either may be where the other one goes. */
    namespace = fcntl(namespace, F_DUPFD_CLOEXEC, STDERR_FILENO + 3);
    ready = fcntl(ready, F_DUPFD_CLOEXEC, STDERR_FILENO + 3);
    if (dup2(namespace, STDERR_FILENO + 1) < 0 || dup2(ready, STDERR_FILENO + 2) < 0)
        _exit(1);
    close_from(STDERR_FILENO + 3);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int number = 1; number < 32; number++)
        signal(number, SIG_DFL);
    signal(SIGHUP, SIG_IGN);
    if (naming_open(ends) || write(STDERR_FILENO + 2, "", 1) != 1)
        _exit(1);
    struct pollfd names = { .fd = ends[0], .events = POLLIN };
    close(STDERR_FILENO + 2);
    for (;;)
        if (poll(&names, 1, -1) > 0)
            naming_take(names.fd);
}

static int pin_by_holder(const struct host *host, const char *name, int namespace, const struct nsfs_identity *identity,
                         struct output *output, struct failure *failure)
{
    struct reference holder = { .kind = REFERENCE_PROCESS };
    char title[128], byte;
    int pipes[2];

    text_format(title, sizeof title, "linux-namespaces: %s %s:%u", name, ns_types[identity->type].name, identity->id);
    /* The name lies where the title goes. */
    autofree char *copy = strdup(name);
    if (!copy || pipe2(pipes, O_CLOEXEC) < 0)
        return fail(failure, "pipe2", copy ? errno : ENOMEM);
    autoclose int ready = pipes[0];
    pid_t child = fork();
    if (child == 0)
        hold(namespace, pipes[1], title);
    int number = errno;
    close(pipes[1]);
    if (child < 0)
        return fail(failure, "fork", number);
    if (read(ready, &byte, 1) != 1)
        return fail(failure, "holder", EIO);
    holder.id = (uint32_t)child;
    autoclose int process = reference_open_process(host, &holder, failure);
    if (process < 0)
        return process;
    print_pinned(output, identity, copy, NULL, &holder);
    return 0;
}

int verb_pin(const struct options *options, struct output *output, struct failure *failure)
{
    struct pin pin = { 0 };
    struct nsfs_identity identity;
    struct host host;
    int result = parse(options, &pin, failure);

    if (!result)
        result = host_open(&host, failure);
    if (result)
        return result;
    autoclose int namespace = namespace_open_one(&host, pin.reference, &identity, failure);
    autoclose int claimed = namespace < 0 || pin.path ? -1 : keep_claim(&host, pin.name, failure);
    if (namespace < 0 || (!pin.path && claimed < 0)) {
        result = namespace < 0 ? namespace : claimed;
    } else if (pin.path) {
        result = mounted_add(namespace, pin.path, failure);
        failure->type = identity.type;
        if (!result)
            print_pinned(output, &identity, NULL, pin.path, NULL);
    } else {
        result = pin.holder ? pin_by_holder(&host, pin.name, namespace, &identity, output, failure)
                            : pin_by_name(pin.name, namespace, &identity, output, failure);
    }
    host_close(&host);
    return result;
}
