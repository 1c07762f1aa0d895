#include "network.h"

#include "util.h"

#include <string.h>
#include <sys/prctl.h>

int network_parse(char *const *word, size_t count, struct network *network, struct failure *failure)
{
    *network = (struct network){ 0 };
    for (size_t i = 0; i < count; i++) {
        if (strncmp(word[i], "--target=", 9) == 0)
            network->target = word[i] + 9;
        else if (strncmp(word[i], "--expect=", 9) == 0)
            network->expect = word[i] + 9;
        else if (strcmp(word[i], "--owners") == 0)
            network->owners = true;
        else if (word[i][0] == '-' || network->place)
            return fail_usage(failure, "option", "unknown option or argument");
        else
            network->place = word[i];
    }
    return network->target ? 0 : fail_usage(failure, "option", "a --target is needed");
}

static int join(const struct network *network, struct joining *joining, bool root, struct failure *failure)
{
    unsigned types = 1u << NS_NET | (root ? 1u << NS_MNT : 0);

    joining->wants_root = root;
    int result = joining_add(joining, network->target, types, failure);
    if (!result && joining->fd[NS_NET] < 0)
        result = fail_usage(failure, "target", "the target has no net namespace");
    if (!result && root && joining->fd[NS_MNT] < 0)
        result = fail_usage(failure, "target", "a path is only found beneath the root of a process or an instance");
    if (!result && network->expect)
        result = joining_expect(joining, network->expect, failure);
    if (result)
        return result;
    /* Who is in the target's namespaces has no business in this process, which still has the host's /proc open. */
    prctl(PR_SET_DUMPABLE, 0);
    result = joining_join_with_owner(joining, failure);
    if (!result && joining->root >= 0 && (fchdir(joining->root) < 0 || chroot(".") < 0))
        result = fail(failure, "chroot", errno);
    return result;
}

int network_join(const struct network *network, const struct host *host, bool root, struct failure *failure)
{
    struct joining joining;

    joining_init(&joining, host);
    int result = join(network, &joining, root, failure);
    joining_close(&joining);
    return result;
}
