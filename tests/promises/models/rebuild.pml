/*
 * Rebuilding the counters while changes are counted and applications expire: the totals that reports read are always
 * those of the applications and the archive, also across the switch to the new generation.
 *
 * Stands for:
 *   quality/counters/generations.py: generations
 *   quality/counters/rebuilds.py: Rebuilds.current, Rebuilds.start, Rebuilds.save, Rebuilds.add_archive, Rebuilds.switch
 *   quality/counters/rebuilds.py: Rebuilds.former, Rebuilds.delete_former
 *   quality/counting/rebuild.py: Scan.run, Scan._page
 *   quality/counters/write.py: Counters.apply, Counters.apply_in
 *   quality/counting/retention.py: Retention.expire
 *   quality/counters/archive.py: archiving, archive_page
 *   cli/analytics.py: _rebuild, _build, _delete_former
 *
 * Always true:
 *   - The totals of the live generation are the sum of its markers and of the archive.
 *   - A change that was counted once is in the live generation, with its version or a newer one.
 *   - No invocation writes to a generation that is deleted.
 *
 * Each application is a segment of the scan, and the archive has one row. An application contributes its version; the
 * tombstone of an expired one contributes nothing. Several Lambda invocations, command lines and runs of the retention
 * may be active, and each may be killed anywhere. An invocation of Lambda ends within 60 seconds, for which the deletion
 * waits.
 */

#ifndef WORKERS
#define WORKERS 1
#endif
#ifndef REBUILDS
#define REBUILDS 1
#endif
#ifndef RETENTIONS
#define RETENTIONS 1
#endif
#ifndef VERSIONS
#define VERSIONS 2
#endif
#define APPLICATIONS 2
#ifndef GENERATIONS
#define GENERATIONS 2
#endif

/* The Applications table. `expired` is the version of the tombstone, 0 without one. */
byte stored[APPLICATIONS], expired[APPLICATIONS];

/* The generations' item. `progress` has a bit for each segment that is not finished; `archive_after` is its presence. */
byte live = 1, building, former, progress;
bool archive_after;

/* The Quality table: markers by generation and application, totals by generation, and the archive. */
#define AT(generation, application) ((generation) * APPLICATIONS + (application))
byte marker[6], revision[6];   /* at least AT(GENERATIONS, APPLICATIONS - 1) + 1 */
byte totals[3];
byte archive, archive_revision;

byte counted[APPLICATIONS];    /* the newest version that an invocation has finished */
byte live_of[WORKERS];         /* the live generation as each invocation has read it, 0 between invocations */

#define CONTRIBUTION(application, version) ((version) == expired[application] -> 0 : (version))

inline check() {
    assert(totals[live] == archive +
        CONTRIBUTION(0, marker[AT(live, 0)]) + CONTRIBUTION(1, marker[AT(live, 1)]));
    assert(counted[0] <= marker[AT(live, 0)] && counted[1] <= marker[AT(live, 1)])
}

/* A transaction of Counters.apply_in that counts an application's version, if its marker is as it was read. */
inline count(generation, application, version) {
    totals[generation] = totals[generation] +
        CONTRIBUTION(application, version) - CONTRIBUTION(application, marker[AT(generation, application)]);
    marker[AT(generation, application)] = version;
    revision[AT(generation, application)]++;
    check()
}

/* A process may be killed before each of its writes. */
inline may_be_killed() {
    if
    :: goto killed
    :: true
    fi
}

/* Applications change: Applications.record, and so on. */
active proctype Reports() {
end:
    do
    :: atomic { stored[0] < VERSIONS && !expired[0] -> stored[0]++ }
    :: atomic { stored[1] < VERSIONS && !expired[1] -> stored[1]++ }
    od
}

