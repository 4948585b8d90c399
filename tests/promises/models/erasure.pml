/*
 * Erasing an application while it is reported, registered and counted: nothing of it comes back, and no alias of another
 * application is removed.
 *
 * Stands for:
 *   applications/erase.py: Erasure.erase, Erasure._put_tombstone, Erasure._remove_aliases
 *   applications/aliases.py: AliasTable.remove, AliasTable.by_token, claims
 *   applications/register.py: Registrations.register, Registrations._create, Registrations._complete
 *   applications/register.py: Registrations._update, Registrations._write
 *   applications/record.py: Applications.record, Applications._add, Applications._create, Applications._stored
 *   quality/counting/stream.py: stream_record, change_of
 *
 * Always true:
 *   - A tombstone stays, and an erasure that has ended has left one.
 *   - An alias that names the application is in its registration. So no alias names an erased application.
 *   - An erasure removes no alias of another application.
 *   - The totals have what the application contributes in the version that is counted, nothing for its tombstone, and
 *     never an older version afterwards.
 *
 * There are two aliases of one application. Another application may get an alias that is free.
 */

#ifndef ERASURES
#define ERASURES 1
#endif
#ifndef REGISTRARS
#define REGISTRARS 1
#endif
#ifndef SENDERS
#define SENDERS 1
#endif
#ifndef VERSIONS
#define VERSIONS 3
#endif

/* The application's item: its kind, its version, and the aliases in its registration, a bit each. */
#define NONE 0
#define REPORTED 1
#define REGISTERED 2
#define TOMBSTONE 3
byte item, version, registered_aliases;

/* The rows of the aliases: whose they are. */
#define NOBODY 0
#define OURS 1
#define THEIRS 2
byte alias[2];

/* The Quality table: the version that is counted. */
byte counted, totals;
byte tombstone_version;

#define CONTRIBUTION(version) ((version) == tombstone_version -> 0 : 1)
#define IS_OURS_OR_FREE(number) (alias[number] != THEIRS)

inline check() {
    assert((tombstone_version > 0) == (item == TOMBSTONE));
    assert(item != TOMBSTONE || (alias[0] != OURS && alias[1] != OURS));
    assert(alias[0] != OURS || (registered_aliases & 1));
    assert(alias[1] != OURS || (registered_aliases & 2))
}

/* A process may be killed before each of its writes. */
inline may_be_killed() {
    if
    :: goto killed
    :: true
    fi
}

inline remove_alias(number) {   /* AliasTable.remove: DeleteItem, if the row is the application's */
    atomic {
        may_be_killed();
        if
#ifdef FAULT_AN_ERASURE_REMOVES_ANY_ALIAS
        :: seen_aliases & (1 << number) -> assert(alias[number] != THEIRS); alias[number] = NOBODY
#else
        :: (seen_aliases & (1 << number)) && alias[number] == OURS -> alias[number] = NOBODY
        :: (seen_aliases & (1 << number)) && alias[number] != OURS
#endif
        :: !(seen_aliases & (1 << number))
        fi;
        check()
    }
}

/* The registry API's DELETE: Erasure.erase. */
proctype Eraser() {
    byte seen_item, seen_version, seen_aliases;

end:
put:
    atomic {   /* _put_tombstone: PutItem, if the item is as seen */
        may_be_killed();
        if
#ifdef FAULT_A_TOMBSTONE_REPLACES_ANY_VERSION
        :: (seen_item == NONE && item == NONE) || (seen_item != NONE && item != NONE && item != TOMBSTONE) ->
#else
        :: (seen_item == NONE && item == NONE) || (seen_item != NONE && item != NONE && version == seen_version) ->
#endif
            version = seen_version + 1; tombstone_version = version;
            item = TOMBSTONE; registered_aliases = 0;
            check();
            if
            :: goto erased
            :: seen_item = NONE; goto put   /* the reply is lost, and the call is repeated: it finds the tombstone */
            :: goto killed
            fi
        :: else ->   /* the condition's failure returns the item */
            seen_item = item; seen_version = version; seen_aliases = registered_aliases;
            if
            :: item == TOMBSTONE -> goto erased
            :: item != TOMBSTONE
            fi
        fi
    }
#ifdef FAULT_ALIASES_ARE_REMOVED_AFTER_THE_TOMBSTONE
    atomic {
        if
        :: item != NONE && version == seen_version ->
            version++; tombstone_version = version; item = TOMBSTONE; registered_aliases = 0
        :: else -> goto put
        fi
    }
#endif
    remove_alias(0);
    remove_alias(1);
    goto put;

erased:
    atomic { assert(item == TOMBSTONE); check(); goto killed }
killed:   /* the call is made again, until the application is erased */
    atomic { seen_item = 0; seen_version = 0; seen_aliases = 0; goto end }
}

