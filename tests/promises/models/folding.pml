/*
 * Recording reports in a full history, of which some are folded: each report counts once, also if it is repeated after
 * it was folded, and the newest one always becomes the head.
 *
 * Stands for:
 *   applications/record.py: Applications.record, Applications._add, Applications._rewrite
 *   applications/rules/application.py: Application.receive, Application.has_recorded, Application._effect
 *   applications/rules/application.py: Application._in_folded_range, folded, _essential, _with_folded, newest
 *
 * Always true:
 *   - The transitions and the folded reports are together as many as the reports that were recorded.
 *   - No report is recorded twice.
 *   - The head is the newest report with a status that any sender was told is recorded or late.
 *   - The history stays within its limit.
 *
 * The reports have the times 1 to 6. Two have a status, the same one; the label of the others is unmapped, the same one.
 * Each sender sends any reports, each any number of times. The history's limit is 4.
 */

#ifndef ACTORS
#define ACTORS 2
#endif
#define REPORTS 6
#define LIMIT 4
#define HAS_STATUS(report) ((report) == 1 || (report) == 3)

/* The application's item. `folds` has -1 for a transition without folded reports, else their number. */
bool transitions[REPORTS + 1];
short folds[REPORTS + 1] = -1;
byte version = 1, head, size;

/* What happened: the reports that were recorded, the newest with a status that was answered, and how many. */
bool was_recorded[REPORTS + 1];
byte recorded, newest_answered;

/* A process may be killed before each of its writes. */
inline may_be_killed() {
    if
    :: goto killed
    :: true
    fi
}

inline check() {
    d_step {
        total = 0; n = 1;
        do
        :: n <= REPORTS && transitions[n] ->
            total = total + 1 + (folds[n] > 0 -> folds[n] : 0); n++
        :: n <= REPORTS && !transitions[n] -> n++
        :: n > REPORTS -> n = 0; break
        od;
        assert(total == recorded);
        assert(size <= LIMIT);
        assert(newest_answered <= head);
        total = 0
    }
}

/* The transition before a report, 0 without one. */
inline find_earlier(report) {
    earlier = report - 1;
    do
    :: earlier > 0 && !transitions[earlier] -> earlier--
    :: earlier == 0 || transitions[earlier] -> break
    od
}

/* folded: a transition goes into the one before it. */
inline fold_into(target, gone) {
    folds[target] = (folds[target] > 0 -> folds[target] : 0) + 1 + (folds[gone] > 0 -> folds[gone] : 0);
    transitions[gone] = false; folds[gone] = -1; size--
}

/* folded: the middles of runs with the same status and label, then the oldest; the essential ones are kept. */
inline fold() {
    status = 1;   /* _essential: the first with a status, the head, and the newest */
    do
    :: status <= REPORTS && (!transitions[status] || !HAS_STATUS(status)) -> status++
    :: status > REPORTS || (transitions[status] && HAS_STATUS(status)) -> break
    od;
    last = REPORTS;
    do
    :: !transitions[last] -> last--
    :: transitions[last] -> break
    od;
    n = 1; before = 0; earlier = 0;
    do
    :: n <= REPORTS && transitions[n] ->
        if
        :: before > 0 && HAS_STATUS(n) == HAS_STATUS(earlier) && HAS_STATUS(n) == HAS_STATUS(before) &&
            earlier != status && earlier != head -> fold_into(before, earlier)
        :: else -> before = earlier
        fi;
        earlier = n; n++
    :: n <= REPORTS && !transitions[n] -> n++
    :: n > REPORTS -> break
    od;
    n = 1; earlier = 0;
    do
    :: size > LIMIT && !transitions[n] -> n++
    :: size > LIMIT && transitions[n] ->
        if
        :: earlier > 0 && n != status && n != head && n != last -> fold_into(earlier, n)
        :: else -> earlier = n
        fi;
        n++
    :: size <= LIMIT -> break
    od;
    n = 0; before = 0; earlier = 0; status = 0; last = 0
}

