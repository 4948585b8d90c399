/*
 * Importing a file: each row of a lane is recorded once and counted once, with the result that its report had, although
 * several workers may have the lane at the same time, and each may be killed anywhere.
 *
 * Stands for:
 *   intake/files/lanes.py: Lanes.run, Lanes._slice, Lanes._record
 *   intake/files/imports.py: Imports.begin_block, Imports.save_block
 *   applications/record.py: Applications.record, _recorded_earlier
 *
 * Always true:
 *   - A row is recorded once.
 *   - The counts of a lane are those of the rows before its position. A row that its file recorded counts as recorded, and
 *     one that was known before the file counts as unchanged, whichever worker recorded it.
 *   - A lane never goes back, and in the end all of its rows are counted.
 *
 * A block has one row. The first row is known before the file, the other ones are new. The number of an attempt is one
 * that no worker and no item has, which stands for a number that is unique for ever.
 */

#ifndef ACTORS
#define ACTORS 2
#endif
#ifndef ROWS
#define ROWS 3
#endif

/* The Applications table: whether it has the report of a row, and whether this file recorded it. */
bool known[ROWS], by_file[ROWS];

/* The lane's item in the Files table: its position, its counts, and the attempt that has begun the next block. */
byte position, recorded, unchanged;
byte attempt;   /* 0 means none */

byte attempt_of[ACTORS];
bool ready;
#define IS_USED(number) \
    ((number) == attempt || (number) == attempt_of[0] || (number) == attempt_of[1] || (number) == attempt_of[ACTORS - 1])

#define IS_FINISHED (position == ROWS)

active [ACTORS] proctype Worker() {
    byte me, at, counted_recorded, counted_unchanged;
    bool in_doubt, tried, was_recorded, goes_on;

idle:   /* Lanes.run: a message of the lane is received, perhaps one that was received before */
    atomic {
        ready;
        if
        :: IS_FINISHED -> goto finished
        :: else
        fi;
        me = 1;
        do
        :: IS_USED(me) -> me++
        :: else -> break
        od;
        attempt_of[_pid] = me
    }

begin:   /* Imports.begin_block: UpdateItem, which returns the item as it was before */
    atomic {
        at = position; counted_recorded = recorded; counted_unchanged = unchanged;
#ifdef FAULT_A_LOST_REPLY_REMOVES_THE_DOUBT
        in_doubt = attempt != 0 && attempt != me;
#else
        in_doubt = attempt != 0;
#endif
#ifdef FAULT_NO_BLOCK_IS_IN_DOUBT
        in_doubt = false;
#endif
        attempt = me;
        if
        :: skip
        :: goto begin    /* the reply is lost, and the call is repeated */
        :: goto killed
        fi
    }

    do
    :: at < ROWS ->
record:     /* Lanes._record: Applications.record, one conditional UpdateItem */
        atomic {
            if
            :: !known[at] -> known[at] = true; by_file[at] = true; was_recorded = true;
                if
                :: skip
                :: tried = true; goto record   /* the reply is lost, and the call is repeated */
                :: goto killed
                fi
            :: else ->   /* _recorded_earlier, if an earlier call may have recorded exactly this report */
                assert(at != 0 || !by_file[at]);
                was_recorded = (tried || in_doubt) && by_file[at]
            fi;
            tried = false;
            counted_recorded = counted_recorded + was_recorded;
            counted_unchanged = counted_unchanged + !was_recorded;
            was_recorded = false;
            if   /* the slice's time may be over */
            :: at + 1 < ROWS -> goes_on = true
            :: goes_on = false
            fi
        }
save:       /* Imports.save_block: UpdateItem, if Attempt and Position are as begun */
        atomic {
            if
#ifdef FAULT_ANY_WORKER_SAVES
            :: true ->
#else
            :: attempt == me && position == at ->
#endif
                position = at + 1; recorded = counted_recorded; unchanged = counted_unchanged;
                attempt = (goes_on -> me : 0);
                assert(recorded + unchanged == position);
                assert(recorded == position - 1 && unchanged == 1);
                if
                :: skip
                :: tried = true; goto save
                :: goto killed
                fi
#ifndef FAULT_ANY_WORKER_SAVES
            :: else ->
                if
                :: tried && position == at + 1   /* what is stored is what it wanted to save */
                :: !tried || position != at + 1 -> goto killed   /* Overtaken */
                fi
#endif
            fi;
            tried = false;
            in_doubt = false;
            at++;
            if
            :: goes_on -> goes_on = false
            :: else -> goto killed
            fi
        }
    :: at == ROWS -> break   /* the lane was finished meanwhile */
    od;

killed:   /* the worker gives up, or its slice ends; the message of the lane comes again */
    atomic {
        attempt_of[_pid] = 0; me = 0; at = 0; counted_recorded = 0; counted_unchanged = 0; in_doubt = 0; tried = 0; was_recorded = 0;
        goes_on = 0;
        goto idle
    }
finished:
    skip
}

init {
    atomic { known[0] = true; ready = true }
}