/* The analytics function: Counters.apply for any record, new or old. */
proctype Worker(byte me) {
    byte application, version, generation, my_live, my_building, seen_version, seen_revision;

end:
    atomic {
        if
        :: stored[0] > 0 -> application = 0
        :: stored[1] > 0 -> application = 1
        fi;
        select(version : 1 .. stored[application]);
#ifdef FAULT_GENERATIONS_ARE_CACHED
        if
        :: my_live == 0 -> my_live = live; my_building = building
        :: else
        fi;
#endif
        /* generations: GetItem, consistent, after the change was stored */
#ifndef FAULT_GENERATIONS_ARE_CACHED
        my_live = live; my_building = building;
#endif
#ifdef FAULT_CHANGES_COUNT_ONLY_IN_THE_LIVE_GENERATION
        my_building = 0;
#endif
        live_of[me] = my_live;
        generation = my_live
    }

read_marker:   /* Counters.apply_in: BatchGetItem of the marker */
    atomic {
        seen_version = marker[AT(generation, application)]; seen_revision = revision[AT(generation, application)];
        if
        :: version <= seen_version -> goto next
        :: else
        fi
    }
write:   /* TransactWriteItems of the marker and the entry */
    atomic {
        may_be_killed();
        if
        :: revision[AT(generation, application)] == seen_revision ->
            assert(generation >= live || former > 0);
            count(generation, application, version);
            if
            :: goto next
            :: goto write    /* the reply is lost, and the call is repeated */
            :: goto killed
            fi
        :: else -> goto read_marker
        fi
    }
next:
    atomic {
        seen_version = 0; seen_revision = 0;
        if
        :: generation == my_live && my_building > 0 -> generation = my_building; goto read_marker
        :: else ->
            if
            :: version > counted[application] -> counted[application] = version
            :: else
            fi;
            check()
        fi
    }
killed:
    atomic {
        live_of[me] = 0; application = 0; version = 0; generation = 0; seen_version = 0; seen_revision = 0;
#ifndef FAULT_GENERATIONS_ARE_CACHED
        my_live = 0; my_building = 0;
#endif
        goto end
    }
}

/* The retention function: Retention.expire for any application. */
proctype Expiry() {
    byte application, version, my_live, seen_revision, seen_archive, seen_archive_revision;

end:
    atomic {   /* Scan */
        if
        :: stored[0] > 0 && !expired[0] -> application = 0
        :: stored[1] > 0 && !expired[1] -> application = 1
        fi;
        version = stored[application]
    }
    atomic {   /* generations: GetItem */
        if
        :: building == 0 -> my_live = live
#ifdef FAULT_APPLICATIONS_EXPIRE_DURING_A_REBUILD
        :: building > 0 -> my_live = live
#else
        :: building > 0 -> goto killed
#endif
        fi
    }
    atomic {   /* read_markers: BatchGetItem */
        if
        :: marker[AT(my_live, application)] == version -> seen_revision = revision[AT(my_live, application)]
        :: else -> goto killed
        fi
    }
    atomic { seen_archive = archive; seen_archive_revision = archive_revision }   /* archiving: GetItem */
    atomic {   /* TransactWriteItems: no rebuild, the tombstone, the emptied marker, the archive */
        may_be_killed();
        if
#ifdef FAULT_APPLICATIONS_EXPIRE_DURING_A_REBUILD
        :: live == my_live &&
#else
        :: building == 0 && live == my_live &&
#endif
            stored[application] == version && !expired[application] &&
            revision[AT(my_live, application)] == seen_revision && archive_revision == seen_archive_revision ->
            archive = seen_archive + version; archive_revision++;
            totals[my_live] = totals[my_live] + version;   /* which the emptied marker takes back */
            expired[application] = version + 1;
            stored[application] = version + 1;
            marker[AT(my_live, application)] = version + 1; revision[AT(my_live, application)]++;
            totals[my_live] = totals[my_live] - version;
            check()
        :: else
        fi
    }
killed:   /* a repeated call finds the tombstone, and writes nothing */
    atomic {
        application = 0; version = 0; my_live = 0; seen_revision = 0; seen_archive = 0; seen_archive_revision = 0;
        goto end
    }
}