inline is_folded() {
    any_folded = false; n = 1;
    do
    :: n <= REPORTS -> any_folded = any_folded || folds[n] >= 0; n++
    :: n > REPORTS -> n = 0; break
    od
}

/* A report is in the item now. */
inline add() {
    assert(!was_recorded[report]);
    was_recorded[report] = true; recorded++;
    transitions[report] = true; size++; version++;
    if
    :: HAS_STATUS(report) && report > head -> head = report
    :: else
    fi
}

active [ACTORS] proctype Sender() {
    byte report, seen_version, total, n, earlier, before, status, last;
    bool any_folded, rewrites, in_range;

end:
    atomic { select(report : 1 .. REPORTS) }
newest:
    atomic {   /* _add as the newest: UpdateItem, if it is unknown, there is room, it is not older than the head,
                  and nothing is folded */
        is_folded();
        may_be_killed();
        if
#ifdef FAULT_A_NEW_HEAD_IS_ADDED_TO_A_FOLDED_HISTORY
        :: !transitions[report] && size < LIMIT && report >= head && (HAS_STATUS(report) || !any_folded) ->
#else
        :: !transitions[report] && size < LIMIT && report >= head && !any_folded ->
#endif
            add(); any_folded = false;
            check();
            if
            :: goto answer
            :: goto newest   /* the reply is lost, and the call is repeated */
            :: goto killed
            fi
        :: else ->
            any_folded = false;
            goto receive
        fi
    }
receive:   /* Application.receive, with the item that the failed condition returned */
    atomic {
        is_folded();
        find_earlier(report);
        in_range = any_folded && earlier > 0 && folds[earlier] >= 0;
        seen_version = version;
        rewrites = any_folded || size == LIMIT;
        if
        :: transitions[report] -> goto answer   /* unchanged, or recorded by an earlier attempt */
        :: !transitions[report] && in_range && !(HAS_STATUS(report) && report > head) -> goto unchanged
        :: else
        fi;
#ifdef FAULT_A_NEW_HEAD_ENDS_A_FOLDED_RANGE
        in_range = false;
#endif
        any_folded = false; earlier = 0
    }
    if
    :: atomic { !rewrites ->   /* _add: UpdateItem, if it is unknown, there is room, and nothing is folded */
late:
        is_folded();
        may_be_killed();
        if
        :: !transitions[report] && size < LIMIT && !any_folded ->
            add(); any_folded = false;
            check();
            if
            :: goto answer
            :: goto late     /* the reply is lost, and the call is repeated */
            :: goto killed
            fi
        :: else -> any_folded = false; goto receive
        fi
    }
    :: atomic { rewrites ->   /* _rewrite: UpdateItem of the whole history, if the version is as seen */
rewrite:
        may_be_killed();
        if
#ifdef FAULT_A_FOLDED_HISTORY_REPLACES_ANY_VERSION
        :: true ->
#else
        :: version == seen_version ->
#endif
            add();
            if
            :: in_range -> folds[report] = 0    /* it is in a folded range, which goes on after it */
            :: !in_range
            fi;
            if
            :: size > LIMIT -> fold()
            :: size <= LIMIT
            fi;
            check();
            if
            :: goto answer
            :: goto rewrite   /* the reply is lost, and the call is repeated */
            :: goto killed
            fi
#ifndef FAULT_A_FOLDED_HISTORY_REPLACES_ANY_VERSION
        :: version != seen_version -> goto receive
#endif
        fi
    }
    fi;

answer:   /* recorded or late, or unchanged because it is known */
    atomic {
        if
        :: HAS_STATUS(report) && report > newest_answered -> newest_answered = report
        :: else
        fi;
        check()
    }
unchanged:
killed:
    atomic {
        report = 0; seen_version = 0; earlier = 0; any_folded = false; rewrites = false; in_range = false;
        goto end
    }
}
