#include "watch.h"

/* The rotation over mount namespaces gets at most this many per pass, so that processes get their share, too. */
#define VIEWS_PER_PASS 4

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

int watch_mounts(struct watch *watch, bool own_changed)
{
    struct survey *survey = &watch->survey;
    uint32_t own = own_view(watch);
    int result = 0;

    if (own_changed && own != NO_INDEX)
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
        if (!survey->view[view].unused && view != own)
            result = refresh(watch, view);
    }
    return result;
}