/* The command line: _rebuild. */
proctype Rebuild() {
    byte generation, unfinished, application, version, seen_version, seen_revision, amount, my_live, my_building;
    bool after;

end:
    atomic {   /* Rebuilds.former: GetItem */
        if
        :: former > 0 -> goto delete
        :: former == 0
        fi
    }
current:
    atomic {   /* Rebuilds.current: GetItem */
        if
        :: building > 0 -> generation = building; unfinished = progress; after = archive_after; goto add_archive
        :: true   /* there is none, or --restart */
        fi
    }
    atomic { my_live = live; my_building = building }   /* Rebuilds.start: generations, GetItem */
    atomic {   /* UpdateItem, if nothing has changed */
        if
        :: my_live == live && my_building == building && former == 0 &&
            (my_building > my_live -> my_building : my_live) < GENERATIONS ->
            building = (my_building > my_live -> my_building : my_live) + 1;
            progress = 3; archive_after = true
        :: else
        fi;
        my_live = 0; my_building = 0
    }
    atomic {   /* Rebuilds.current: GetItem */
        if
        :: building > 0 -> generation = building; unfinished = progress; after = archive_after
        :: building == 0 -> goto killed   /* RebuildOvertaken */
        fi
    }

add_archive:
    if
    :: !after
#ifdef FAULT_THE_ARCHIVE_IS_ADDED_AFTER_THE_SWITCH
    :: after
#else
    :: after ->
        atomic { amount = archive }   /* archive_page: Query */
add:
        atomic {   /* TransactWriteItems: an entry for each row, and how far the archive is added */
            may_be_killed();
            if
#ifdef FAULT_PROGRESS_OF_THE_ARCHIVE_IS_NOT_CHECKED
            :: building == generation ->
#else
            :: building == generation && archive_after ->
#endif
                totals[generation] = totals[generation] + amount; archive_after = false;
                if
                :: skip
                :: goto add      /* the reply is lost, and the call is repeated */
                :: goto killed
                fi
#ifdef FAULT_PROGRESS_OF_THE_ARCHIVE_IS_NOT_CHECKED
            :: building != generation -> goto killed
#else
            :: (building != generation || !archive_after) ->
                if   /* Rebuilds.current: GetItem; it may be added by this process, or by another one */
                :: building == generation
                :: building != generation -> goto killed   /* RebuildOvertaken */
                fi
#endif
            fi;
            amount = 0; after = false
        }
#endif
    fi;

    do
    :: atomic { unfinished & 1 -> application = 0; version = stored[0] }   /* Scan._page: Scan */
       goto count_it
    :: atomic { unfinished & 2 -> application = 1; version = stored[1] }
       goto count_it
    :: unfinished == 0 -> break
    od;
    goto switch
count_it:
    if
    :: version > 0 ->
read_marker:   /* Counters.apply_in: BatchGetItem of the marker */
        atomic {
            seen_version = marker[AT(generation, application)];
            seen_revision = revision[AT(generation, application)];
            if
            :: version <= seen_version -> goto save
            :: else
            fi
        }
write:   /* TransactWriteItems of the marker and the entry */
        atomic {
            may_be_killed();
            if
            :: revision[AT(generation, application)] == seen_revision ->
                count(generation, application, version);
                if
                :: goto save
                :: goto write    /* the reply is lost, and the call is repeated */
                :: goto killed
                fi
            :: else -> goto read_marker
            fi
        }
    :: version == 0
    fi;
save:
    atomic {   /* Rebuilds.save: UpdateItem, if this generation is being built */
        may_be_killed();
        if
        :: building == generation ->
            progress = progress & ~(1 << application);
            unfinished = unfinished & ~(1 << application);
            application = 0; version = 0; seen_version = 0; seen_revision = 0;
            goto add_archive
        :: building != generation -> goto killed   /* RebuildOvertaken */
        fi
    }

switch:
    atomic {   /* Rebuilds.switch: UpdateItem, if all is counted; else GetItem to see if it is switched */
        may_be_killed();
        if
#ifdef FAULT_THE_ARCHIVE_IS_ADDED_AFTER_THE_SWITCH
        :: building == generation && progress == 0 ->
#else
        :: building == generation && progress == 0 && !archive_after ->
#endif
            former = live; live = generation; building = 0;
            check()
        :: else ->
            if
            :: live != generation -> goto killed   /* RebuildOvertaken */
            :: live == generation
            fi
        fi
    }

delete:   /* _delete_former, which waits until invocations that write to it have ended */
    atomic {
#ifndef FAULT_THE_DELETION_DOES_NOT_WAIT
        live_of[0] == 0 || live_of[0] == live;
        live_of[WORKERS - 1] == 0 || live_of[WORKERS - 1] == live;
#endif
        my_live = live; generation = 1
    }
    do   /* Rebuilds.delete_former: Scan and BatchWriteItem */
    :: atomic {
        generation < my_live ->
        may_be_killed();
        if
        :: totals[generation] = 0;
            marker[AT(generation, 0)] = 0; marker[AT(generation, 1)] = 0;
            revision[AT(generation, 0)] = 0; revision[AT(generation, 1)] = 0;
            generation++
        fi
    }
    :: atomic { generation >= my_live -> break }
    od;
    atomic {   /* UpdateItem, if the generation is live */
        if
        :: live == my_live -> former = 0
        :: live != my_live
        fi
    }
killed:   /* the command ends, or is interrupted, and is called again */
    atomic {
        generation = 0; unfinished = 0; application = 0; version = 0; seen_version = 0; seen_revision = 0; amount = 0;
        after = false; my_live = 0; my_building = 0;
        goto end
    }
}

init {
    byte n;
    atomic {
        do
        :: n < WORKERS -> run Worker(n); n++
        :: else -> break
        od;
        n = 0;
        do
        :: n < REBUILDS -> run Rebuild(); n++
        :: else -> break
        od;
        n = 0;
        do
        :: n < RETENTIONS -> run Expiry(); n++
        :: else -> break
        od
    }
}
