#include "watch.h"

/* The rotation over mount namespaces gets at most this many per pass, so that processes get their share, too. */
#define VIEWS_PER_PASS 4
/* One without a process is looked into by a child that joins it, which costs more and moves the sign of new processes. */
#define JOIN_EVERY 10000

static int refresh(struct watch *watch, uint32_t view)
{
    int changed = survey_refresh_view(&watch->survey, view);

    if (changed > 0)
        watch->unsettled = true;
    return changed < 0 ? changed : 0;
}

static uint32_t own_view(const struct watch *watch)
{
    const struct survey *survey = &watch->survey;
    uint32_t index = namespaces_find(&survey->namespaces, NS_MNT, survey->host.own[NS_MNT]);

    return index == NO_INDEX ? NO_INDEX : survey->namespaces.item[index].view;
}

static bool is_due(struct watch *watch, const struct mount_view *view)
{
    if (view->unused)
        return false;
    if (view->pid != 0 && !view->partial)
        return true;
    uint64_t now = milliseconds_now();
    if (now - watch->joined < JOIN_EVERY)
        return false;
    watch->joined = now;
    return true;
}

int watch_mounts(struct watch *watch, bool own_changed)
{
    struct survey *survey = &watch->survey;
    uint32_t own = own_view(watch);
    int result = watch->views_stale ? survey_find_views(survey) : 0;

    if (!result && own_changed && own != NO_INDEX)
        result = refresh(watch, own);
    /*
     * Others are only read now and then: a descriptor to be told by would keep the mount namespace alive, and what
     * is looked at must not change by that.
     */
    for (unsigned i = 0; !result && i < VIEWS_PER_PASS && i < survey->view_count; i++) {
        if (!budget_left(&watch->budget))
            break;
        if (watch->view_cursor >= survey->view_count)
            watch->view_cursor = 0;
        uint32_t view = watch->view_cursor++;
        if (view != own && is_due(watch, &survey->view[view]))
            result = refresh(watch, view);
    }
    return result;
}
