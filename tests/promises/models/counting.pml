/*
 * Counting stream records: each change of an application counts once, however often and in whatever order its records
 * arrive, and wherever a worker is killed.
 *
 * Stands for:
 *   quality/counting/stream.py: _apply_newest
 *   quality/counters/write.py: Counters.apply_in, counter_update, additions_of
 *   quality/counters/write.py: Counters._write, Counters._put_marker, Counters._label_actions, Counters._add_to_label
 *
 * Always true:
 *   - The totals, here one sum over all entries of the journal, are the sum of the contributions in the markers.
 *   - A label's row has the number of markers with the label, and there is no row without applications.
 *   - A change that a worker has finished is counted: the marker has its version or a newer one, and never an older one.
 *
 * A step is one call of DynamoDB, or what the worker does between two calls. Each worker takes any records at any time,
 * also old ones and those that were counted before: the stream and the replays of failed records send them in any order.
 */

#ifndef ACTORS
#define ACTORS 2
#endif
#ifndef VERSIONS
#define VERSIONS 3
#endif
#define APPLICATIONS 2

/* An application's contribution in each version, and whether it has the unmapped label then. The last one is erased. */
#define CONTRIBUTION(version) ((version) == VERSIONS -> 0 : 2 * (version) + ((version) > 0))
#define HAS_LABEL(version) ((version) == 1)

/* The Quality table. */
byte marker_version[APPLICATIONS], marker_revision[APPLICATIONS];
short totals;
bool label_exists;
byte label_applications;

/* A process may be killed before each of its writes. */
inline may_be_killed() {
    if
    :: goto killed
    :: true
    fi
}

inline check() {
    assert(totals == CONTRIBUTION(marker_version[0]) + CONTRIBUTION(marker_version[1]));
    assert(label_applications == HAS_LABEL(marker_version[0]) + HAS_LABEL(marker_version[1]));
    assert(label_exists == (label_applications > 0))
}

inline finish(application) {
    assert(wanted[application] <= marker_version[application]);
    wanted[application] = 0
}

active [ACTORS] proctype Worker() {
    byte wanted[APPLICATIONS];     /* the version of each application in the batch; 0 without one, or if it is finished */
    byte version[APPLICATIONS], revision[APPLICATIONS];   /* the markers as read */
    bool label_found;              /* the row of the label as read */
    byte label_seen, each;
    short change, labels;          /* what the changes add to the totals and to the label */
    bool holds;

end:
    atomic {   /* the newest record of each application in a batch */
        if
        :: select(each : 1 .. VERSIONS); wanted[0] = each
        :: select(each : 1 .. VERSIONS); wanted[1] = each
        :: select(each : 1 .. VERSIONS); wanted[0] = each;
           select(each : 1 .. VERSIONS); wanted[1] = each
        fi;
        goto read
    }

read:
    atomic {   /* read_markers: BatchGetItem, which reads each item by itself */
        if
        :: wanted[0] > 0 -> version[0] = marker_version[0]; revision[0] = marker_revision[0]
        :: wanted[0] == 0
        fi
    }
    atomic {
        if
        :: wanted[1] > 0 -> version[1] = marker_version[1]; revision[1] = marker_revision[1]
        :: wanted[1] == 0
        fi;
        each = 0;
        do   /* counter_update, additions_of: only changes newer than their markers, and what they add together */
        :: each < APPLICATIONS ->
            if
#ifndef FAULT_OLD_CHANGES_ARE_COUNTED
            :: wanted[each] <= version[each] -> finish(each); revision[each] = 0
            :: wanted[each] > version[each] ->
#else
            :: wanted[each] == 0
            :: wanted[each] > 0 ->
#endif
                change = change + CONTRIBUTION(wanted[each]) - CONTRIBUTION(version[each]);
                labels = labels + HAS_LABEL(wanted[each]) - HAS_LABEL(version[each])
            fi;
            version[each] = 0;
            each++
        :: else -> each = 0; break
        od;
        if
        :: wanted[0] == 0 && wanted[1] == 0 -> goto killed   /* the worker has finished its records */
        :: else
        fi
    }

    if
    :: atomic {   /* Counters._label_actions: BatchGetItem of the labels that lose applications */
        labels < 0 ->
        may_be_killed();
        if
        :: label_found = label_exists; label_seen = label_applications
        fi
    }
    :: labels >= 0
    fi;

#ifdef FAULT_TOTALS_BEFORE_MARKERS
    totals = totals + change;
#endif

write:   /* Counters._write: TransactWriteItems with the markers, the label and the entry of the journal */
    atomic {
        may_be_killed();
#ifdef FAULT_MARKERS_ARE_NOT_LOCKED
        holds = true;
#else
        holds = (wanted[0] == 0 || marker_revision[0] == revision[0]) &&
            (wanted[1] == 0 || marker_revision[1] == revision[1]);
#endif
        if
        :: label_found && label_seen + labels <= 0 ->   /* Counters._add_to_label: Delete, if Applications = :known */
#ifndef FAULT_LABELS_ARE_DELETED_UNSEEN
            holds = holds && label_exists && label_applications == label_seen
#endif
        :: label_found && label_seen + labels > 0 ->   /* Update, if Applications > :fewer */
            holds = holds && label_exists && label_applications > -labels
        :: !label_found
        fi;
        if
        :: holds ->
            holds = false;
            do
            :: each < APPLICATIONS ->
                if
                :: wanted[each] > 0 ->
                    assert(wanted[each] > marker_version[each]);
                    marker_version[each] = wanted[each]; marker_revision[each]++
                :: wanted[each] == 0
                fi;
                each++
            :: else -> each = 0; break
            od;
#ifndef FAULT_TOTALS_BEFORE_MARKERS
            totals = totals + change;
#endif
            if
            :: label_found && label_seen + labels <= 0 -> label_exists = false; label_applications = 0
            :: labels > 0 || (label_found && label_seen + labels > 0) ->
                label_exists = true; label_applications = label_applications + labels
            :: labels == 0 || (labels < 0 && !label_found)   /* a label that is missing has nothing to lose */
            fi;
            check();
            if
            :: finish(0); finish(1)
            :: goto write   /* the reply is lost, and the call is repeated */
            :: skip         /* or the worker is killed before it gets the reply */
            fi;
            goto killed
        :: else ->   /* the changes are pending again */
            change = 0; labels = 0; label_found = 0; label_seen = 0; revision[0] = 0; revision[1] = 0;
            goto read
        fi
    }

killed:   /* the worker takes other records; those that it has not finished come again */
    atomic {
        wanted[0] = 0; wanted[1] = 0; version[0] = 0; version[1] = 0; revision[0] = 0; revision[1] = 0;
        label_found = 0; label_seen = 0; each = 0; change = 0; labels = 0; holds = 0;
        goto end
    }
}