/* The registry API's PUT and PATCH: Registrations.register with one of the aliases or with none. */
proctype Registrar() {
    byte wanted, seen_item, seen_version, seen_aliases;

end:
    atomic {
        version < VERSIONS;
        if
        :: wanted = 0
        :: wanted = 1
        :: wanted = 2
        fi
    }
create:
    atomic {   /* _create: PutItem, or TransactWriteItems with the new aliases */
        may_be_killed();
        if
        :: item == NONE && (!(wanted & 1) || IS_OURS_OR_FREE(0)) && (!(wanted & 2) || IS_OURS_OR_FREE(1)) ->
            item = REGISTERED; version = 1; registered_aliases = wanted;
            if
            :: wanted == 0
            :: wanted == 1 -> alias[0] = OURS
            :: wanted == 2 -> alias[1] = OURS
            fi;
            check();
            if
            :: goto killed
            :: goto create   /* the reply is lost, and the call is repeated: it finds its own item */
            fi
        :: item != NONE -> seen_item = item; seen_version = version; seen_aliases = registered_aliases
        :: item == NONE && ((wanted & 1) && alias[0] == THEIRS || (wanted & 2) && alias[1] == THEIRS) ->
            goto killed   /* AliasTaken */
        fi
    }
update:
    atomic {   /* _complete, _update: UpdateItem or TransactWriteItems, if the version is as seen */
        may_be_killed();
        if
        :: seen_item == TOMBSTONE -> goto killed   /* ApplicationErased */
        :: seen_item == REGISTERED && (wanted | seen_aliases) == seen_aliases -> goto killed   /* UNCHANGED */
        :: else ->
            if
#ifdef FAULT_A_REGISTRATION_REPLACES_ANY_VERSION
            :: item == NONE -> seen_item = item; seen_version = version; seen_aliases = registered_aliases; goto create
            :: item != NONE &&
#else
            :: version != seen_version || item == NONE ->
                seen_item = item; seen_version = version; seen_aliases = registered_aliases; goto update
            :: version == seen_version &&
#endif
                (!(wanted & 1) || (seen_aliases & 1) || IS_OURS_OR_FREE(0)) &&
                (!(wanted & 2) || (seen_aliases & 2) || IS_OURS_OR_FREE(1)) ->
                item = REGISTERED; version++; registered_aliases = seen_aliases | wanted;
                if
                :: wanted & ~seen_aliases & 1 -> alias[0] = OURS
                :: wanted & ~seen_aliases & 2 -> alias[1] = OURS
                :: !(wanted & ~seen_aliases)
                fi;
                check();
                if
                :: goto killed
                :: goto update   /* the reply is lost, and the call is repeated */
                fi
            :: else -> goto killed   /* AliasTaken */
            fi
        fi
    }
killed:
    atomic { wanted = 0; seen_item = 0; seen_version = 0; seen_aliases = 0; goto end }
}

/* A report, by the application's id or by an alias, also where unknown applications are accepted. */
proctype Sender() {
end:
    if
    :: atomic { version < VERSIONS -> goto record }   /* by the id */
    :: atomic { version < VERSIONS && alias[0] == OURS -> goto record }   /* AliasTable.by_token: GetItem */
    fi;
record:
    atomic {   /* Applications._add, _rewrite, Positions._notify_one: UpdateItem, if the item has the ATS */
        may_be_killed();
        if
#ifdef FAULT_A_REPORT_IS_ADDED_TO_A_TOMBSTONE
        :: item != NONE -> item = (item == TOMBSTONE -> REPORTED : item); version++; check(); goto killed
        :: item == NONE
#else
        :: (item == REPORTED || item == REGISTERED) -> version++; check();
            goto killed   /* if the reply is lost, the repeated call finds its own transition, and writes nothing */
        :: item == TOMBSTONE -> goto killed   /* UnknownApplication */
        :: item == NONE
#endif
        fi
    }
    atomic {   /* Applications._create: PutItem, if there is no item; else it was created meanwhile */
        may_be_killed();
        if
        :: item == NONE -> item = REPORTED; version = 1; check()
        :: item != NONE -> goto record
        fi
    }
killed:
    goto end
}

/* The registration of another application takes a free alias. */
active proctype Others() {
end:
    do
    :: atomic { alias[0] == NOBODY -> alias[0] = THEIRS }
    od
}

/* The analytics function counts any record, new or old; see counting.pml for the single steps. */
active proctype Worker() {
    byte seen;
end:
    do
    :: atomic {
        version > 0 -> select(seen : 1 .. version);
        if
        :: seen > counted ->
            totals = totals + CONTRIBUTION(seen) - (counted > 0 -> CONTRIBUTION(counted) : 0);
            counted = seen
        :: else
        fi;
        assert(totals == (counted > 0 -> CONTRIBUTION(counted) : 0));
        assert(tombstone_version == 0 || counted < tombstone_version || totals == 0);
        seen = 0
    }
    od
}

init {
    byte n;
    atomic {
        do
        :: n < ERASURES -> run Eraser(); n++
        :: else -> break
        od;
        n = 0;
        do
        :: n < REGISTRARS -> run Registrar(); n++
        :: else -> break
        od;
        n = 0;
        do
        :: n < SENDERS -> run Sender(); n++
        :: else -> break
        od;
        n = 0
    }
}
